"""``course grade``: from a folder of submissions to a gradebook, in one call."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course_lib import submission
from course_lib.checks.task import RIGHT
from course_lib.grading.book import marks, policy
from course_lib.grading.book.journal import Journal, JournalError
from course_lib.grading.book.policy import Policy, PolicyError
from course_lib.grading.book.record import COURSE_RUN, Record
from course_lib.grading.exports import tables, write_all
from course_lib.grading.exports.book import Book
from course_lib.grading.exports.tables import TemplateError
from course_lib.grading.intake import collection, guesses, papers, pristine, roster
from course_lib.grading.intake.collection import Attempt
from course_lib.grading.intake.download import DownloadError, Sorted, sort_into
from course_lib.grading.intake.papers import Paper
from course_lib.grading.intake.pristine import CourseRef, Lab
from course_lib.grading.intake.roster import FILE as ROSTER
from course_lib.grading.intake.roster import RosterError, people
from course_lib.grading.intake.stamps import FILE as STAMPS
from course_lib.grading.intake.stamps import StampError
from course_lib.grading.judging import seeds
from course_lib.grading.judging.jobs import NOT_GRADED, REFUSED, Job, task_record
from course_lib.grading.judging.papers import PaperJob
from course_lib.grading.judging.seeds import KeyFileError
from course_lib.grading.sandbox.box import SandboxError, UnreadableError, level_of
from course_lib.grading.sandbox.isolation import Limits
from course_lib.grading.schedulers import ClusterError, Cores, DaskCluster
from course_lib.grading.worker import Setup, WeakIsolationError
from course_lib.manifest import Course

KEY_FILE, COLLECTED = ".course-key", "collected"
_MOST_NAMED = 8
#: The learner's name under which the reference solutions are recorded; no file or folder can be called so.
REFERENCE = "/reference"


_TOLD = (
    ClusterError,
    DownloadError,
    JournalError,
    KeyFileError,
    marks.MarksError,
    PolicyError,
    RosterError,
    SandboxError,
    StampError,
    TemplateError,
)


class GradingError(ValueError):
    """Why a batch cannot be graded, in one line."""


@dataclass
class Batch:
    """What a run did.

    Attributes
    ----------
    graded, kept : int
        Verdicts reached now, and verdicts of earlier runs that still hold.
    not_graded : list of str
        What could not be graded for reasons of the grader's, in words.
    disagreements : list of str
        Where nbval's view and the verdict differ.
    notices : list of str
    layers : dict of str to str
        Isolation of all that is in the gradebook: a layer held where it held for every verdict.
    seconds : list of float
        Of each submission graded now.
    """

    graded: int = 0
    kept: int = 0
    not_graded: list[str] = field(default_factory=list)
    disagreements: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    layers: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    @property
    def level(self) -> str:
        """The isolation level of the weakest verdict, or "none" where nothing was run."""
        return level_of(self.layers)

    @property
    def exit_code(self) -> int:
        """0 when every submission was graded, whether or not it passed; else 1."""
        return 1 if self.not_graded else 0


@dataclass(frozen=True)
class Options:
    """How to grade.

    Attributes
    ----------
    key, policy : Path or None
        Default: in the gradebook's folder.
    workers : int or None
    scheduler : str or None
        A Dask scheduler's address; local cores without one.
    unsafe : bool
        Grade below isolation level ``strong``.
    live_every : int
        Also run papermill and nbval live on the references and on every n-th submission; 0 for none.
    limits : Limits
    wall : bool
        Use bubblewrap and namespaces where they work.
    progress : bool
    """

    key: Path | None = None
    policy: Path | None = None
    workers: int | None = None
    scheduler: str | None = None
    unsafe: bool = False
    live_every: int = 20
    limits: Limits = Limits()
    wall: bool = True
    progress: bool = False


def own_course(course: Course) -> CourseRef:
    """The course as workers find it."""
    return CourseRef(str(course.root))


def grade(submissions: Path, out: Path, course: CourseRef, options: Options = Options()) -> Batch:
    """Grade a class.

    Parameters
    ----------
    submissions : Path
        As `collection` describes.
    out : Path
        The gradebook's folder; verdicts of earlier runs in it are kept and not reached anew.
    course : CourseRef
    options : Options

    Returns
    -------
    Batch

    Raises
    ------
    GradingError
        When nothing may or can be graded, in one line.
    """
    try:
        return _grade(submissions, out, course, options)
    except (*_TOLD, OSError) as error:
        raise GradingError(str(error)) from error


def collect(download: Path, out: Path, course: CourseRef, roster_file: Path | None) -> Sorted:
    """Sort a learning management system's download into a folder that `grade` reads.

    Parameters
    ----------
    download, out : Path
    course : CourseRef
    roster_file : Path or None

    Raises
    ------
    DownloadError, RosterError
    """
    labs = pristine.labs(course)

    def parts(data: bytes) -> frozenset[str]:
        try:
            document = submission.parse(data.decode("utf-8-sig", "replace"))
        except submission.SubmissionError:
            return frozenset()
        return frozenset(key for key, lab in labs.items() if not submission.pick(document, lab.reads).empty)

    return sort_into(download, out, roster.listed(roster_file).values() if roster_file else (), parts)


def _sorted(download: Path, out: Path, course: CourseRef) -> tuple[Path, list[str]]:
    """A download sorted into the gradebook's folder, and what there is to tell of it."""
    folder, listed = out / COLLECTED, out / ROSTER
    shutil.rmtree(folder, ignore_errors=True)  # made here, of this download alone
    return folder, collect(download, folder, course, listed if listed.exists() else None).notices


def _grade(submissions: Path, out: Path, course: CourseRef, options: Options) -> Batch:
    asked_papers = papers.papers(course)
    labs = {**pristine.labs(course), **asked_papers}
    told: list[str] = []
    if submissions.is_file():
        submissions, told = _sorted(submissions, out, course)
    rules = policy.load(options.policy or out / policy.FILE, must_exist=options.policy is not None)
    listed = people(out / ROSTER, ())  # read again at the end; a mistake in it should show before an hour's work
    tables.templates(out, labs)
    manual = marks.read_manual(out / marks.MANUAL)
    attempts = collection.collect(submissions, pristine.labs(course))
    attempts += papers.collect(submissions, asked_papers, listed)
    hidden = tuple(str(path.absolute()) for path in (submissions, out, options.key or out / KEY_FILE))
    setup = Setup(course, options.limits, options.wall, "none" if options.unsafe else "strong", hidden=hidden)
    batch = Batch(notices=told)
    key = seeds.load_key(options.key or out / KEY_FILE)
    where = DaskCluster(options.scheduler) if options.scheduler else Cores(options.workers)
    with Journal(out, key) as journal, where:
        run = _Run(labs, key, journal, setup, options, batch, where)
        todo = [one for one in attempts if run.is_new(one)]
        batch.kept = len(attempts) - len(todo)
        running = {one.lab for one in todo if not one.trouble} - set(asked_papers)
        if running:
            where.prepare(setup)
        run.references(running)
        try:
            run.attempts(todo)
        finally:  # whatever ends a run, what it has decided is in the gradebook
            records = latest(journal.records.values(), {name: lab.digest for name, lab in labs.items()})
            records = _as_handed_in(records, attempts)
            batch.layers = worst_layers(records)
            asked = pristine.questions(pristine.labs(course))
            predicted = _spared(batch, "predictions", lambda: guesses.collect(submissions, asked), {})
            book = write_all(out, labs, records, rules, manual, batch.layers, predicted)
        _notice(batch, rules, labs, attempts, journal, records)
        batch.notices += _spared(batch, "other files", lambda: collection.unread(submissions, attempts), [])
        batch.notices += marks.unknown_rows(manual, labs, records)
        batch.notices += roster.unmatched(listed, {one.learner for one in attempts})
        batch.notices += _unstamped(book, submissions)
    return batch


def _spared(batch: Batch, what: str, look: Callable[[], Any], otherwise: Any) -> Any:
    """What a look at the submissions gives; one that fails costs its own news and nothing else."""
    try:
        return look()
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        batch.notices.append(f"{what} among the submissions could not be looked at: {_first_line(error)}")
        return otherwise


def _unstamped(book: Book, submissions: Path) -> list[str]:
    """Who would be late by a time that is not the instructor's to vouch for."""
    late = sorted({mark.learner for mark in book.marks if mark.remark and not mark.late_percent})
    if not late:
        return []
    who = ", ".join(late[:_MOST_NAMED]) + (f" and {len(late) - _MOST_NAMED} more" if len(late) > _MOST_NAMED else "")
    mend = f"write it into {submissions / STAMPS}, or say late: stamps: files (or dates) in {policy.FILE}"
    return [f"late by the file's own word alone, so nothing was taken off: {who}; where you know the time, {mend}"]


def _as_handed_in(records: Iterable[Record], attempts: Sequence[Attempt]) -> list[Record]:
    """Records with hand-in times as they are now: a time that was mended counts, though the verdict is kept."""
    now = {_head(one, "").attempt: _handed_in(one) for one in attempts}
    return [record.but(**now.get(record.attempt, {})) for record in records]


def _handed_in(attempt: Attempt) -> dict[str, Any]:
    """What is told of a file beside its answers; it may change while they do not."""
    return {"submitted": attempt.submitted, "stamp": attempt.stamp, "notes": list(attempt.notes)}


def _notice(
    batch: Batch,
    rules: Policy,
    labs: dict[str, Lab | Paper],
    attempts: Sequence[Attempt],
    journal: Journal,
    records: Sequence[Record],
) -> None:
    batch.notices += policy.unknown_names(rules, labs, {one.learner for one in attempts})
    if journal.doubted:
        batch.notices.append(f"{journal.doubted} recorded lines were torn or not signed with this key: not believed")
    here = {(one.learner, one.file) for one in attempts}
    gone = sorted({f"{r.learner}: {r.file}" for r in records if (r.learner, r.file) not in here})
    if gone:
        batch.notices.append(f"graded earlier and no longer in the folder, still counted: {', '.join(gone)}")
    batch.notices += _of_papers(labs, attempts, records)
    told = Counter(notice for r in records for notice in r.notices)
    batch.notices += [f"{notice} (submissions: {count})" for notice, count in sorted(told.items())]
    batch.disagreements = [f"{r.learner}, {r.lab}: {d}" for r in records for d in r.disagreements]


def _of_papers(labs: dict[str, Lab | Paper], attempts: Sequence[Attempt], records: Sequence[Record]) -> Iterator[str]:
    """Post-mortems that could not be graded though they could be read, and runs that are nobody's own."""
    told = {one.file for one in attempts if one.trouble}
    mine = [one for one in records if isinstance(labs.get(one.lab), Paper)]
    yield from (f"{one.file}: {one.trouble}" for one in mine if one.trouble and one.file not in told)
    for run, who in marks.shared(mine).items():
        same = "the run that comes with the lab" if run == COURSE_RUN else "the same run"
        yield f"{', '.join(who)}: handed in {same}; what it earns, says shared_runs in {policy.FILE}"


@dataclass
class _Run:
    """One run's parts: labs, key, record, where jobs go, and what is counted."""

    labs: dict[str, Lab | Paper]
    key: bytes
    journal: Journal
    setup: Setup
    options: Options
    batch: Batch
    where: Cores | DaskCluster

    def is_new(self, attempt: Attempt) -> bool:
        """Whether no verdict on these answers to this release is recorded."""
        return attempt.key(self._digest(attempt)) not in self.journal.records

    def references(self, wanted: set[str]) -> None:
        """Before a lab is graded, its reference solution must be right on this machine, by the same path.

        Raises
        ------
        GradingError
            When one is not: nobody is graded by a lab that refuses its own solution.
        """
        live = self.options.live_every > 0
        # In every run, and never from the record: this machine may be another one than the last time.
        todo = list(_references(self.setup.course, self.labs, wanted))
        for last in (False, True):
            jobs = [(one, self._job(one, live, "again" if last else "")) for one in todo]
            refused = dict(self._refused(jobs))
            if last and refused:
                lab, why = next(iter(refused.items()))
                raise GradingError(f"the reference solution of {lab} is not right here: {why}")
            # Chance may miss a bar once in a million: a class with such a key is graded all the same.
            self.batch.notices += [
                f"{lab}: the reference solution missed on its seed ({why}); another was drawn"
                for lab, why in refused.items()
            ]
            todo = [one for one in todo if one.lab in refused]
        if self.batch.not_graded:
            raise GradingError(f"the reference solution could not be graded: {self.batch.not_graded[0]}")

    def _refused(self, jobs: Sequence[tuple[Attempt, Job]]) -> Iterator[tuple[str, str]]:
        """The labs whose solution is not right, and why; a disagreement is no matter of chance."""
        for record in self._run(jobs, progress=False, keep=False):
            self.batch.notices += [f"{record.lab}, the solution: {notice}" for notice in record.notices]
            missed = [told for told in record.tasks.values() if told.state != RIGHT]
            if missed:
                yield record.lab, missed[0].lines[-1].strip()
            elif record.disagreements:
                why = record.disagreements[0]
                raise GradingError(f"the reference solution of {record.lab} is not right here: {why}")

    def attempts(self, todo: Sequence[Attempt]) -> None:
        """Grade what learners handed in; a file of which nothing can be graded gets its zero and the reason."""
        runs: list[tuple[Attempt, Job | PaperJob]] = []
        every = self.options.live_every
        for attempt in todo:
            if attempt.trouble:
                self.journal.append(self._refusal(attempt))
                self.batch.graded += 1
            else:
                runs.append((attempt, self._job(attempt, every > 0 and len(runs) % every == every - 1)))
        for record in self._run(runs, progress=self.options.progress):
            self.batch.graded += 1
            self.batch.seconds.append(record.seconds)

    def _run(
        self, runs: Sequence[tuple[Attempt, Job | PaperJob]], *, progress: bool, keep: bool = True
    ) -> Iterator[Record]:
        """Run jobs, record each result as it comes, yield the records."""
        if not runs:
            return
        attempt_of = {id(job): attempt for attempt, job in runs}
        for job, result in _shown(self.where.run(self.setup, [job for _, job in runs]), len(runs), progress):
            attempt = attempt_of[id(job)]
            if isinstance(result, WeakIsolationError | UnreadableError):
                raise GradingError(str(result))
            if isinstance(result, Exception):
                # Not recorded, so that the next run tries it again.
                told = f"{attempt.learner}, {attempt.lab}: {NOT_GRADED}: {_first_line(result)}"
                self.batch.not_graded.append(told)
                continue
            record = _head(attempt, self._digest(attempt)).but(**result)
            yield self.journal.append(record) if keep else record

    def _digest(self, attempt: Attempt) -> str:
        return self.labs[attempt.lab].digest if attempt.lab in self.labs else ""

    def _job(self, attempt: Attempt, live: bool, turn: str = "") -> Job | PaperJob:
        lab = self.labs[attempt.lab]
        if isinstance(lab, Paper):
            return PaperJob(attempt.learner, lab, attempt.answers)
        notebook = seeds.seed(self.key, attempt.learner, lab.key, "notebook")
        # Other answers, other inputs: what a feedback page shows of the last ones is of no use to a second attempt.
        judge = seeds.seed(
            self.key, attempt.learner, lab.key, "judge", json.dumps(attempt.answers, sort_keys=True) + turn
        )
        refused = {lab.task_of_cell[cell]: reason for cell, reason in attempt.refused.items()}
        return Job(attempt.learner, lab.key, attempt.answers, judge, notebook, live, refused)

    def _refusal(self, attempt: Attempt) -> Record:
        tasks = self.labs[attempt.lab].tasks if attempt.lab in self.labs else {}
        told = {name: task_record(task.stopped(REFUSED, attempt.trouble)) for name, task in tasks.items()}
        return _head(attempt, self._digest(attempt)).but(tasks=told)


def _references(course: CourseRef, labs: dict[str, Lab], wanted: set[str]) -> Iterator[Attempt]:
    for name in sorted(wanted):
        yield Attempt(REFERENCE, name, "solution", "1970-01-01T00:00:00+00:00", pristine.solution(course, labs[name]))


def _head(attempt: Attempt, digest: str) -> Record:
    content = json.dumps(
        [attempt.learner, attempt.lab, attempt.file, attempt.answers, attempt.refused, attempt.trouble]
    )
    return Record(
        key=attempt.key(digest),
        attempt=hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32],
        learner=attempt.learner,
        lab=attempt.lab,
        file=attempt.file,
        released=digest,
        trouble=attempt.trouble,
        **_handed_in(attempt),
    )


def latest(records: Iterable[Record], released: Mapping[str, str]) -> list[Record]:
    """For each attempt its record: of the lab as it is released now, or else of the newest grading.

    Parameters
    ----------
    records : iterable of Record
        Oldest first.
    released : mapping of str to str
        Digest of each lab.
    """
    best: dict[str, Record] = {}
    for record in records:
        before, now = best.get(record.attempt), released.get(record.lab)
        if before is None or before.released != now or record.released == now:
            best[record.attempt] = record
    return list(best.values())


def worst_layers(records: Iterable[Record]) -> dict[str, str]:
    """Layer to ``"held"``, or to why it did not hold for some verdict."""
    worst: dict[str, str] = {}
    for record in records:
        for layer, state in record.isolation.layers.items():
            if worst.get(layer, "held") == "held":
                worst[layer] = state
    return worst


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


def _shown(results: Iterator[Any], total: int, progress: bool) -> Iterator[Any]:
    """Results as they come, under a progress bar where asked."""
    if not progress or not total:
        yield from results
        return
    from rich.progress import Progress

    with Progress(transient=True) as bar:
        bar_id = bar.add_task("grading", total=total)
        for result in results:
            bar.advance(bar_id)
            yield result


def summary(batch: Batch, out: Path) -> list[str]:
    """What to print after a run."""
    missing = [f"{layer} ({state})" for layer, state in batch.layers.items() if state != "held"]
    held = batch.level if batch.layers else "not needed, no code of a learner's ran"
    lines = [
        f"graded {batch.graded}, kept {batch.kept} from earlier runs, not graded {len(batch.not_graded)}",
        f"isolation: {held}" + (f"; not enforced: {', '.join(missing)}" if missing else ""),
        *batch.not_graded,
        *(f"nbval and the verdict differ: {line}; the verdict counts" for line in batch.disagreements),
        *batch.notices,
        f"gradebook: {out / 'gradebook.csv'}; class report: {out / 'report.html'}",
    ]
    return lines
