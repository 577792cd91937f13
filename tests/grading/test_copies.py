"""Answers that call what they were asked to write are told, however they come by it; honest ones are not."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from course_lib.borrowing import borrowed, worthless
from course_lib.grading.intake.copies import shape

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("full_jitter = retry_chain.jittered", "retry_chain.jittered"),
        ("retry_budget = retry_chain.bucket", "retry_chain.bucket"),
        ("breaker = retry_chain.breaking", "retry_chain.breaking"),
        ("def full_jitter(*a):\n    return retry_chain.jittered(*a)", "retry_chain.jittered"),
        ("m = retry_chain\nfull_jitter = m.jittered", "retry_chain"),
        ("retry_chain = retry_chain\nfull_jitter = retry_chain.jittered", "retry_chain.jittered"),
        ("from course_lib import theory", "course_lib"),
        ("from course_lib.models.drills.retry_chain import *", "course_lib.models.drills.retry_chain"),
        ("import course_lib.theory.retries as r", "course_lib.theory.retries"),
        ("full_jitter = getattr(retry_chain, 'jit' + 'tered')", "retry_chain"),
        ("full_jitter = charts.retry_chain.jittered", "charts.retry_chain.jittered"),
        (
            "import sys\namplification = sys.modules['course_' + 'lib.theory.retries'].chain_amplification",
            "sys.modules",
        ),
        ("from sys import modules as m", "sys.modules"),
        ("import importlib\nm = importlib.import_module('course_' + 'lib')", "importlib"),
        ("from importlib import import_module", "importlib"),
        ("m = __import__('course_' + 'lib')", "__import__"),
        ("amplification = eval('retry_' + 'chain.jittered')", "eval"),
        ("full_jitter = simulate.__globals__['jittered']", "simulate.__globals__"),
    ],
)
def test_an_answer_that_takes_the_courses_own_code_is_told(source, told):
    assert borrowed(source) == [told]
    # A way to code is no code: it is looked at by a person, and counts.
    ways = ("sys.modules", "importlib", "__import__", "eval", "simulate.__globals__")
    assert worthless([told]) == ([] if told in ways else [told])


@pytest.mark.parametrize(
    "source",
    [
        "def f(retries, trace):\n    return retries + trace.size + retries.mean()",
        "def f(rate):\n    caching = rate * 2\n    return caching",
        "def f(seed):\n    rng = np.random.default_rng(seed)\n    return rng.uniform(), np.random.poisson(3)",
        "drill = Parameters()\n\ndef f():\n    return simulate(drill, 1)['x'], drill.partitions",
        "def amplification(p):\n    return sys_modules",
        "from course_lib.checks import retry_storm as checks\nchecks.full_jitter(f, seed=seed)",
        "from course_lib.models.drills.retry_chain import CLOSED, OPEN\nfrom course_lib import view\nx = OPEN",
        "from course_lib.models.hot_partition import Parameters, simulate\nsimulate(Parameters(), 1)",
        "schedule = [1, 2]\ndef f(x):\n    return x * schedule[0] + schedule.count(1)",
    ],
)
def test_an_honest_answer_is_not(source):
    assert borrowed(source) == []


@pytest.mark.parametrize("path", sorted((ROOT / "solutions").glob("*.ipynb")), ids=lambda path: path.stem)
def test_nor_is_a_solution_of_the_courses(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if "answer" in cell.metadata.get("tags", [])]
    assert cells and [used for cell in cells for used in borrowed(cell.source)] == []


BROKEN = """def f(tokens, wanted):
    earned = min(tokens + 0.2 * wanted, 100
    granted = earned if earned < wanted else wanted
    for n in range(10): granted = max(granted, n) - 1 if n % 3 else granted
    return granted, earned - granted
"""


def test_an_answer_that_is_not_python_or_holds_a_magic_is_not_lost_from_the_report():
    whole = BROKEN.replace("wanted, 100", "wanted, 100)")
    assert shape(BROKEN) and shape(BROKEN) == shape(BROKEN.replace("earned", "mine") + "# my own work")
    assert shape(BROKEN) != shape(BROKEN.replace("0.2", "0.5"))
    assert shape(f"%pwd\n{whole}") and shape(f"%pwd\n{whole}") == shape(f"%pwd\n{whole.replace('granted', 'g')}")
    assert borrowed("from course_lib.theory import retries\nx = (") == ["course_lib.theory"]
    assert borrowed("%pwd\nfrom course_lib.theory.retries import chain_amplification") == ["course_lib.theory.retries"]
