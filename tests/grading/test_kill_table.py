"""Mutation proof: wrong answers are caught on every seed, right ones never; the published table is fresh."""

from __future__ import annotations

from pathlib import Path

import pytest
from grading import kit

from course_lib import manifest
from course_lib.grading import kill_table
from course_lib.grading.intake import pristine
from course_lib.grading.intake.pristine import CourseRef
from course_lib.grading.kill_table import WrongAnswer, kills, page, proof

ROOT = Path(__file__).parents[2]
#: Plausible mistakes in the miniature course; each is caught at the task it is listed under.
MISTAKES = {
    "double": ["x * x", "x + 2", "2.001 * x", "np.abs(2 * x)", "2 * np.clip(x, -1e6, 1e6)"],
    "running": [
        "np.full_like(x, x.max())",
        "np.maximum.accumulate(x, axis=0)",
        "np.maximum.accumulate(np.maximum(x, 0), axis=-1)",
        "np.maximum.accumulate(x[..., ::-1], axis=-1)",
        "np.cumsum(x, axis=-1)",
        "np.maximum.accumulate(x, axis=-1) + 1e-2",
    ],
    "policy": ["2.0 ** attempt", "np.minimum(2.0 * attempt, limit)", "np.minimum(2.0 ** (attempt + 1), limit)"],
}


def sources(task: str, expression: str) -> dict[str, object]:
    """A task's answers from an expression."""
    import numpy as np

    names = {"double": ("double", "x"), "running": ("running_max", "x"), "policy": ("backoff", "attempt")}
    name, argument = names[task]
    namespace: dict[str, object] = {"np": np, "limit": 30.0}
    exec(f"def {name}({argument}):\n    return {expression}", namespace)
    return {name: namespace[name], "limit": 30.0}


@pytest.mark.parametrize("task", MISTAKES)
def test_over_200_seeds_every_mistake_is_caught_and_the_right_answer_never(tmp_path, task):
    check = pristine.labs(kit.course(tmp_path))[kit.LAB].tasks[task]
    for expression in MISTAKES[task]:
        answers = sources(task, expression)
        assert [seed for seed in range(200) if check.judge(answers, seed).state != "wrong"] == [], expression
    right = {
        "double": "2 * x",
        "running": "np.maximum.accumulate(x, axis=-1)",
        "policy": "np.minimum(2.0**attempt, limit)",
    }
    texts = {check.judge(sources(task, right[task]), seed).text for seed in range(200)}
    assert len(texts) == 1 and "right" in texts.pop()


def mistake(name: str, task: str, source: str, state: str = "wrong") -> WrongAnswer:
    return WrongAnswer(name, "kit", f"{name} | in words", task, state, source)


@pytest.mark.slow
def test_the_graders_path_catches_them_and_a_survivor_is_shown(tmp_path, isolation_level):
    course = kit.course(tmp_path)
    answers = [
        mistake("triple", "double", "def double(x):\n    return 3 * x"),
        mistake("blank", "running", kit.BLANK["running"], "not attempted"),
        mistake("survivor", "double", kit.RIGHT["double"]),
    ]
    found = {kill.answer.name: kill for kill in kills(course, answers)}
    assert {name: kill.killed for name, kill in found.items()} == {"triple": True, "blank": True, "survivor": False}
    text = page(list(found.values()))
    assert "2 of 3 caught" in text and "| survivor | survivor \\| in words | double | **not caught**" in text
    assert "gives twice every number (and 1 more) | 0 of 10 |" in text
    assert proof(course, answers, range(2)) == [f"kit/survivor is right on seed {seed}" for seed in range(2)]


def test_a_wrong_answer_that_does_not_say_what_is_wrong_is_refused(tmp_path):
    (tmp_path / "silent.py").write_text('KILLED_BY = "double"\n')
    with pytest.raises(ValueError, match="needs a docstring"):
        kill_table._read(tmp_path / "silent.py")


@pytest.mark.slow
def test_the_published_table_is_fresh_and_nothing_is_let_through(isolation_level):
    course = manifest.load(ROOT)
    fresh = kill_table.fresh_page(CourseRef(str(ROOT)), kill_table.wrong_answers(ROOT))
    assert "not caught" not in fresh.replace("must not be right", "")
    assert [m.slug for m in course.built if f"## {m.slug}" not in fresh] == []
    assert (ROOT / kill_table.PAGE).read_text(encoding="utf-8") == fresh, "run python -m course_lib.grading.kill_table"
