"""Plausible wrong answers, each killed by the check it names.

``tests/wrong_answers/<slug>/<what is wrong>.py`` holds the functions of one task, all of them, as the answer cell would
define them, and says which check must fail::

    '''No jitter: every client comes back at once.'''
    KILLED_BY = "backoff"
    STATE = "wrong"        # or "not attempted", "crashed"; "wrong" when left out
"""

import importlib
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from course_lib import manifest

FOLDER = Path(__file__).parents[1] / "wrong_answers"
COURSE = manifest.load()
SEEDS = (0, 1, 20_261)
FILES = [
    pytest.param(path, id=f"{path.parent.name}-{path.stem}")
    for module in COURSE.built
    for path in sorted((FOLDER / module.slug).glob("*.py"))
]


def survivals(answers: dict, task, state: str, seeds=SEEDS) -> Iterator[str]:
    """A line for each seed on which a wrong answer was not judged as it should be."""
    for seed in seeds:
        verdict = task.judge({name: answers[name] for name in task.answers}, seed)
        if verdict.state != state or verdict.points >= verdict.max_points:
            yield f"seed {seed}: {verdict.state} with {verdict.points} of {verdict.max_points} points, not {state}"


def tasks(slug: str) -> dict:
    """A module's tasks by name."""
    found = vars(importlib.import_module(f"course_lib.checks.{slug}")).values()
    return {task.name: task for task in found if hasattr(task, "judge") and hasattr(task, "answers")}


@pytest.mark.parametrize("path", FILES)
def test_a_wrong_answer_is_killed_by_the_check_it_names(path):
    answers = runpy.run_path(str(path))
    task = tasks(path.parent.name)[answers["KILLED_BY"]]
    assert list(survivals(answers, task, answers.get("STATE", "wrong"))) == []


@pytest.mark.parametrize("module", [pytest.param(m, id=m.name) for m in COURSE.built])
def test_every_task_of_a_module_kills_a_wrong_answer(module):
    killers = {runpy.run_path(str(path))["KILLED_BY"] for path in (FOLDER / module.slug).glob("*.py")}
    assert killers == set(module.lesson_points) | set(module.lab_points)


def test_a_right_answer_among_the_wrong_would_be_seen():
    from course_lib.checks.task import demand, task

    @task("double", answers=("double",), points=10)
    def double(answers, seed):
        yield demand("doubles", ok=answers.double(seed + 1) == 2 * (seed + 1))

    assert list(survivals({"double": lambda x: x}, double, "wrong")) == []
    assert len(list(survivals({"double": lambda x: 2 * x}, double, "wrong"))) == len(SEEDS)
