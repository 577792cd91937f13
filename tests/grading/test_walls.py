"""The same class where walls are missing: as in a default container, without bubblewrap, below /usr, unreadable."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from grading import kit

from course_lib.grading.command import Options, grade
from course_lib.grading.sandbox import box, outer_wall
from course_lib.grading.sandbox.box import Sandbox, UnreadableError, View, leaks, level_of, probe
from course_lib.grading.sandbox.isolation import Limits
from course_lib.grading.sandbox.live import MemoryWatch
from course_lib.grading.worker import Bench, Setup, WeakIsolationError

TESTS = Path(__file__).resolve().parents[1]
#: What a default container leaves to root.
OF_DOCKER = (
    "chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot mknod audit_write "
    "setfcap"
).split()
AS_IN_A_CONTAINER = ["setpriv", "--inh-caps=-all", "--bounding-set=-all," + ",".join(f"+{cap}" for cap in OF_DOCKER)]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="classes are graded on Linux")
ROOT = pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv")
pytestmark = [LINUX, pytest.mark.walls]
GRADE = f"""
import json, sys
sys.path[:0] = {[str(TESTS.parent), str(TESTS)]!r}
from pathlib import Path
from grading import kit
from course_lib.grading.command import Options, grade, summary
if __name__ == "__main__":
    where = Path(sys.argv[1])
    for name, answers in (("ada", {{}}), ("bob", {{"double": "def double(x):\\n    return 3 * x"}})):
        kit.save(where / "submissions" / name / "01_kit.ipynb", kit.submission(answers))
    batch = grade(where / "submissions", where / "out", kit.course(where / "course"), Options(live_every=2, workers=1))
    print(json.dumps([batch.level, summary(batch, where / "out"), kit.points(where / "out")]))
"""


def graded(where: Path, before: Sequence[str] = (), **environment: str) -> tuple[str, str, dict]:
    """Grade a class of two in a process of its own: level, summary and points."""
    done = subprocess.run(
        [*before, sys.executable, "-c", GRADE, str(where)], env=os.environ | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    level, lines, points = json.loads(done.stdout)
    return level, "\n".join(lines), points


RIGHTLY = {"ada": kit.POINTS, "bob": kit.POINTS | {"double": 0}}


@ROOT
@pytest.mark.slow
def test_with_the_powers_of_a_default_container_a_class_is_graded_and_what_is_missing_is_told(
    tmp_path, isolation_level
):
    level, told, points = graded(tmp_path, AS_IN_A_CONTAINER)
    assert level == "strong" and points == RIGHTLY
    assert "not enforced: namespaces (" in told
    assert "01_kit/lab, the solution: nbval (live) was left out: its wall is missing here (" in told


@pytest.mark.slow
def test_without_bubblewrap_a_class_is_graded_and_what_is_missing_is_told(tmp_path, isolation_level):
    level, told, points = graded(tmp_path, PATH=str(tmp_path))
    assert level == "strong" and points == RIGHTLY
    assert "not enforced: namespaces (bubblewrap is not installed)" in told
    assert "nbval (live) was left out: its wall is missing here (bubblewrap is not installed) (submissions: 1)" in told


@pytest.mark.slow
@pytest.mark.parametrize("wall", [True, False])
def test_without_libseccomp_the_level_is_basic_which_is_refused_and_unsafe_grades(tmp_path, wall):
    """By trying: the library that cannot be loaded comes before the real one on the sandbox's path."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "pyseccomp.py").write_text("raise OSError('libseccomp.so.2: no such file')")
    course = kit.course(tmp_path / "course")
    course = replace(course, import_roots=(*course.import_roots, str(tmp_path / "broken")))
    setup = Setup(course, kit.LIMITS, wall=wall, compare=False)
    with pytest.raises(
        WeakIsolationError, match=r"only '(basic|none)' \(.*seccomp: libseccomp cannot be used: .*no such"
    ):
        Bench(setup)
    bench = Bench(replace(setup, least_level="none"))
    assert level_of(bench.layers) in ("basic", "none") and "libseccomp" in bench.layers["seccomp"]
    bench.close()


@pytest.fixture(params=[True, False], ids=["wall", "no wall"])
def below_usr(request, isolation_level):
    """A course in a folder that holds the interpreter's own libraries, and whether there is a wall."""
    try:
        with tempfile.TemporaryDirectory(dir="/usr/src" if os.path.isdir("/usr/src") else "/usr") as folder:
            os.chmod(folder, 0o755)
            yield Path(folder), request.param
    except PermissionError:
        pytest.skip("needs to write below /usr")


@pytest.mark.slow
def test_a_course_below_usr_hides_solutions_submissions_gradebook_and_key(below_usr):
    folder, wall = below_usr
    course, out = kit.course(folder / "course"), folder / "out"
    steal = f"""
import glob, os
found = []
for top in ({str(folder)!r}, os.path.dirname({str(folder)!r})):
    for where, folders, files in os.walk(top):
        found += [os.path.join(where, name) for name in files if where.startswith({str(folder)!r})]
for path in found + {[str(folder / "course/solutions/01_kit.ipynb"), str(out / ".course-key")]!r}:
    try:
        seen = open(path).read()
    except OSError:
        continue
    if not path.endswith(("course.toml", "kit_checks.py")):
        raise LookupError("read " + path)
def double(x):
    return 3 * x
"""
    kit.save(folder / "submissions/eve/01_kit.ipynb", kit.submission({"double": steal}))
    kit.save(folder / "submissions/ada/01_kit.ipynb", kit.submission({}))
    batch = grade(folder / "submissions", out, course, Options(limits=kit.LIMITS, live_every=0, wall=wall, workers=1))
    assert batch.exit_code == 0, batch.not_graded
    book = json.loads((out / "gradebook.json").read_text())
    (told,) = [t for mark in book["marks"] if mark["learner"] == "eve" for t in mark["tasks"] if t["task"] == "double"]
    assert told["state"] == "wrong", told["message"]  # a crash would mean that something was read
    assert kit.points(out)["ada"] == kit.POINTS


def test_what_is_not_hidden_is_found_out_and_refused(below_usr, monkeypatch):
    """The planted failure: a wall that forgets to hide."""
    folder, wall = below_usr
    course = kit.course(folder / "course")
    setup = Setup(course, kit.LIMITS, wall=wall, compare=False)
    monkeypatch.setattr(outer_wall, "_covers", lambda *_: [])
    monkeypatch.setattr(outer_wall, "without", lambda paths, hidden: list(paths))
    with pytest.raises(WeakIsolationError, match=r"an answer could read .*/course/.*--unsafe"):
        Bench(setup)
    monkeypatch.undo()
    bench = Bench(setup)
    assert leaks(bench.sandbox) == []
    bench.close()


def test_what_lies_in_the_interpreters_own_folder_is_left_out(tmp_path):
    for name in ("lib/a.py", "lib/course/solutions/s.ipynb", "lib/course/course_lib/m.py", "lib/other/b.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "lib" / "link").symlink_to(tmp_path / "lib" / "course")
    top = os.path.realpath(tmp_path)
    left = outer_wall.without([str(tmp_path / "lib")], [str(tmp_path / "lib" / "course")])
    assert left == [f"{top}/lib/a.py", f"{top}/lib/other"]
    assert outer_wall.without([f"{top}/lib/course/course_lib"], [f"{top}/lib/course"]) == [
        f"{top}/lib/course/course_lib"
    ]
    assert outer_wall.without([f"{top}/lib"], ["/elsewhere"]) == [f"{top}/lib"]


@ROOT
def test_a_course_that_only_its_owner_reads_is_refused_with_the_mend(tmp_path, isolation_level):
    """As ``(umask 077; git clone …)`` leaves it."""
    (tmp_path / "mine").mkdir(mode=0o700)
    (tmp_path / "mine" / "module.py").write_text("")
    with pytest.raises(UnreadableError) as told:
        probe(Sandbox(View(import_roots=(str(tmp_path / "mine"),)), Limits()))
    command = str(told.value).rpartition(": ")[2]
    assert command == f"chmod -R go+rX {tmp_path}/mine" and "\n" not in str(told.value)
    subprocess.run(command.split(), check=True)
    with Sandbox(View(import_roots=(str(tmp_path / "mine"),)), Limits()) as made:
        assert probe(made)["uid"] == "held"


def test_a_namespace_of_one_user_has_no_throw_away_user(monkeypatch):
    monkeypatch.setattr(box, "uid_range", lambda: range(1, 1))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert box.throw_away_uid() == 0


WRITES = """
def fill(megabytes):
    written = 0
    for number in range(int(megabytes) // 8):
        for folder in ("", "/tmp/", "/dev/shm/", "/var/tmp/"):
            try:
                with open(f"{folder}course-attack-{number}", "wb") as file:
                    written += file.write(bytes(8 << 20))
            except OSError:
                continue
    return written / 2**20
"""


@pytest.mark.parametrize("wall", [True, False])
def test_however_many_files_an_answer_writes_their_sum_is_bounded_and_none_stays(wall, isolation_level):
    folder = tempfile.mkdtemp()  # its own: another test's sandboxes make and remove theirs meanwhile
    os.chmod(folder, 0o1777)
    view = View(setenv=(("TMPDIR", folder),)) if not wall else View()
    plan = {"mode": "answers", "cells": [{"id": "a", "source": WRITES}], "names": ["fill"], "hidden": []}
    scratch = os.path.exists("/scratch")
    deadline = time.monotonic() + 60
    with Sandbox(view, Limits(), wall=wall) as made, made.session(deadline, for_answers=True) as session:
        session.run(plan)
        assert session.proxy("fill")(400) <= (made.limits.scratch_mb if not made.no_wall else 0)
    os.rmdir(folder)  # nothing is left in it
    assert os.path.exists("/scratch") == scratch


def test_a_live_run_is_ended_once_its_processes_hold_too_much_in_all():
    hoard = "import os\nfor _ in range(3): os.fork()\nkept = b'x' * (40 << 20)\nimport time; time.sleep(100)"
    process = subprocess.Popen([sys.executable, "-c", hoard], start_new_session=True)
    started = time.monotonic()
    with MemoryWatch(process, 200.0) as watch:
        process.wait(60)
    assert watch.over and time.monotonic() - started < 60
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.5)"])
    with MemoryWatch(process, 200.0) as watch:
        process.wait(60)
    assert not watch.over


def test_an_answer_cannot_change_which_level_is_told(isolation_level, monkeypatch):
    """A layer that is claimed is tried, and a try that gets through is told."""
    with Sandbox(View(), Limits()) as made:
        assert probe(made)["rlimits"] == "held"
        monkeypatch.setattr(
            box, "_PROBE", box._PROBE.replace("np.empty(int(megabytes) << 20, np.uint8)", "np.empty(8)")
        )
        assert probe(made)["rlimits"] == "claimed, but a try got through"
