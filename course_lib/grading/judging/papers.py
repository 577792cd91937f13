"""One post-mortem: read, held against its run, and told by the groups of the rubric. No learner's code is in it.

Document and run are a stranger's text all the same. Both are bounded in size, depth and number of parts where they are
read, the run is played by the course's own scenario, and a clock stands over all of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from course_lib.checks.task import RIGHT, WRONG
from course_lib.grading.book.record import COURSE_RUN, TaskRecord
from course_lib.grading.intake.papers import DOCUMENT, RUN, Paper, name
from course_lib.grading.judging.alarm import Overtime, alarm, last_alarm
from course_lib.grading.judging.jobs import REFUSED, task_record
from course_lib.grading.sandbox.box import TIMED_OUT
from course_lib.postmortem.finding import ERROR
from course_lib.postmortem.rubric import Grade, rules

#: Seconds for one document on a machine that does much else; alone it takes one or two.
PATIENCE_S = 60.0
LAST_S = 60.0  # more, for a process that is not heard of for a while on a busy machine, before it is ended
#: Share of a group's points from which it is called right.
_ENOUGH = 0.7


@dataclass(frozen=True)
class PaperJob:
    """One learner's post-mortem, as sent to a worker.

    Attributes
    ----------
    learner : str
    paper : Paper
    answers : dict of str to str
        Texts of document and run.
    """

    learner: str
    paper: Paper
    answers: dict[str, str]


def grade(job: PaperJob, patience_s: float = PATIENCE_S) -> dict[str, Any]:
    """Grade a post-mortem; the result is fields of its `Record`."""
    started = time.monotonic()
    try:
        with last_alarm(patience_s + LAST_S), alarm(patience_s):
            found = _judged(job)
    except Overtime:
        found = _stopped(job.paper, TIMED_OUT, f"took longer than {patience_s:g} s to grade; shorten it")
    return found | {"seconds": round(time.monotonic() - started, 4)}


def _judged(job: PaperJob) -> dict[str, Any]:
    from course_lib.postmortem import check, document, replay, shipped  # for those who hand one in

    try:
        paper = document.parse(job.answers[DOCUMENT], "it")
        sealed = replay.parse(job.answers[RUN], "the run")
        played = shipped.digest(sealed.plain)
        if played == shipped.of_the_exercise():
            return _stopped(job.paper, REFUSED, "tells of the exercise's run, whose model is published; play your own")
        report = check.against(paper, sealed)
    except (document.DocumentError, replay.RunError) as error:
        return _stopped(job.paper, REFUSED, f"cannot be graded: {str(error).removeprefix('it: ')}")
    groups = check.by_group(report)
    told = {group: _task(group, job.paper, report.grade, groups[group]) for group in report.grade.points}
    return {
        "tasks": {name(group): one for group, one in told.items()},
        "run": COURSE_RUN if played == shipped.of_the_lab() else played,
    }


def _stopped(paper: Paper, state: str, reason: str) -> dict[str, Any]:
    tasks = {task: task_record(group.stopped(state, reason)) for task, group in paper.tasks.items()}
    return {"tasks": tasks, "trouble": f"the document {reason}"}


def _task(group: str, paper: Paper, grade: Grade, lines: Sequence[str]) -> TaskRecord:
    earned, of = grade.points[group]
    share, worth = earned / of, paper.tasks[name(group)].points
    state, points = (RIGHT if share >= _ENOUGH else WRONG), round(share * worth, 2)
    head = f"{name(group)}: {points:g} of {worth:g} points"
    return TaskRecord(
        state=state,
        points=points,
        max_points=worth,
        lines=[head, *(f"  {line}" for line in lines)],
        demands=list(_demands(group, grade)),
    )


def _demands(group: str, grade: Grade) -> Iterator[dict[str, Any]]:
    """The rules of a group as demands, for what a class misses most."""
    for rule, says in rules(group).items():
        missed = [one for one in grade.findings if one.rule == rule and one.level == ERROR and not one.objection]
        seen = missed[0].reason if missed else ""
        yield {"text": f"{rule}: {says}", "ok": not missed, "seen": seen, "weight": 1.0}
