"""The framework of the checks: states, credit, text, and learners' odd return values."""

import numpy as np
import pytest

from course_lib.checks.task import AnswerError, Crash, Curve, Demand, Task, demand, describe, expect_array, task


def double_task(total=None):
    @task("double", answers=("double",), hints=("Twice what?", "Two times x."), points=20, total=total)
    def double(answers, seed):
        x = np.random.default_rng(seed).uniform(1, 2, 5)
        y = expect_array(answers.double(x), (5,), "double")
        yield demand("doubles its input", ok=np.isclose(y, 2 * x), seen=f"{y[0] / x[0]:.3g} times", weight=3)
        yield demand("keeps the sign", ok=answers.double(-1.0) < 0, seen=answers.double(-1.0))

    return double


def state_of(answer, **kwargs):
    return double_task(**kwargs).judge({"double": answer}, seed=1).state


def test_right_text_is_the_same_for_all_right_answers_and_seeds():
    texts = {
        double_task().judge({"double": f}, seed).text for f in (lambda x: 2 * x, lambda x: x + x) for seed in range(5)
    }
    assert texts == {"Task double: right, 20 of 20 points\n  ok    doubles its input\n  ok    keeps the sign"}


def test_partial_credit_goes_by_weight_and_says_what_was_seen():
    verdict = double_task().judge({"double": lambda x: 2.5 * x}, seed=3)
    assert (verdict.state, verdict.points, verdict.max_points) == ("wrong", 5.0, 20.0)
    assert verdict.lines[1] == "  miss  doubles its input : saw 2.5 times"
    assert verdict.hints == ("Twice what?", "Two times x.")


def test_essential_demand_missed_earns_nothing():
    @task("t", answers=("f",), points=10)
    def check(answers, seed):
        yield demand("cheap", ok=True, weight=9)
        yield demand("the point", ok=answers.f() == 1, essential=True)

    assert check.judge({"f": 1}, 0).points == 10
    assert check.judge({"f": 2}, 0).points == 0
    assert check.judge({"f": 2}, 0).lines[-1] == "  note  no points without this: the point"


def blank(x):
    raise NotImplementedError("Task 1: double it")


@pytest.mark.parametrize("answer", [blank, lambda x: None, lambda x: ..., ..., None])
def test_blank_answers_are_not_attempted(answer):
    verdict = double_task().judge({"double": answer}, seed=1)
    assert (verdict.state, verdict.points) == ("not attempted", 0)
    assert verdict.lines[-1].startswith("  blank  double ")


def test_second_answer_blank_keeps_the_credit_of_the_first_where_the_total_is_stated():
    @task("pair", answers=("f", "g"), points=10, total=2)
    def pair(answers, seed):
        yield demand("f is one", ok=answers.f() == 1)
        yield demand("g is two", ok=answers.g() == 2)

    verdict = pair.judge({"f": 1, "g": ...}, 0)
    assert (verdict.state, verdict.points) == ("wrong", 5)


def test_crash_names_exception_line_and_what_was_passed():
    def broken(x):
        y = x[7]
        return y

    verdict = double_task().judge({"double": broken}, seed=1)
    assert (verdict.state, verdict.points) == ("crashed", 0)
    line = verdict.lines[-1]
    assert "double raised IndexError: index 7 is out of bounds" in line
    assert "(y = x[7])" in line and "float64 array of shape (5,) from 1." in line
    assert "\n" not in line


@pytest.mark.parametrize(("rows", "shown"), [(3, "[1, 4, 7]"), (8, "[1, 4, 7, 10, 13, 16, …]")])
def test_a_miss_shows_the_column_of_the_member_that_fails(rows, shown):
    """As of regions, or of looks: an array's range says nothing of the canary that was judged wrongly."""

    @task("columns", answers=("f(counts, limit)",), points=1)
    def columns(answers, seed):
        told = (np.arange(3.0 * rows).reshape(rows, 3), np.array([9.0, 5.0, 9.0]))
        yield demand("sums", ok=[True, False, True], seen=answers.f.example(told, np.zeros(3), np.array([0, 2, 0])))

    assert f"counts = {shown}, limit = 5" in columns.judge({"f": lambda counts, limit: limit}, 1).lines[1]


def test_a_miss_shows_the_whole_column_where_results_have_an_axis_in_front():
    """Whether a page calls one dependency hangs on the others of that page."""

    @task("pages", answers=("f(state, probe)",), points=1)
    def pages(answers, seed):
        told = (np.arange(6).reshape(2, 3), np.array([True, False, True]))
        found = answers.f.array(*told)
        yield demand("calls", ok=found == 1, seen=answers.f.example(told, found, np.ones((2, 3))))

    line = pages.judge({"f": lambda state, probe: np.array([[1, 1, 1], [1, 0, 1]])}, 1).lines[1]
    assert line.endswith("saw [1, 0], not [1, 1], for state = [1, 4], probe = False")


@pytest.mark.parametrize("shape", [(), (3,)])
def test_results_stacked_in_one_array_are_as_many_results(shape):
    @task("pair", answers=("f(x) -> low, high",), points=1)
    def pair(answers, seed):
        low, high = answers.f.several(np.ones(shape))
        yield demand("is a pair", ok=(low == 1) & (high == 2))

    assert pair.judge({"f": lambda x: np.stack([x, 2 * x])}, 1).state == "right"
    assert "1 result, 2 are wanted" in pair.judge({"f": lambda x: np.stack([x, x, x])}, 1).text


def test_a_branch_without_a_return_is_no_blank():
    def forgets(x):
        if x > 1:
            return x

    @task("first", answers=("f(x)",), points=1)
    def first(answers, seed):
        yield demand("finds it", ok=answers.f(2.0) == 2)
        yield demand("or says so", ok=answers.f(0.0) == -1)

    verdict = first.judge({"f": forgets}, 1)
    assert verdict.state == "wrong" and "each way through it must end in a return; it was passed x = 0" in verdict.text


def test_a_crash_inside_numpy_points_at_the_learners_line():
    def broken(x):
        return np.concatenate([x, np.ones((2, 2))])

    line = double_task().judge({"double": broken}, 1).lines[-1]
    assert "(return np.concatenate([x, np.ones((2, 2))]))" in line


def test_sys_exit_is_a_crash_not_an_exit():
    assert state_of(lambda x: (_ for _ in ()).throw(SystemExit(0))) == "crashed"


class EqualsEverything:
    def __eq__(self, other):
        return True

    def __array__(self, dtype=None, copy=None):
        return np.array([self], dtype=object)


class Flattering(np.ndarray):
    def __array_function__(self, func, types, args, kwargs):
        return np.True_

    def __array_ufunc__(self, ufunc, method, *args, **kwargs):
        return np.True_


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: "PASS",
        lambda x: EqualsEverything(),
        lambda x: np.zeros(5).view(Flattering),
        lambda x: {"a": 1},
        lambda x: [1, [2, 3]],
        lambda x: 2 * x[:3],
        lambda x: 2j * x,
        lambda x: x * np.nan,
        lambda x: 10**40,
        lambda x: (2 * x, x),
        7,
    ],
)
def test_odd_return_values_are_wrong_without_a_crash_or_credit(answer):
    verdict = double_task().judge({"double": answer}, seed=1)
    assert (verdict.state, verdict.points) == ("wrong", 0)
    assert any(line.startswith("  miss") for line in verdict.lines)


def test_wrong_shape_is_told_in_words():
    assert double_task().judge({"double": lambda x: x[:3]}, 1).lines[-1] == (
        "  miss  double returns an array of shape (5,) : saw an array of shape (3,)"
    )


def test_expect_array_takes_any_length_where_told_and_single_numbers():
    assert expect_array([1, 2, 3], (None,), "f").shape == (3,)
    assert expect_array(2.5, (), "f") == 2.5
    assert expect_array([2.5], (), "f").shape == (), "what np.atleast_1d makes of one"
    with pytest.raises(AnswerError, match="a single number : saw an array"):
        expect_array([1.0, 2.0], (), "f")
    with pytest.raises(AnswerError, match="1 NaN or infinite of 2"):
        expect_array([1.0, np.inf], (2,), "f")
    assert np.isinf(expect_array([np.inf], (1,), "f", finite=False)).all()


def test_answers_get_copies():
    @task("keep", answers=("f",), points=1)
    def keep(answers, seed):
        x = np.ones(3)
        answers.f(x)
        yield demand("input kept", ok=x == 1)

    def mutate(x):
        x[:] = 9
        return x

    assert keep.judge({"f": mutate}, 0).state == "right"


def test_tuples_come_back_as_tuples_of_arrays():
    seen = []

    @task("two", answers=("f",), points=1)
    def two(answers, seed):
        seen.append(answers.f(np.ones(2)))
        yield demand("two arrays", ok=len(seen[0]) == 2)

    two.judge({"f": lambda x: (x, 3)}, 0)
    assert isinstance(seen[0][0], np.ndarray) and seen[0][1] == 3


@pytest.mark.parametrize(
    ("returned", "kind"),
    [([np.ones(2), 3], tuple), ([[1, 2], [3, 4]], tuple), ([1, 2.5], np.ndarray), ((1, 2), tuple)],
)
def test_a_list_of_arrays_stands_for_several_results_and_a_list_of_numbers_for_one(returned, kind):
    seen = []

    @task("two", answers=("f",), points=1)
    def two(answers, seed):
        seen.append(answers.f())
        yield demand("came back", ok=True)

    two.judge({"f": lambda: returned}, 0)
    assert isinstance(seen[0], kind)


def test_a_check_that_trips_over_an_answer_is_a_miss_not_a_traceback():
    @task("trip", answers=("f",), points=1)
    def trip(answers, seed):
        yield demand("adds", ok=answers.f() + np.ones(4))

    verdict = trip.judge({"f": np.ones(3)}, 0)
    assert verdict.state == "wrong" and "ValueError" in verdict.lines[-1]


def test_a_check_without_demands_is_never_right():
    @task("none", answers=("f",), points=5)
    def none(answers, seed):
        yield from ()

    assert (none.judge({"f": 1}, 0).state, none.judge({"f": 1}, 0).points) == ("wrong", 0)


def test_notebook_call_prints_the_verdict_and_hints_in_steps(capsys):
    double = double_task()
    assert double(lambda x: 3 * x, seed=1) is None
    first = capsys.readouterr().out
    assert first.splitlines()[0] == "Task double: wrong, 5 of 20 points"
    assert "hint 1  Twice what?" in first and "hint 2" not in first
    double(lambda x: 4 * x, seed=1)
    assert "hint 2  nearly gives it away; to see it: checks.double.hint(2)" in capsys.readouterr().out


def test_crashes_and_the_same_answer_again_bring_no_hint_nearer(capsys):
    three = task("three", answers=("double",), hints=("one", "two", "three"), points=3)(double_task().check)
    wrong, again = (lambda x: 3 * x), "def f(x):\n    return x / nothing"
    cell = compile(again, "cell", "exec")
    scope = {}
    exec(cell, scope)
    for answer, hints in ((wrong, 1), (wrong, 1), (scope["f"], 0), (wrong, 1)):
        three(answer)
        assert capsys.readouterr().out.count("  hint ") == hints


def test_what_a_right_answer_prints_or_warns_does_not_disturb_the_verdict(capsys):
    def chatty(x):
        print("debug", x)
        np.log(np.zeros(1))
        return 2 * x

    double_task()(chatty, seed=1)
    out, err = capsys.readouterr()
    assert out == double_task().judge({"double": lambda x: 2 * x}, 1).text + "\n" and err == ""


def test_what_a_wrong_answer_prints_is_shown_after_the_verdict(capsys):
    double_task()(lambda x: print("looking at", x.shape if hasattr(x, "shape") else x) or 3 * x, seed=1)
    assert "  your code printed: looking at (5,)" in capsys.readouterr().out


def test_a_blank_call_gives_no_hint_and_a_wrong_count_of_answers_is_told(capsys):
    double = double_task()
    double(blank, seed=1)
    assert "hint" not in capsys.readouterr().out
    double(seed=1)
    assert capsys.readouterr().out == "Task double checks double; it was given 0 answers.\n"


def test_hint_method(capsys):
    double = double_task()
    double.hint()
    double.hint(2)
    double.hint(3)
    assert capsys.readouterr().out.splitlines() == [
        "Hint 1 of 2: Twice what?",
        "Hint 2 of 2: Two times x.",
        "Task double has 2 hints; ask for 1 to 2.",
    ]


def test_points_come_from_the_manifest(monkeypatch):
    from course_lib.checks import task as framework

    monkeypatch.setattr(
        framework, "_points_in_manifest", lambda module, name: {("test_task", "worth"): 15.0}[module, name]
    )

    @task("worth", answers=("f",))
    def worth(answers, seed):
        yield demand("is one", ok=answers.f() == 1)

    assert isinstance(worth, Task) and worth.points == 15


def test_unknown_answer_names_are_an_authors_error_told_in_the_verdict():
    @task("typo", answers=("f",), points=1)
    def typo(answers, seed):
        yield demand("f", ok=answers.g() == 1)

    assert "no answer 'g'" in typo.judge({"f": 1}, 0).lines[-1]


def test_describe_and_crash():
    assert describe(np.arange(3)) == "int64 array of shape (3,) from 0 to 2"
    assert describe(0.25) == "0.25" and describe(True) == "True" and describe(np.zeros((0, 2))).endswith("(0, 2)")
    assert Crash("f", "ValueError").passed((), ()).text == "f raised ValueError; it was passed nothing"
    passed = Crash("f", "ValueError: no", "line 2").passed(("x",), (1.5, np.arange(2))).text
    assert passed == "f raised ValueError: no at line 2; it was passed x = 1.5, int64 array of shape (2,) from 0 to 1"


def test_demand_folds_arrays_and_long_text():
    assert demand("x", ok=np.array([True, False])).ok is False
    assert isinstance(demand("x", ok=np.True_), Demand)
    assert len(demand("x", ok=False, seen="y" * 500).seen) == 400
    assert demand("a\n b", ok=True, curve=Curve("t", *[np.zeros(2)] * 3)).text == "a b"


def scaled(**how):
    @task("scale", answers=("scale(x, by) -> scaled, by",), points=10, **how)
    def scale(answers, seed):
        told = (np.array([3.0, -1.0, 2.0]), 2.0)
        found, _ = answers.scale.several(*told)
        yield demand("scales", ok=found == 2 * told[0], seen=answers.scale.example(told, found, 2 * told[0]))

    return scale


def test_a_miss_shows_the_smallest_input_that_fails_by_name_with_what_came_and_what_is_wanted():
    verdict = scaled().judge({"scale": lambda x, by: (x, by)}, 0)
    assert verdict.lines[1] == "  miss  scales : saw -1, not -2, for x = -1, by = 2"


def test_too_few_and_too_many_results_are_counted():
    for answer, seen in (
        (lambda x, by: x * by, "scale returns 1 result, 2 are wanted: scaled, by"),
        (lambda x, by: (x, by, 0), "scale returns 3 results, 2 are wanted: scaled, by"),
    ):
        assert scaled().judge({"scale": answer}, 0).lines[1] == f"  miss  {seen}"


def test_an_if_on_an_array_gets_one_friendly_line():
    def piecewise(x, by):
        if x > 0:
            return x, by
        return -x, by

    line = scaled().judge({"scale": piecewise}, 0).lines[1]
    assert line.startswith("  stop  scale asks an array for one number or one yes or no at line")
    assert "(if x > 0:) : if, and, or, not, min, max, int take one at a time; np.where" in line
    assert "truth value" not in line and "passed" not in line


def test_it_stops_where_it_is_told_to():
    asked = []

    @task("two", answers=("f",), points=1)
    def two(answers, seed):
        for n in (1, 2):
            asked.append(n)
            yield demand(f"is {n}", ok=answers.f() == 3)

    assert two.judge({"f": 1}, 0, until=lambda found: not found.ok).state == "wrong" and asked == [1]
