"""The miniature course as files: lab, lesson, solution, and learners' notebooks made from answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib.grading.intake.pristine import CourseRef
from course_lib.grading.sandbox.isolation import Limits

CHECKS = Path(__file__).parent / "kit_course"
#: Of time as much as in a class: a machine busy with other tests must change no verdict.
LIMITS = Limits(memory_mb=512)
LAB, LESSON = "01_kit/lab", "01_kit/lesson"
MANIFEST = """
title = "Kit"

[[module]]
number = 1
slug = "kit"
title = "Kit"
symptom = "Numbers are not what they should be."
built = true
minutes = 5
lab_minutes = 10
objectives = ["Double", "Accumulate", "Wait"]
lab_points = { double = 10, running = 20, policy = 30 }
"""
BLANK = {
    "double": 'def double(x):\n    raise NotImplementedError("Task 1: twice x")',
    "running": 'def running_max(x):\n    raise NotImplementedError("Task 2: the largest so far")',
    "policy": 'limit = ...\n\ndef backoff(attempt):\n    raise NotImplementedError("Task 3: wait")',
}
RIGHT = {
    "double": "def double(x):\n    return 2 * x",
    "running": "def running_max(x):\n    return np.maximum.accumulate(x, axis=-1)",
    "policy": "limit = 30.0\n\ndef backoff(attempt):\n    return np.minimum(base ** attempt, limit)",
}
CALLS = {
    "double": "checks.double(double, seed=seed)",
    "running": "checks.running(running_max, seed=seed)",
    "policy": "checks.policy(backoff, limit, seed=seed)",
}
POINTS = {"double": 10, "running": 20, "policy": 30}
PASSING = {
    "double": "gives twice every number|gives the number back from its half",
    "running": "follows the largest so far|does not look ahead",
    "policy": "the limit lies between 10 and 60 s|waits double up to the limit",
}


def course(root: Path) -> CourseRef:
    """Write the course into `root`."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "course.toml").write_text(MANIFEST, encoding="utf-8")
    save(root / "labs/01_kit.ipynb", lab(BLANK))
    save(root / "solutions/01_kit.ipynb", notebook([answer(task, source) for task, source in RIGHT.items()]))
    return CourseRef(str(root), "{slug}_checks", (str(CHECKS),))


def lab(answers: Mapping[str, str]) -> nbformat.NotebookNode:
    """The lab with these answers in it."""
    given = [
        new_markdown_cell("# Kit", id="title"),
        code("imports", "import numpy as np\nimport kit_checks as checks"),
        code("parameters", "seed = 1", "parameters"),
        code("given", "base = 2.0"),
        code("unneeded", "grid = [n * base for n in range(3)]\ngrid"),
    ]
    for task in RIGHT:
        given += [answer(task, answers.get(task, BLANK[task])), check(task)]
    return notebook(given)


def submission(answers: Mapping[str, str]) -> nbformat.NotebookNode:
    """A learner's notebook: the lab with answers, right where none is given."""
    return lab({**RIGHT, **answers})


def answer(task: str, source: str) -> nbformat.NotebookNode:
    """An answer cell."""
    return code(f"{task}-answer", source, "answer")


def check(task: str) -> nbformat.NotebookNode:
    """A check cell with the passing verdict stored."""
    cell = code(f"{task}-check", CALLS[task], "check", "nbval-check-output")
    cell.metadata["course"] = {"task": task, "points": POINTS[task]}
    lines = [f"Task {task}: right, {POINTS[task]} of {POINTS[task]} points"]
    lines += [f"  ok    {text}" for text in PASSING[task].split("|")]
    cell.outputs = [new_output("stream", name="stdout", text="\n".join(lines) + "\n")]
    return cell


def code(id_: str, source: str, *tags: str) -> nbformat.NotebookNode:
    """A code cell that has been run."""
    return new_code_cell(source, id=id_, metadata={"tags": list(tags)} if tags else {}, execution_count=1)


def notebook(cells: list[nbformat.NotebookNode]) -> nbformat.NotebookNode:
    """A notebook for the course's kernel."""
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def save(path: Path, whole: Any) -> None:
    """Write a notebook, or whatever stands in for one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(whole if isinstance(whole, str) else json.dumps(whole), encoding="utf-8")


def points(folder: Path) -> dict[str, dict[str, float]]:
    """Points by learner and task from a gradebook's JSON."""
    book = json.loads((folder / "gradebook.json").read_text(encoding="utf-8"))
    return {mark["learner"]: {t["task"]: t["points"] for t in mark["tasks"]} for mark in book["marks"]}
