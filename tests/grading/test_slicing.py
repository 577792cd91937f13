"""Which given cells run where answers are judged."""

from course_lib.grading.intake.slicing import Cell, needed

GIVEN = [
    Cell("imports", "import numpy as np\nfrom math import tau as turn"),
    Cell("rate", "rate = 5"),
    Cell("load", "load = rate * 2"),
    Cell("plot", "chart = draw(load)\nchart"),
    Cell("loop", "for n in range(3):\n    total = n"),
    Cell("magic", "%matplotlib inline"),
]
ORDER = ["imports", "rate", "load", "plot", "a", "loop", "b", "magic"]


def ids(*answers):
    return [cell.id for cell in needed(GIVEN, [Cell(*a) for a in answers], ORDER)]


def test_only_what_defines_a_name_that_is_used_runs_through_others_too():
    assert ids(("a", "def f(x):\n    return np.minimum(x, load)")) == ["imports", "rate", "load", "a"]


def test_names_from_loops_imports_and_aliases_count():
    assert ids(("a", "turn"), ("b", "total")) == ["imports", "a", "loop", "b"]


def test_an_answer_that_uses_nothing_runs_alone_and_one_that_is_no_python_hurts_nobody():
    assert ids(("a", "x = 1"), ("b", "def f(:")) == ["a", "b"]


def test_deep_and_odd_sources_are_survived():
    assert ids(("a", "(" * 20_000 + ")" * 20_000), ("b", "\ud800")) == ["a", "b"]
