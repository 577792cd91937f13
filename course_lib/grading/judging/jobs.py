"""One submission: sessions, verdicts, comparison. Runs in a trusted worker; no learner's code runs here."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from course_lib.checks.task import CRASHED, NOT_ATTEMPTED, RIGHT, Curve, Demand, Task, Verdict
from course_lib.grading.intake import pristine
from course_lib.grading.intake.copies import borrowed, shape
from course_lib.grading.intake.pristine import Lab
from course_lib.grading.judging import recorded
from course_lib.grading.judging.alarm import Overtime, alarm
from course_lib.grading.judging.recorded import Comparer
from course_lib.grading.sandbox.box import TIMED_OUT, CellsOutcome, Sandbox, Session, error_text, level_of

REFUSED, NOT_GRADED = "refused", "not graded"
_CURVE_POINTS = 240
_GRACE_S = 0.5  # for the trusted side, beyond the submission's own limit


@dataclass(frozen=True)
class Job:
    """One learner's answers to one released notebook, as sent to a worker.

    Attributes
    ----------
    learner, lab : str
        `lab` is a key such as ``01_retry_storm/lab``.
    answers : dict of str to str
        Sources by id of the answer cell; nothing else of a submission travels.
    judge_seed : int
        Known to the trusted side alone.
    notebook_seed : int
        Set in the notebook that is run and recorded.
    live : bool
        Also run papermill and nbval in a sandbox.
    refused : dict of str to str
        Tasks that intake refused, and why.
    tasks : tuple of str
        The tasks to judge; all of them where empty.
    """

    learner: str
    lab: str
    answers: dict[str, str]
    judge_seed: int
    notebook_seed: int
    live: bool = False
    refused: dict[str, str] = field(default_factory=dict)
    tasks: tuple[str, ...] = ()


@dataclass
class Outcome:
    """What became of a job; `to_dict` is what is recorded."""

    tasks: dict[str, Verdict] = field(default_factory=dict)
    nbval: dict[str, str] = field(default_factory=dict)
    nbval_live: dict[str, str] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, str] = field(default_factory=dict)
    borrowed: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0

    def to_dict(self, lab: Lab) -> dict[str, Any]:
        """Plain data: tasks, nbval's view of each check cell, disagreements, isolation, seconds."""
        return {
            "tasks": {name: verdict_fields(verdict) for name, verdict in self.tasks.items()},
            "nbval": {"recorded": _by_task(lab, self.nbval), "live": _by_task(lab, self.nbval_live)},
            "disagreements": disagreements(lab, self),
            "shapes": self.shapes,
            "borrowed": self.borrowed,
            "isolation": {"level": level_of(self.layers), "layers": self.layers},
            "seconds": round(self.seconds, 4),
        }


def grade(job: Job, lab: Lab, sandbox: Sandbox, comparer: Comparer | None) -> Outcome:
    """Judge every task of a job.

    Parameters
    ----------
    job : Job
    lab : Lab
    sandbox : Sandbox
    comparer : Comparer or None
        Without one, nothing is compared by nbval.

    Raises
    ------
    SandboxError
        When no sandbox can be had: the job can be tried again elsewhere.
    """
    started = time.monotonic()
    deadline = started + sandbox.limits.total_s
    sources = {name: job.answers.get(cell, "") for name, cell in lab.answer_cells.items()}
    outcome = Outcome(
        shapes={name: shape(source) for name, source in sources.items()},
        borrowed={name: used for name, source in sources.items() if (used := borrowed(source))},
    )
    whole = judge_answers(job, lab, sandbox, deadline, outcome)
    if comparer is not None and whole:
        _record_and_compare(job, lab, sandbox, deadline, comparer, outcome)
    if job.live and whole:
        from course_lib.grading.sandbox import live

        notebook = pristine.notebook_file.transplant(lab.notebook, job.answers)
        readable = sandbox.readable(for_answers=False)
        outcome.nbval_live = live.run(notebook, sandbox.view, job.notebook_seed, sandbox.limits, readable)
    outcome.seconds = time.monotonic() - started
    return outcome


def judge_answers(job: Job, lab: Lab, sandbox: Sandbox, deadline: float, outcome: Outcome) -> bool:
    """Fill `outcome.tasks`; return whether one session sufficed.

    A session that ends early costs the task it ended in. Its cell is left out, and the tasks not yet judged get a
    fresh session.
    """
    pending = [name for name in job.tasks or lab.tasks if _answered(job, lab, name, outcome)]
    leave_out: set[str] = set()
    while pending and time.monotonic() < deadline:
        with sandbox.session(deadline, for_answers=True) as session:
            outcome.layers = session.held
            ran = session.run(pristine.answer_plan(lab, job.answers, leave_out))
            judge = (session, ran, pending, job, lab, outcome, deadline)
            culprit = ran.culprit if ran.ended else _judge_until_it_ends(*judge)
        if culprit is None:
            break
        if culprit not in _sources(lab):
            culprit = lab.answer_cells[pending[0]]
        leave_out.add(culprit)
        _blame(lab, culprit, ran, pending, outcome)
    for name in pending:
        outcome.tasks.setdefault(name, lab.tasks[name].stopped(TIMED_OUT, "the submission's time was up before it"))
    return not leave_out and not pending


def _sources(lab: Lab) -> set[str]:
    return {cell.id for cell in lab.notebook.cells}


def _answered(job: Job, lab: Lab, name: str, outcome: Outcome) -> bool:
    """Whether the task has an answer other than the released blank; the rest is settled without a sandbox."""
    cell = lab.answer_cells[name]
    if name in job.refused:
        outcome.tasks[name] = lab.tasks[name].stopped(REFUSED, job.refused[name])
        return False
    blank = next(c.source for c in lab.notebook.cells if c.id == cell)
    if job.answers.get(cell, blank).strip() not in (blank.strip(), ""):
        return True
    reason = "its answer cell is as released" if cell in job.answers else f"the submission has no cell {cell!r}"
    outcome.tasks[name] = lab.tasks[name].stopped(NOT_ATTEMPTED, reason)
    return False


def _judge_until_it_ends(
    session: Session, ran: CellsOutcome, pending: list[str], job: Job, lab: Lab, outcome: Outcome, deadline: float
) -> str | None:
    """Judge pending tasks in order; the cell of the task in which the session ended, or None."""
    for name in list(pending):
        cell = lab.answer_cells[name]
        try:
            with alarm(deadline + _GRACE_S - time.monotonic()):
                outcome.tasks[name] = _judge(session, ran, lab.tasks[name], cell, job.judge_seed)
        except Overtime:  # the exchange may have been cut in two: this session is over
            session.ended = TIMED_OUT
            outcome.tasks[name] = lab.tasks[name].stopped(TIMED_OUT, "the submission's time was up while it was judged")
        pending.remove(name)
        if session.ended:
            return cell
    return None


def _judge(session: Session, ran: CellsOutcome, task: Task, cell: str, seed: int) -> Verdict:
    record = ran.records.get(cell)
    if record is None:
        return task.stopped(CRASHED, "its answer cell could not be run")
    if record["error"]:
        told = record["error"]
        where = f" at {told.get('where')}" if told.get("where") else ""
        return task.stopped(CRASHED, f"the answer cell raised {error_text(told)}{where}"[:400])
    return task.judge({name: session.proxy(name) for name in task.answers}, seed)


def _blame(lab: Lab, culprit: str, ran: CellsOutcome, pending: list[str], outcome: Outcome) -> None:
    """Settle the task whose cell ended the session while it ran."""
    name = lab.task_of_cell.get(culprit)
    if name in pending:
        pending.remove(name)
        took = ran.ended == TIMED_OUT
        reason = "its answer cell did not finish in time" if took else "its answer cell ended the process it ran in"
        outcome.tasks[name] = lab.tasks[name].stopped(TIMED_OUT if took else CRASHED, reason)


def _record_and_compare(
    job: Job, lab: Lab, sandbox: Sandbox, deadline: float, comparer: Comparer, outcome: Outcome
) -> None:
    notebook = pristine.transplanted(lab, job.answers, job.notebook_seed)
    with sandbox.session(deadline, for_answers=False) as session:
        ran = session.run(pristine.notebook_plan(notebook))
    outcome.nbval = comparer.compare(notebook, ran.records)


def _by_task(lab: Lab, by_cell: Mapping[str, str]) -> dict[str, str]:
    return {name: by_cell[f"{name}-check"] for name in lab.tasks if f"{name}-check" in by_cell}


def disagreements(lab: Lab, outcome: Outcome) -> list[str]:
    """Where nbval's view of the notebook and the verdict differ, in words; the verdict counts."""
    lines = []
    for kind, by_cell in (("recorded", outcome.nbval), ("live", outcome.nbval_live)):
        seen = _by_task(lab, by_cell)
        for name, state in ((name, seen[name]) for name in outcome.tasks if name in seen):
            passed = state == recorded.PASSED
            if passed != (outcome.tasks[name].state == RIGHT):
                lines.append(f"{name}: verdict {outcome.tasks[name].state}, nbval ({kind}) {state}")
    return lines + [f"nbval (live) {why}" for cell, why in outcome.nbval_live.items() if not cell]


def verdict_fields(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain data."""
    return {
        "state": verdict.state,
        "points": verdict.points,
        "max_points": verdict.max_points,
        "lines": list(verdict.lines),
        "hints": list(verdict.hints[:1]),
        "demands": [demand_fields(found) for found in verdict.findings],
    }


def demand_fields(found: Demand) -> dict[str, Any]:
    """A demand as plain data."""
    fields = {"text": found.text, "ok": found.ok, "seen": found.seen, "weight": found.weight}
    return fields if found.curve is None else fields | {"curve": curve_fields(found.curve)}


def curve_fields(curve: Curve) -> dict[str, Any]:
    """A curve as plain data, thinned to what a small picture can show."""
    step = max(1, -(-np.size(curve.x) // _CURVE_POINTS))
    rows = {
        name: [round(v, 6) if np.isfinite(v) else None for v in np.asarray(getattr(curve, name), float).ravel()[::step]]
        for name in ("x", "yours", "reference")
    }
    words = {key: value for key, value in asdict(curve).items() if isinstance(value, str)}
    return words | rows
