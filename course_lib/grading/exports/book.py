"""The gradebook as one value, and as the published JSON (``docs/gradebook.schema.json``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from course_lib.grading.book.marks import Mark, TaskMark
from course_lib.grading.book.policy import Policy
from course_lib.grading.book.record import Record, TaskRecord
from course_lib.grading.exports.files import file_names
from course_lib.grading.intake.copies import Copy
from course_lib.grading.intake.papers import Paper
from course_lib.grading.intake.pristine import Lab
from course_lib.grading.intake.roster import Person

VERSION = 1
_REFUSED = "refused"


@dataclass(frozen=True)
class Book:
    """Marks of a class and what belongs to them.

    Attributes
    ----------
    labs : mapping of str to Lab or Paper
    marks : sequence of Mark
    people : mapping of str to Person
    rules : Policy
    copies : sequence of Copy
    unread : sequence of (learner, file, reason)
        Files that belong to no lab.
    """

    labs: Mapping[str, Lab | Paper]
    marks: Sequence[Mark]
    people: Mapping[str, Person]
    rules: Policy
    copies: Sequence[Copy]
    unread: Sequence[tuple[str, str, str]]

    def of(self, learner: str) -> dict[str, Mark]:
        """A learner's marks by lab."""
        return {mark.lab: mark for mark in self.marks if mark.learner == learner}

    @cached_property
    def file_names(self) -> dict[str, str]:
        """What the files of each learner who handed in are called."""
        learners = dict.fromkeys([*(mark.learner for mark in self.marks), *(who for who, _, _ in self.unread)])
        return file_names(learners)

    @property
    def used_labs(self) -> list[str]:
        """Labs that somebody handed in, in course order."""
        used = {mark.lab for mark in self.marks}
        return [key for key in self.labs if key in used]

    def title(self, lab: str) -> str:
        """A lab's title for people, or a post-mortem's."""
        return f"{self.labs[lab].title}, {self.labs[lab].part}"


def remarks(mark: Mark, *, trouble: bool = True) -> list[str]:
    """What lateness took and by whose word, why a run does not count or a file was not read, and what of it was not."""
    told = [mark.remark, mark.not_own, mark.record.trouble if trouble else "", *mark.record.notes]
    return [one for one in (*told, *_not_read(mark.record)) if one]


def _not_read(record: Record) -> Iterator[str]:
    """Answers that were not read in a file that was, and why."""
    for name, told in record.tasks.items():
        if told.state == _REFUSED and not record.trouble:
            yield f"{name}: {told.lines[-1].split(maxsplit=1)[-1]}"  # without the line's mark


def gradebook_json(book: Book) -> dict[str, Any]:
    """The gradebook as plain data."""
    return {
        "version": VERSION,
        "marks": [_mark(mark) for mark in book.marks],
        "copies": [{"lab": c.lab, "task": c.task, "learners": list(c.learners)} for c in book.copies],
        "unread": [{"learner": who, "file": file, "reason": why} for who, file, why in book.unread],
    }


def _mark(mark: Mark) -> dict[str, Any]:
    record = mark.record
    return {
        "learner": mark.learner,
        "lab": mark.lab,
        "points": mark.points,
        "max_points": mark.max_points,
        "late_percent": mark.late_percent,
        "attempts": mark.attempts,
        "file": record.file,
        "submitted": record.submitted,
        "stamp": record.stamp,
        "remark": "; ".join(filter(None, (mark.remark, mark.not_own))),
        "notes": record.notes,
        "trouble": record.trouble,
        "isolation": record.isolation.level,
        "nbval": record.nbval.model_dump(),
        "disagreements": record.disagreements,
        "signature": record.signature,
        "tasks": [_task(task, record.tasks[task.task]) for task in mark.tasks],
    }


def _task(task: TaskMark, told: TaskRecord) -> dict[str, Any]:
    return {
        "task": task.task,
        "state": task.state,
        "points": task.points,
        "max_points": task.max_points,
        "manual": task.manual,
        "comment": task.comment,
        "message": told.lines,
        "hint": (told.hints or [""])[0],
    }
