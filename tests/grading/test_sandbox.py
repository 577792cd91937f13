"""The sandbox from the trusted side: layers, calls, ends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from course_lib.checks.task import AnswerError, demand, task
from course_lib.grading.judging import jobs
from course_lib.grading.judging.recall import Recall
from course_lib.grading.sandbox.box import Sandbox, View, probe
from course_lib.grading.sandbox.isolation import LAYERS, Limits, level

pytestmark = pytest.mark.walls
LIMITS = Limits(cells_s=20, call_s=1, total_s=40, memory_mb=256)
ANSWERS = """
import numpy as np
factor = 2.5
nothing = ...
def twice(x):
    return 2 * x
def parts(x):
    return x.min(), np.sort(x), len(x)
def blank(x):
    raise NotImplementedError
def broken(x):
    return x[99]
def text(x):
    return "many"
def slow(x):
    while True: pass
def listed(x):
    return [x, 3]
"""
GREEDY = """
import numpy as np
def hoard(mb):
    try:
        return len(np.ones(int(mb) << 17))
    except MemoryError:
        return -1
def fill(mb):
    try:
        return open('x', 'wb').write(bytes(int(mb) << 20))
    except OSError:
        return -1
"""


@pytest.fixture(scope="module")
def sandbox(isolation_level):
    with Sandbox(View(warm=("numpy",)), LIMITS) as made:
        yield made


@pytest.fixture
def session(sandbox):
    names = ["factor", "nothing", "twice", "parts", "listed", "blank", "broken", "text", "slow", "absent"]
    plan = {"mode": "answers", "cells": [{"id": "a", "source": ANSWERS}], "names": names, "hidden": []}
    with sandbox.session(time.monotonic() + 40, for_answers=True) as made:
        assert made.run(plan).ended is None
        yield made


def test_every_layer_that_is_said_to_hold_withstands_a_try(sandbox, isolation_level):
    held = probe(sandbox)
    assert set(held) == set(LAYERS) and level(held) == isolation_level


def test_levels():
    every = dict.fromkeys(LAYERS, "held")
    assert level(every) == "full"
    assert level(every | {"namespaces": "no"}) == level(every | {"uid": "no"}) == "strong"
    assert level(every | {"namespaces": "no", "uid": "no"}) == level(every | {"seccomp": "no"}) == "basic"
    assert level(every | {"rlimits": "no"}) == "none"


def test_calls_take_and_give_numbers(session):
    x = np.array([3.0, 1.0])
    assert np.array_equal(session.proxy("twice")(x), 2 * x)
    assert session.proxy("twice")(4) == 8
    low, ordered, count = session.proxy("parts")(x)
    assert (low, ordered.tolist(), count) == (1.0, [1.0, 3.0], 2)
    same, three = session.proxy("listed")(x)
    assert np.array_equal(same, x) and three == 3
    assert session.proxy("factor")() == 2.5


@pytest.mark.parametrize(
    ("name", "state", "words"),
    [
        ("absent", "not attempted", "not defined"),
        ("nothing", "not attempted", "not defined"),
        ("blank", "not attempted", "still blank"),
        ("text", "wrong", "returns numbers : saw str"),
        ("broken", "crashed", "IndexError: index 99"),
    ],
)
def test_answers_that_cannot_be_used_say_why_and_the_session_goes_on(session, name, state, words):
    with pytest.raises(AnswerError, match=words) as raised:
        session.proxy(name)(np.zeros(3))
    assert raised.value.state == state and session.ended is None
    assert session.proxy("twice")(1.0) == 2.0


def test_a_crash_names_line_and_input_as_at_home(session):
    with pytest.raises(AnswerError) as raised:
        session.proxy("broken")(np.zeros(3))
    assert raised.value.text.endswith("with size 3 at line 11 (return x[99])")
    assert "it was passed x = " in raised.value.passed(["x"], [np.zeros(3)]).text
    with pytest.raises(AnswerError) as raised:
        session.proxy("twice")(1.0, 2.0)
    assert raised.value.text.endswith("1 positional argument but 2 were given")  # the line that called it is ours


def test_what_asks_for_a_shell_or_a_kernel_is_passed_over_or_told_in_one_plain_line(sandbox):
    @task("cores", answers=("cores(x, y)",), points=1)
    def cores(answers, seed):
        yield demand("counts", ok=answers.cores.array(np.arange(3.0), 1.0) >= 0)

    rests_on_it = "n = !nproc\ndef cores(x, y):\n    return x * int(n[0])"
    sources = ["!ls", "%pip list", "files = !ls", "get_ipython().kernel", rests_on_it]
    cells = [{"id": source, "source": source} for source in sources]
    with sandbox.session(time.monotonic() + 20, for_answers=True) as made:
        ran = made.run({"mode": "answers", "cells": cells, "names": ["cores"], "hidden": []})
        verdict = jobs._judge(made, ran, cores, rests_on_it, 1, Recall(1))
    assert verdict.lines[-1] == "  note  !nproc is passed over where answers are graded"
    told = ran.records
    errors = {source: told[source]["error"] for source in sources}
    assert [errors[source] for source in sources[:3]] == [None] * 3
    assert told["!ls"]["stderr"] == "!ls is passed over where answers are graded\n"
    what = "what is asked of the notebook's kernel is not there where answers are graded"
    assert (errors["get_ipython().kernel"]["name"], errors["get_ipython().kernel"]["text"]) == ("AttributeError", what)


FLOOD = """
import gc, json, socket, struct
ours = next(o for o in gc.get_objects() if isinstance(o, socket.socket) and o.fileno() > 0 and o.gettimeout() != 0)
for n in range(10**9):
    header = json.dumps({"ran": str(n), "stdout": "x" * 60000}).encode()
    ours.sendall(struct.pack(PREFIX, len(header), 0) + header)
"""


def test_reports_of_cells_that_are_none_end_the_session(sandbox):
    from course_lib.grading.sandbox.frames import PREFIX

    source = FLOOD.replace("PREFIX", repr(PREFIX.format))
    with sandbox.session(time.monotonic() + 40, for_answers=True) as session:
        outcome = session.run({"mode": "answers", "names": [], "hidden": [], "cells": [{"id": "a", "source": source}]})
    assert outcome.ended == "crashed" and outcome.records == {}


def test_an_endless_call_ends_at_its_limit_and_the_next_session_is_fresh(sandbox, session):
    started = time.monotonic()
    with pytest.raises(AnswerError, match="longer than 1 s") as raised:
        session.proxy("slow")(0)
    assert raised.value.state == "timed out" and time.monotonic() - started < 10
    with pytest.raises(AnswerError, match="had ended"):
        session.proxy("twice")(1.0)


def test_when_the_time_for_cells_is_up_the_cell_that_took_most_of_it_is_named(sandbox):
    naps = {"quick": 0.0, "slow": 1.5, "caught": 1.2}
    cells = [{"id": name, "source": f"import time\ntime.sleep({nap})"} for name, nap in naps.items()]
    with sandbox.session(time.monotonic() + 4, for_answers=True) as made:  # of which cells get half
        outcome = made.run({"mode": "answers", "cells": cells, "names": [], "hidden": []})
    assert (outcome.ended, outcome.culprit) == ("timed out", "slow")


def test_limits_bound_memory_and_files(sandbox):
    plan = {"mode": "answers", "cells": [{"id": "a", "source": GREEDY}], "names": ["hoard", "fill"], "hidden": []}
    with sandbox.session(time.monotonic() + 40, for_answers=True) as made:
        made.run(plan)
        assert made.proxy("hoard")(8) > 0 and made.proxy("hoard")(4096) == -1
        # Without mounts there is no folder to write to.
        assert (made.proxy("fill")(1) > 0) == (not sandbox.no_wall) and made.proxy("fill")(200) == -1


@pytest.mark.skipif(shutil.which("setpriv") is None or os.geteuid() != 0, reason="needs root and setpriv")
def test_where_the_wall_is_refused_as_in_a_default_container_the_rest_holds_and_it_is_said(isolation_level):
    code = (
        "from course_lib.grading.sandbox.box import *\n"
        "from course_lib.grading.sandbox.isolation import Limits\nimport json\n"
        "with Sandbox(View(), Limits()) as made:\n    held = probe(made)\n    print(json.dumps([level_of(held), held]))"
    )
    without = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin", sys.executable, "-c", code]
    root = str(Path(__file__).parents[2])
    told = subprocess.run(without, env=os.environ | {"PYTHONPATH": root}, check=True, capture_output=True, text=True)
    level_there, held = json.loads(told.stdout)
    assert level_there == "strong" and held["namespaces"] != "held"
