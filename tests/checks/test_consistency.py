"""The second asking: who differs is found out, and who only looks odd is not."""

import numpy as np
import pytest

from course_lib.checks import consistency
from course_lib.checks.task import demand, task


@task("scale", answers=("scale(x, by)",), points=10)
def scale(answers, seed):
    """Twice each of five numbers."""
    x = np.random.default_rng(seed).uniform(1, 2, 5)
    yield demand("scales", ok=np.isclose(answers.scale.array(x, 2.0), 2 * x, rtol=1e-3))


def verdict(answer, **how):
    return scale.judge({"scale": answer}, 3, **how)


def test_a_right_answer_is_asked_again_and_told_so():
    assert verdict(lambda x, by: x * by).lines[-1] == f"  ok    {consistency.TEXT}"


KEPT: list[int] = []
CHANCE = np.random.default_rng(0)
TABLE: dict[float, float] = {}


def right_once(x, by):
    KEPT.append(1)
    return x * by * (len(KEPT) < 2)


def own_chance(x, by):
    return x * by * CHANCE.uniform(0.9999, 1.0001, np.shape(x))


def numbered_as_they_come(x, by):
    return x * by + [TABLE.setdefault(float(one), 1e-5 * len(TABLE)) for one in np.atleast_1d(x)]


def looks_around(x, by):
    return x * by * (1 + 1e-6 * np.mean(x))


def by_place(x, by):
    return x * by * (1 + 1e-6 * np.arange(len(x)))


def only_in_company(x, by):
    return x * by if len(x) > 1 else x


def fails_alone(x, by):
    return x * by / (len(x) > 1 or np.array([0])[1])


@pytest.mark.parametrize(
    "answer", [right_once, own_chance, numbered_as_they_come, looks_around, by_place, only_in_company, fails_alone]
)
def test_whoever_differs_the_second_time_earns_nothing_and_sees_where(answer):
    KEPT.clear()
    found = verdict(answer)
    assert (found.state, found.points) == ("wrong", 0)
    assert f"  miss  {consistency.TEXT} : saw " in found.lines[2] and "note  no points without" in found.lines[-1]


def test_who_keeps_a_table_of_what_is_true_anyway_is_right():
    kept = {}
    assert verdict(lambda x, by: kept.setdefault(x.tobytes(), x * by)).state == "right"


def test_answers_that_look_at_the_whole_say_so():
    @task("rank", answers=("rank(x, y)",), points=1, whole=("rank",))
    def rank(answers, seed):
        x = np.array([3.0, 1.0, 2.0])
        yield demand("ranks", ok=answers.rank.array(x, 0.0) == [2, 0, 1])

    assert rank.judge({"rank": lambda x, y: np.argsort(np.argsort(x))}, 0).state == "right"


@pytest.mark.parametrize("answer", [
    lambda table, edges: np.resize([1.0, 4.0, 2.0, 5.0, 3.0], len(table)),
    lambda table, edges: (table * edges).sum(axis=1) - table[0].sum() + 1.0,
    lambda table, edges: (table * edges).sum(axis=1) if len(table) > 1 else np.zeros(1),
])  # fmt: skip
@pytest.mark.parametrize("parts", [1, 2])
def test_members_that_are_rows_are_asked_again_as_rows(answer, parts):
    """Five members of two bins, whose edges are for all: neither constants nor a look at a neighbour earn anything."""
    names = "total" if parts == 1 else "total, twice"

    @task("bins", answers=(f"bins(table, edges) -> {names}",), points=1, rows={"bins": ("table",)})
    def bins(answers, seed):
        table, edges = np.array([[1.0, 0.0], [0.0, 2.0], [2.0, 0.0], [1.0, 2.0], [1.0, 1.0]]), np.array([1.0, 2.0])
        told = (table, edges)
        got = answers.bins.array(*told, shape=(5,)) if parts == 1 else np.ravel(answers.bins.several(*told, shape=(5,)))
        yield demand("adds", ok=got == [1, 4, 2, 5, 3] * parts)

    def given(one):
        return {"bins": one if parts == 1 else lambda table, edges: (one(table, edges), one(table, edges))}

    assert bins.judge(given(lambda table, edges: (table * edges).sum(axis=1)), 0).state == "right"
    found = bins.judge(given(answer), 0)
    assert found.state == "wrong" and found.lines[1].startswith("  ok") and consistency.TEXT in found.lines[2]


def test_fresh_answers_are_asked_for_only_when_something_was_earned():
    asked = []

    def afresh():
        asked.append(1)
        return {"scale": lambda x, by: x * by}

    assert verdict(lambda x, by: x, afresh=afresh).points == 0 and asked == []
    assert verdict(lambda x, by: x * by, afresh=afresh).state == "right" and asked == [1]
    assert verdict(lambda x, by: x * by, afresh=lambda: {"scale": lambda x, by: x}).points == 0


def test_copies_share_no_state_with_their_originals_and_leave_modules_alone():
    scope = {"np": np, "seen": []}
    exec("def inner(x):\n    seen.append(x)\n    return len(seen)\n\ndef outer(x):\n    return inner(x)", scope)
    twin = consistency.copies({"outer": scope["outer"]})["outer"]
    assert [scope["outer"](1), scope["outer"](1), twin(1), twin(1)] == [1, 2, 1, 2]
    assert twin.__globals__["inner"] is not scope["inner"]

    def counter():
        count = 0

        def ask(x):
            nonlocal count
            count += 1
            return count

        return ask

    ask = counter()
    twin = consistency.copies({"ask": ask})["ask"]
    assert [ask(0), ask(0), twin(0)] == [1, 2, 1]
    assert consistency.copies({"f": np.sin, "g": 3}) == {"f": np.sin, "g": 3}
