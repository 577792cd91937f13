"""Hostile answers in the first module's own lab: what the miniature course shows holds for the course."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from grading import kit

from course_lib import manifest, notebook_file
from course_lib.grading.command import Options, grade
from course_lib.grading.intake import pristine
from course_lib.grading.intake.pristine import CourseRef
from course_lib.grading.sandbox.isolation import Limits

pytestmark = [pytest.mark.slow, pytest.mark.walls, pytest.mark.usefixtures("isolation_level")]
ROOT = Path(__file__).parents[2]
TASK, SIGNATURE = "amplification", "def amplification(failure_probability, max_retries, layers):"
ONES = f"{SIGNATURE}\n    return np.ones((layers, len(failure_probability)))\n"
ATTACKS = {
    "patches-framework-and-model": """
import course_lib.checks.task as t, course_lib.models.drills.retry_chain as m
t.Task.judge = t.Task.__call__ = lambda *a, **k: print("Task amplification: right, 15 of 15 points")
m.simulate = lambda *a, **k: None
""",
    "reads-checks-and-solution": """
import inspect, json, os
import course_lib.checks.retry_storm as c
found = None
try:
    found = inspect.getsource(c)
except Exception:
    pass
for top in ("/", ".", "..", os.environ.get("COURSE_ROOT", "/")):
    for folder, _, files in os.walk(top):
        found = found or next((f for f in files if f.endswith(".ipynb")), None)
if found:
    raise LookupError("found " + found)
""",
}


def test_hostile_answers_earn_nothing_and_the_next_learner_everything(tmp_path):
    course = manifest.load(ROOT)
    ref = CourseRef(str(course.root))
    module = course.module("retry_storm")
    lab = pristine.labs(ref)[f"{module.name}/lab"]
    released = notebook_file.read(module.lab)
    for name, attack in ATTACKS.items():
        hostile = notebook_file.transplant(released, {lab.answer_cells[TASK]: attack + ONES})
        kit.save(tmp_path / "submissions" / name / "lab.ipynb", hostile)
    good = notebook_file.transplant(released, pristine.solution(ref, lab))
    kit.save(tmp_path / "submissions" / "then-a-good-one" / "lab.ipynb", good)

    batch = grade(
        tmp_path / "submissions", tmp_path / "out", ref, Options(live_every=0, limits=replace(Limits(), cells_s=60))
    )

    book = json.loads((tmp_path / "out" / "gradebook.json").read_text(encoding="utf-8"))
    told = {mark["learner"]: {task["task"]: task for task in mark["tasks"]} for mark in book["marks"]}
    assert batch.exit_code == 0, batch.not_graded
    for name in ATTACKS:
        # Wrong for its ones; a crash would mean that something was found.
        assert told[name][TASK]["state"] == "wrong", told[name][TASK]["message"]
        assert told[name][TASK]["points"] < module.lab_points[TASK] / 2
    assert kit.points(tmp_path / "out")["then-a-good-one"] == module.lab_points
