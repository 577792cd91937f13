"""One submission: sessions, verdicts, comparison. Runs in a trusted worker; no learner's code runs here."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from course_lib.checks.task import CRASHED, NOT_ATTEMPTED, RIGHT, WRONG, Curve, Demand, Task, Verdict, demand
from course_lib.grading.book.record import Isolation, Nbval, TaskRecord
from course_lib.grading.intake import pristine
from course_lib.grading.intake.pristine import Lab
from course_lib.grading.intake.reading import Reading
from course_lib.grading.judging import recorded
from course_lib.grading.judging.alarm import Overtime, alarm
from course_lib.grading.judging.recall import Recall, same
from course_lib.grading.judging.recorded import Comparer
from course_lib.grading.sandbox.box import TIMED_OUT, CellsOutcome, Sandbox, Session, error_text, level_of, printable
from course_lib.grading.sandbox.frames import PASSED_OVER
from course_lib.grading.sandbox.reader import Reader

REFUSED, NOT_GRADED = "refused", "not graded"
_CURVE_POINTS = 240
_MOST_PASSED_OVER = 3
_GRACE_S = 0.5  # for the trusted side, beyond the submission's own limit
#: Share of a submission's time that is kept for asking its answers again.
_RESERVE = 0.2


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
    """What became of a job; `to_record` is what is recorded."""

    tasks: dict[str, Verdict] = field(default_factory=dict)
    nbval: dict[str, str] = field(default_factory=dict)
    nbval_live: dict[str, str] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, str] = field(default_factory=dict)
    borrowed: dict[str, list[str]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    seconds: float = 0.0
    spent: dict[str, float] = field(default_factory=dict)

    def to_record(self, lab: Lab) -> dict[str, Any]:
        """The fields of a `Record`: tasks, nbval's view of each check cell, disagreements, isolation, seconds."""
        return {
            "tasks": {name: task_record(verdict) for name, verdict in self.tasks.items()},
            "nbval": Nbval(recorded=_by_task(lab, self.nbval), live=_by_task(lab, self.nbval_live)),
            "disagreements": disagreements(lab, self),
            "notices": self.notices,
            "shapes": self.shapes,
            "borrowed": self.borrowed,
            "isolation": Isolation(level=level_of(self.layers), layers=self.layers),
            "seconds": round(self.seconds, 4),
            "spent": {stage: round(seconds, 4) for stage, seconds in self.spent.items()},
        }

    @contextlib.contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Count what runs inside as this stage's."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.spent[stage] = self.spent.get(stage, 0.0) + time.monotonic() - started


@dataclass(frozen=True)
class Bench:
    """What a worker keeps from job to job.

    Attributes
    ----------
    sandbox : Sandbox
    reader : Reader
    comparer : Comparer or None
        Without one, nothing is compared by nbval.
    """

    sandbox: Sandbox
    reader: Reader
    comparer: Comparer | None = None


def grade(job: Job, lab: Lab, bench: Bench) -> Outcome:
    """Judge every task of a job.

    Parameters
    ----------
    job : Job
    lab : Lab
    bench : Bench

    Raises
    ------
    SandboxError
        When no sandbox can be had: the job can be tried again elsewhere.
    """
    bench.sandbox.ready()  # a start anew is on nobody's clock
    started = time.monotonic()
    limit = bench.sandbox.limits.total_s
    deadline, outcome = started + (1 - _RESERVE) * limit, Outcome()
    with outcome.timed("reading"):
        read = _read(job, lab, bench.reader, deadline, outcome)
    judged = _Judged(job, lab, bench.sandbox, deadline, outcome, read, _RESERVE * limit)
    whole = judge_answers(judged)
    # The verdicts stand: nothing that follows may cost one.
    if bench.comparer is not None and whole:
        with outcome.timed("nbval (recorded)"):
            outcome.nbval = _told(lambda: _record_and_compare(judged, bench.comparer))
    if job.live and whole:
        with outcome.timed("nbval (live)"):
            outcome.nbval_live = _told(lambda: _run_live(judged))
    for kind, told in (("recorded", outcome.nbval), ("live", outcome.nbval_live)):
        if "" in told:
            outcome.notices.append(f"nbval ({kind}) {told.pop('')}")
    outcome.seconds = time.monotonic() - started
    return outcome


@dataclass(frozen=True)
class _Judged:
    """A job at work.

    Attributes
    ----------
    job, lab, sandbox, outcome
    deadline : float
        On the clock of `time.monotonic`.
    read : dict of str to Reading
        Of its answers, by cell id.
    reserve_s : float
        Beyond the deadline, for asking again.
    """

    job: Job
    lab: Lab
    sandbox: Sandbox
    deadline: float
    outcome: Outcome
    read: dict[str, Reading]
    reserve_s: float

    def plan(self, leave_out: set[str]) -> dict[str, Any]:
        """What runs where answers are called."""
        used = {cell: one.used for cell, one in self.read.items()}
        return pristine.answer_plan(self.lab, self.job.answers, leave_out, used)


def _read(job: Job, lab: Lab, reader: Reader, deadline: float, outcome: Outcome) -> dict[str, Reading]:
    """Read each answer, by cell id; one that cannot be read loses its task here."""
    read, among = {}, pristine.given_names(lab)
    for name, cell in lab.answer_cells.items():
        source = job.answers.get(cell, "")
        one = reader.read(source, among, deadline) if source.strip() else Reading()
        if one is None:
            reason = "its answer cell nests too deeply, or takes too long, to be read; write it more plainly"
            outcome.tasks[name] = lab.tasks[name].stopped(REFUSED, reason)
            continue
        read[cell] = one
        outcome.shapes[name] = one.shape
        if one.borrowed:
            outcome.borrowed[name] = list(one.borrowed)
    return read


def _told(compare: Callable[[], dict[str, str]]) -> dict[str, str]:
    """What a comparison told, or under the key "" why it told nothing."""
    try:
        return compare()
    except Exception as error:
        return {"": f"could not run: {printable(error) or type(error).__name__}"}


def judge_answers(judged: _Judged) -> bool:
    """Fill the outcome's tasks; return whether one session sufficed.

    A session that ends early costs the task it ended in. Its cell is left out, and the tasks not yet judged get a
    fresh session.
    """
    job, lab, outcome, deadline = judged.job, judged.lab, judged.outcome, judged.deadline
    pending = [name for name in job.tasks or lab.tasks if _answered(job, lab, name, outcome)]
    unread = leave_out = {cell for name, cell in lab.answer_cells.items() if cell not in judged.read}
    recalls: dict[str, Recall] = {}
    while pending and time.monotonic() < deadline:
        with outcome.timed("judging"), judged.sandbox.session(deadline, for_answers=True) as session:
            outcome.layers = session.held
            ran = session.run(judged.plan(leave_out))
            culprit = ran.culprit if ran.ended else _judge_until_it_ends(session, ran, pending, judged, recalls)
        if culprit is None:
            break
        if culprit not in _sources(lab):
            culprit = lab.answer_cells[pending[0]]
        leave_out = leave_out | {culprit}
        _blame(lab, culprit, ran, pending, outcome)
    for name in pending:
        outcome.tasks.setdefault(name, lab.tasks[name].stopped(TIMED_OUT, "the submission's time was up before it"))
    with outcome.timed("asking again"):
        _ask_again(judged, recalls, leave_out)
    return leave_out == unread and not pending


def _ask_again(judged: _Judged, recalls: dict[str, Recall], leave_out: set[str]) -> None:
    """Take the points of tasks whose answers say something else when they are asked again, in a fresh process."""
    tasks, deadline = judged.outcome.tasks, judged.deadline + judged.reserve_s
    asked = {name: recall.again() for name, recall in recalls.items() if tasks[name].points}
    # The quickest first: a slow answer costs no other its turn.
    waiting = sorted((name for name in asked if asked[name]), key=lambda name: recalls[name].seconds)
    while waiting and time.monotonic() < deadline:
        with judged.sandbox.session(deadline, for_answers=True) as session:
            ran = session.run(judged.plan(leave_out))
            if ran.ended:  # a cell that cannot be run again costs its own task its points, and no other
                mine = judged.lab.task_of_cell.get(ran.culprit or "")
                if mine is None or ran.culprit in leave_out:
                    break
                leave_out = leave_out | {ran.culprit}
                if mine in waiting:
                    waiting.remove(mine)
                    tasks[mine] = _inconsistent(tasks[mine], len(asked[mine]), len(asked[mine]))
            while waiting and not session.ended:
                name = waiting.pop(0)
                if other := sum(not same(call, session.proxy(call.name)) for call in asked[name]):
                    tasks[name] = _inconsistent(tasks[name], other, len(asked[name]))
    for name in waiting:
        tasks[name] = _inconsistent(tasks[name], len(asked[name]), len(asked[name]))


def _inconsistent(verdict: Verdict, other: int, count: int) -> Verdict:
    """The verdict without its points."""
    text = "gives the same answer to the same question, whenever it is asked"
    seen = f"{other} of {count} calls answered otherwise in a fresh process"
    found = demand(text, ok=False, seen=seen, essential=True)
    head = f"Task {verdict.task}: {WRONG}, 0 of {verdict.max_points:g} points"
    lines = (head, *verdict.lines[1:], found.line, f"  note  no points without this: {text}")
    return replace(verdict, state=WRONG, points=0.0, lines=lines, findings=(*verdict.findings, found))


def _sources(lab: Lab) -> set[str]:
    return {cell.id for cell in lab.notebook.cells}


def _answered(job: Job, lab: Lab, name: str, outcome: Outcome) -> bool:
    """Whether the task has an answer other than the released blank; the rest is settled without a sandbox."""
    cell = lab.answer_cells[name]
    if name in outcome.tasks:
        return False
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
    session: Session, ran: CellsOutcome, pending: list[str], judged: _Judged, recalls: dict[str, Recall]
) -> str | None:
    """Judge pending tasks in order; the cell of the task in which the session ended, or None."""
    job, lab, outcome = judged.job, judged.lab, judged.outcome
    for name in list(pending):
        cell, recall = lab.answer_cells[name], Recall(job.judge_seed)
        try:
            with alarm(judged.deadline + _GRACE_S - time.monotonic()):
                outcome.tasks[name] = _judge(session, ran, lab.tasks[name], cell, job.judge_seed, recall)
        except Overtime:  # the exchange may have been cut in two: this session is over
            session.ended = TIMED_OUT
            outcome.tasks[name] = lab.tasks[name].stopped(TIMED_OUT, "the submission's time was up while it was judged")
        recalls[name] = recall
        pending.remove(name)
        if session.ended:
            return cell
    return None


def _judge(session: Session, ran: CellsOutcome, task: Task, cell: str, seed: int, recall: Recall) -> Verdict:
    record = ran.records.get(cell)
    if record is None:
        return task.stopped(CRASHED, "its answer cell could not be run")
    told = _judge_ran(session, record, task, seed, recall)
    if told.state == RIGHT:
        return told
    over = [printable(line) for line in record["stderr"].splitlines() if line.endswith(PASSED_OVER)]
    return replace(told, lines=(*told.lines, *(f"  note  {line}" for line in over[:_MOST_PASSED_OVER])))


def _judge_ran(session: Session, record: dict[str, Any], task: Task, seed: int, recall: Recall) -> Verdict:
    if record["error"]:
        told = record["error"]
        where = f" at {told.get('where')}" if told.get("where") else ""
        return task.stopped(CRASHED, f"the answer cell raised {error_text(told)}{where}"[:400])
    return task.judge({name: recall.listening(name, session.proxy(name)) for name in task.answers}, seed)


def _blame(lab: Lab, culprit: str, ran: CellsOutcome, pending: list[str], outcome: Outcome) -> None:
    """Settle the task whose cell ended the session while it ran."""
    name = lab.task_of_cell.get(culprit)
    if name in pending:
        pending.remove(name)
        took = ran.ended == TIMED_OUT
        reason = "its answer cell did not finish in time" if took else "its answer cell ended the process it ran in"
        outcome.tasks[name] = lab.tasks[name].stopped(TIMED_OUT if took else CRASHED, reason)


def _record_and_compare(judged: _Judged, comparer: Comparer) -> dict[str, str]:
    notebook = pristine.transplanted(judged.lab, judged.job.answers, judged.job.notebook_seed)
    with judged.sandbox.session(judged.deadline, for_answers=False) as session:
        used = {cell: one.used for cell, one in judged.read.items()}
        ran = session.run(pristine.notebook_plan(notebook, used))
    return comparer.compare(notebook, ran.records)


def _run_live(judged: _Judged) -> dict[str, str]:
    from course_lib.grading.sandbox import live

    sandbox, job = judged.sandbox, judged.job
    if sandbox.no_wall:
        return {"": f"was left out: its wall is missing here ({sandbox.no_wall})"}
    answers = pristine.notebook_file.without_markers(job.answers)
    notebook = pristine.notebook_file.transplant(judged.lab.notebook, answers)
    readable = sandbox.readable(for_answers=False)
    return live.run(notebook, sandbox.view, job.notebook_seed, sandbox.limits, readable, sandbox.hidden)


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
    return lines


def task_record(verdict: Verdict) -> TaskRecord:
    """A verdict as it is recorded."""
    return TaskRecord(
        state=verdict.state,
        points=verdict.points,
        max_points=verdict.max_points,
        lines=list(verdict.lines),
        hints=list(verdict.hints[:1]),
        demands=[demand_fields(found) for found in verdict.findings],
    )


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
