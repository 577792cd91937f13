"""From verdicts to marks: lateness, the attempt that counts, marks set by hand. Pure functions of what is recorded."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from course_lib.grading.policy import Policy

MANUAL = "manual.csv"
MANUAL_COLUMNS = ("learner", "lab", "task", "points", "comment")


class MarksError(ValueError):
    """What is wrong in ``manual.csv``, in one line."""


@dataclass(frozen=True)
class TaskMark:
    """One task's mark.

    Attributes
    ----------
    task, state : str
    points : float
        Before lateness.
    max_points : float
    manual : bool
        Whether it was set by hand.
    comment : str
    """

    task: str
    state: str
    points: float
    max_points: float
    manual: bool = False
    comment: str = ""


@dataclass(frozen=True)
class Mark:
    """One learner's mark for one lesson or lab.

    Attributes
    ----------
    learner, lab : str
    tasks : tuple of TaskMark
    late_percent : float
    attempts : int
    record : dict
        The verdict that counts.
    """

    learner: str
    lab: str
    tasks: tuple[TaskMark, ...]
    late_percent: float
    attempts: int
    record: dict[str, Any]

    @property
    def max_points(self) -> float:
        """Points to be had."""
        return sum(task.max_points for task in self.tasks)

    @property
    def points(self) -> float:
        """Points earned: lateness is taken off what the grader gave, not off marks set by hand."""
        kept = (100 - self.late_percent) / 100
        return round(sum(task.points * (1 if task.manual else kept) for task in self.tasks), 2)


Manual = Mapping[tuple[str, str, str], tuple[float, str]]


def marks(records: Iterable[Mapping[str, Any]], policy: Policy, manual: Manual) -> list[Mark]:
    """One mark for each learner and lab, ordered by both.

    Parameters
    ----------
    records : iterable of mapping
        Verdicts of every attempt.
    policy : Policy
    manual : mapping
        As from `read_manual`.
    """
    attempts = defaultdict(list)
    for record in records:
        if record["lab"]:
            attempts[record["learner"], record["lab"]].append(_mark(record, policy, manual))
    return [_counting(attempts[key], policy) for key in sorted(attempts)]


def _mark(record: Mapping[str, Any], policy: Policy, manual: Manual) -> Mark:
    learner, lab = record["learner"], record["lab"]
    tasks = tuple(_task_mark(learner, lab, name, told, manual) for name, told in record["tasks"].items())
    late = policy.late_percent(learner, lab, datetime.fromisoformat(record["submitted"]))
    return Mark(learner, lab, tasks, late, 1, dict(record))


def _task_mark(learner: str, lab: str, name: str, told: Mapping[str, Any], manual: Manual) -> TaskMark:
    by_hand = manual.get((learner, lab, name))
    if by_hand is None:
        return TaskMark(name, told["state"], told["points"], told["max_points"])
    return TaskMark(name, told["state"], by_hand[0], told["max_points"], manual=True, comment=by_hand[1])


def _counting(attempts: list[Mark], policy: Policy) -> Mark:
    """The attempt that counts: the last, or the best and of equals the first."""
    in_order = sorted(attempts, key=lambda mark: (mark.record["submitted"], mark.record["file"]))
    chosen = in_order[-1] if policy.attempt == "last" else max(in_order, key=lambda mark: mark.points)
    return Mark(chosen.learner, chosen.lab, chosen.tasks, chosen.late_percent, len(attempts), chosen.record)


def read_manual(path: Path) -> dict[tuple[str, str, str], tuple[float, str]]:
    """Marks set by hand, from a CSV with the columns `MANUAL_COLUMNS`; the grader reads it and never writes it.

    Raises
    ------
    MarksError
        Naming the line.
    """
    if not path.exists():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if tuple(rows.fieldnames or ()) != MANUAL_COLUMNS:
            raise MarksError(f"{path}: the first line must be {','.join(MANUAL_COLUMNS)}")
        return dict(_manual_row(path, number, row) for number, row in enumerate(rows, 2))


def _manual_row(path: Path, number: int, row: Mapping[str, str]) -> tuple[tuple[str, str, str], tuple[float, str]]:
    try:
        points = float(row["points"])
    except (TypeError, ValueError):
        raise MarksError(f"{path}, line {number}: points {row['points']!r} is not a number") from None
    if not 0 <= points < 1e6:
        raise MarksError(f"{path}, line {number}: points {row['points']!r} is not a mark")
    return (row["learner"], row["lab"], row["task"]), (points, row["comment"] or "")
