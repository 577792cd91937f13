"""Which given cells run where answers are judged."""

import time

import pytest

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


def test_a_functions_own_variables_need_no_cell_whatever_they_are_called():
    own = "def f(rate):\n    load = rate\n    turn = [np for np in (1, 2)]\n    return lambda total: load + total"
    assert ids(("a", own)) == ["a"]


@pytest.mark.parametrize(
    "source",
    [
        "def f(x=load):\n    return x",
        "def f(x):\n    def g():\n        return [load for _ in x]\n    return g",
        "def f():\n    global load\n    load += 1",
        "load += 1",
        "class F:\n    load = load\n",
        "f = lambda x: load",
        "@load\ndef f(x):\n    return x",
        "def f(x) -> load:\n    return x",
        "load = load + 1",
    ],
    ids=["default", "nested", "global", "added", "class", "lambda", "decorator", "annotation", "again"],
)
def test_what_is_looked_up_outside_is_there_wherever_it_is_written(source):
    assert ids(("a", source)) == ["rate", "load", "a"]


def test_names_from_loops_imports_and_aliases_count():
    assert ids(("a", "turn"), ("b", "total")) == ["imports", "a", "loop", "b"]


def test_an_answer_that_uses_nothing_runs_alone_and_one_that_is_no_python_hurts_nobody():
    assert ids(("a", "x = 1"), ("b", "def f(:")) == ["a", "b"]


def test_deep_and_odd_sources_are_survived():
    assert ids(("a", "(" * 20_000 + ")" * 20_000), ("b", "\ud800")) == ["a", "b"]


@pytest.mark.parametrize(
    "source",
    [
        'note = ("%s of %s"\n% (retry, load))\ndef f(x):\n    return np.minimum(x, load)',
        "total = (turn\n    % load)\ndef f(x):\n    return np.minimum(x, load)",
        "np.where?\ndef f(x):\n    return np.minimum(x, load)",
        "t = %timeit -o load\ndef f(x):\n    return np.minimum(x, load)",
        "%timeit -n 1 np.minimum(1, load)\ndef f(x):\n    return x",
        "%%time\ndef f(x):\n    return np.minimum(x, load)",
        "!ls\n%pip list\ndef f(x):\n    return np.minimum(x, load)",
        'text = "one\u2028%two"\ndef f(x):\n    return np.minimum(x, load)',
        "await something(np, load)",
        ">>> def f(x):\n...     return np.minimum(x, load)",
        "% % %(\ndef f(x):\n    return np.minimum(x, load)",
    ],
    ids=["black", "bracket", "help", "assigned", "line", "cell", "shell", "separator", "await", "prompts", "broken"],
)
def test_what_ipython_understands_is_understood_and_what_does_not_parse_keeps_the_given_cells(source):
    assert {"imports", "rate", "load"} <= set(ids(("a", source)))


def test_a_given_cell_with_a_magic_still_defines_its_names():
    given = [Cell("tools", "%matplotlib inline\nimport numpy as np"), Cell("other", "x = 1")]
    assert [cell.id for cell in needed(given, [Cell("a", "np.pi")], ["tools", "other", "a"])] == ["tools", "a"]


def test_thousands_of_magics_take_no_time():
    started = time.process_time()
    for source in ("%pwd\n" * 9_999, "x = 1\n" * 4_000 + "%pwd\n" * 40, "np.where?\n" * 4_000 + "(", "=%a\n" * 12_000):
        assert "imports" in ids(("a", f"np\n{source}"))
    assert time.process_time() - started < 3
