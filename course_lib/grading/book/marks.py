"""From verdicts to marks: lateness, the attempt that counts, marks set by hand. Pure functions of what is recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from course_lib.borrowing import why_worthless, worthless
from course_lib.grading.book import by_hand
from course_lib.grading.book.policy import Policy
from course_lib.grading.book.record import COURSE_RUN, Record, TaskRecord
from course_lib.grading.intake.files import plain_name
from course_lib.grading.intake.papers import Paper
from course_lib.grading.intake.pristine import Lab

MANUAL = "manual.csv"
_NOT_OWN = "not counted: its run is not theirs alone"
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
        Those that could be read, or where none could, all.
    record : Record
        The verdict that counts.
    remark : str
        What lateness rests on, where it took something, or why it did not; else empty.
    not_own : str
        Why a post-mortem's run is nobody's own, and it earns nothing; else empty.
    """

    learner: str
    lab: str
    tasks: tuple[TaskMark, ...]
    late_percent: float
    attempts: int
    record: Record
    remark: str = ""
    not_own: str = ""

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


def marks(records: Iterable[Record], policy: Policy, manual: Manual) -> list[Mark]:
    """One mark for each learner and lab, ordered by both.

    Parameters
    ----------
    records : iterable of Record
        Verdicts of every attempt.
    policy : Policy
    manual : mapping
        As from `read_manual`.
    """
    attempts, records = defaultdict(list), list(records)
    known = shared(records) if policy.shared_runs == "nothing" else {}
    for record in records:
        if record.lab:
            why = _why_not_own(record.run) if record.run in known else ""
            attempts[record.learner, record.lab].append(_mark(record, policy, manual, why))
    return [_counting(attempts[key], policy) for key in sorted(attempts)]


def shared(records: Iterable[Record]) -> dict[str, list[str]]:
    """Runs that are nobody's own, with those who handed them in: of several learners, or the one that lab 12 has.

    Parameters
    ----------
    records : iterable of Record
        Verdicts of every attempt.
    """
    owners = defaultdict(set)
    for record in records:
        if record.run:
            owners[record.run].add(record.learner)
    return {run: sorted(who) for run, who in owners.items() if len(who) > 1 or run == COURSE_RUN}


def _why_not_own(run: str) -> str:
    """Why a shared run earns nothing, without saying who else has it: the page goes to the learner."""
    if run == COURSE_RUN:
        return "it tells of the run that comes with the lab, which everybody has; hand in a drill that you played"
    return "another learner handed in the same run; ask your instructor, or hand in a drill that you played alone"


def _mark(record: Record, policy: Policy, manual: Manual, not_own: str = "") -> Mark:
    learner, lab = record.learner, record.lab
    taken = record.borrowed if policy.borrowed == "nothing" else {}
    tasks = tuple(
        _task_mark(learner, lab, name, told, manual, _NOT_OWN if not_own else _why_borrowed(taken.get(name, ())))
        for name, told in record.tasks.items()
    )
    late = policy.late_percent(learner, lab, record.when)
    if not late or policy.late.believes(record.stamp):
        told = f"{late:g} % off for lateness, by its {record.stamp}: {record.submitted}" if late else ""
        return Mark(learner, lab, tasks, late, 1, record, told, not_own)
    told = f"late by its {record.stamp} alone ({record.submitted}), for which nobody vouches: nothing taken off"
    return Mark(learner, lab, tasks, 0.0, 1, record, told, not_own)


def _why_borrowed(names: Sequence[str]) -> str:
    taken = worthless(names)
    return why_worthless(taken) if taken else ""


def _task_mark(learner: str, lab: str, name: str, told: TaskRecord, manual: Manual, worth_nothing: str) -> TaskMark:
    given = manual.get((learner, lab, name))
    if given is None and told.points and worth_nothing:
        return TaskMark(name, told.state, 0.0, told.max_points, comment=worth_nothing)
    if given is None:
        return TaskMark(name, told.state, told.points, told.max_points)
    return TaskMark(name, told.state, given[0], told.max_points, manual=True, comment=given[1])


def _counting(attempts: list[Mark], policy: Policy) -> Mark:
    """The attempt that counts: the last, or the best and of equals the first.

    A file that cannot be read may be an attempt at anything: it stands for nothing where another one could be read.
    """
    readable = [mark for mark in attempts if not mark.record.trouble] or attempts
    in_order = sorted(readable, key=lambda mark: (mark.record.when, mark.record.file))
    chosen = in_order[-1] if policy.attempt == "last" else max(in_order, key=lambda mark: mark.points)
    return replace(chosen, attempts=len(readable))


def read_manual(path: Path) -> dict[tuple[str, str, str], tuple[float, str]]:
    """Marks set by hand, from a CSV with the columns `MANUAL_COLUMNS`; the grader reads it and never writes it.

    Raises
    ------
    MarksError
        Naming the line.
    """
    if not path.exists():
        return {}
    columns, rows = by_hand.rows(path, MarksError)
    if columns != MANUAL_COLUMNS:
        raise MarksError(f"{path}: the first line must be {','.join(MANUAL_COLUMNS)}")
    found: dict[tuple[str, str, str], tuple[float, str]] = {}
    for number, row in rows:
        key, given = _manual_row(path, number, row)
        if key in found:
            raise MarksError(f"{path}, line {number}: {', '.join(key)} has points on an earlier line; keep one")
        found[key] = given
    return found


def unknown_rows(manual: Manual, labs: Mapping[str, Lab | Paper], records: Iterable[Record]) -> list[str]:
    """Marks set by hand that count nowhere, or for more than the task has.

    Parameters
    ----------
    manual : mapping
        As from `read_manual`.
    labs : mapping of str to Lab or Paper
    records : iterable of Record
        The verdicts that marks are made from.

    Returns
    -------
    list of str
        A line for each, naming learner, lab and task.
    """
    handed_in = {(record.learner, record.lab) for record in records}
    told = ((key, _unknown_row(key, points, labs, handed_in)) for key, (points, _) in sorted(manual.items()))
    return [f"{MANUAL}: {', '.join(key)}: {why}" for key, why in told if why]


def _unknown_row(
    key: tuple[str, str, str], points: float, labs: Mapping[str, Lab | Paper], handed_in: set[tuple[str, str]]
) -> str:
    learner, lab, task = key
    if lab not in labs:
        return f"counted nowhere: no lesson or lab is called {lab!r}"
    if task not in labs[lab].tasks:
        return f"counted nowhere: its tasks are {', '.join(labs[lab].tasks)}"
    if (learner, lab) not in handed_in:
        alone = learner not in {who for who, _ in handed_in}
        what = f"nobody handed in as {learner!r}" if alone else f"{learner} handed in nothing for it"
        return f"counted nowhere: {what}; for work on paper hand in the released notebook in their folder"
    most = labs[lab].tasks[task].points
    return f"{points:g} points of {most:g}, counted as written" if points > most else ""


def _manual_row(path: Path, number: int, row: Mapping[str, str]) -> tuple[tuple[str, str, str], tuple[float, str]]:
    try:
        points = float(row["points"].replace(",", "."))
    except ValueError:
        raise MarksError(f"{path}, line {number}: points {row['points']!r} is not a number") from None
    if not 0 <= points < 1e6:
        raise MarksError(f"{path}, line {number}: points {row['points']!r} is not a mark")
    return (plain_name(row["learner"]), row["lab"], row["task"]), (points, row["comment"])
