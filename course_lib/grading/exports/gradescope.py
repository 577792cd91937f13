"""Gradescope's ``results.json``, one for each learner."""

from __future__ import annotations

from typing import Any

from course_lib.grading.book.marks import Mark, TaskMark
from course_lib.grading.exports.book import Book


def results(book: Book) -> dict[str, dict[str, Any]]:
    """What Gradescope reads, by file name of the learner."""
    marked = {mark.learner for mark in book.marks}
    return {name: _one(list(book.of(who).values())) for who, name in book.file_names.items() if who in marked}


def _one(marks: list[Mark]) -> dict[str, Any]:
    return {
        "score": round(sum(mark.points for mark in marks), 2),
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(mark, task) for mark in marks for task in mark.tasks],
    }


def _test(mark: Mark, task: TaskMark) -> dict[str, Any]:
    return {
        "name": f"{mark.lab}: {task.task}",
        "score": task.points,
        "max_score": task.max_points,
        "status": "passed" if task.state == "right" else "failed",
        "output": "\n".join(mark.record.tasks[task.task].lines),
        "output_format": "text",
    }
