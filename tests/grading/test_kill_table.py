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


def planted() -> list[WrongAnswer]:
    return [
        mistake("triple", "double", "def double(x):\n    return 3 * x"),
        mistake("blank", "running", kit.BLANK["running"], "not attempted"),
        mistake("survivor", "double", kit.RIGHT["double"]),
    ]


def test_a_survivor_is_shown(tmp_path):
    course = kit.course(tmp_path)
    found = {kill.answer.name: kill for kill in kills(course, planted())}
    assert {name: kill.killed for name, kill in found.items()} == {"triple": True, "blank": True, "survivor": False}
    text = page(list(found.values()))
    assert "2 of 3 caught" in text and "| survivor | survivor \\| in words | **not caught**" in text
    assert "gives twice every number (and 1 more) | 0 of 10 |" in text


def test_many_seeds_name_a_survivor_and_a_refused_solution(tmp_path, monkeypatch):
    """What runs once a week, with a fault of each kind planted."""
    course = kit.course(tmp_path)
    assert proof(course, planted(), range(2)) == [f"kit/double/survivor is right on seed {seed}" for seed in range(2)]
    broken = {"double-answer": kit.RIGHT["double"].replace("2 *", "3 *")}
    monkeypatch.setattr(pristine, "solution", lambda *_: {f"{k}-answer": v for k, v in kit.RIGHT.items()} | broken)
    refused = proof(course, planted()[:1], range(2))
    assert len(refused) == 2 and "solution of 01_kit/lab is wrong at double on seed 0: miss  gives twice" in refused[0]


def test_the_weekly_command_fails_when_something_is_let_through(monkeypatch, capsys):
    monkeypatch.setattr(kill_table, "wrong_answers", lambda *_: planted())
    monkeypatch.setattr(kill_table, "by_grader", lambda *_: [])
    monkeypatch.setattr(kill_table, "proof", lambda *told: [f"let through on {told[2]}"])
    assert kill_table.main(["3", "kit"]) == 1
    assert capsys.readouterr().out == "let through on range(0, 3)\n"
    monkeypatch.setattr(kill_table, "proof", lambda *_: [])
    assert kill_table.main(["3"]) == 0


@pytest.mark.slow
@pytest.mark.parametrize("each", ["module", pytest.param("task", marks=pytest.mark.weekly)])
def test_the_grader_says_of_one_mistake_what_is_said_here(isolation_level, each):
    course, every = CourseRef(str(ROOT)), kill_table.wrong_answers(ROOT)
    one = list({(answer.slug, each == "module" or answer.task): answer for answer in every[::-1]}.values())
    here, there = kills(course, one), kill_table.by_grader(course, one)
    told = [[(k.answer.task, k.state, k.points, k.missed) for k in found] for found in (here, there)]
    assert len(one) >= len(manifest.load(ROOT).built) * (1 if each == "module" else 5) and told[0] == told[1]


def test_a_wrong_answer_that_does_not_say_what_is_wrong_is_refused(tmp_path):
    (tmp_path / "silent.py").write_text("def silent(x):\n    return x\n")
    with pytest.raises(ValueError, match="silent needs a docstring"):
        kill_table._read(tmp_path / "silent.py", ("double",))


def test_mistakes_are_read_one_a_function_or_class(tmp_path):
    (tmp_path / "pair.py").write_text(
        'CRASHES = ("b",)\n\ndef a(x):\n    """One."""\n    return x\n\n'
        'class b:\n    """Two."""\n\n    @staticmethod\n    def f(x):\n        return x\n'
    )
    a, b = kill_table._read(tmp_path / "pair.py", ("f",))
    assert (a.name, a.what, a.state, b.state) == ("a", "One.", "wrong", "crashed")
    assert a.source.endswith("\nf = a\n") and b.source.endswith("\nf = b.f\n")


def test_the_weekly_workflow_tries_every_built_module():
    import yaml

    text = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    modules = yaml.safe_load(text)["jobs"]["seeds"]["strategy"]["matrix"]["module"]
    assert modules == [module.slug for module in manifest.load(ROOT).built]
    assert "course_lib.grading.kill_table 200 ${{ matrix.module }}" in text
