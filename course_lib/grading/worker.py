"""A trusted worker process: its sandbox and its comparer, kept from job to job. Used by every scheduler."""

from __future__ import annotations

import os
import select
import signal
import threading
from dataclasses import dataclass
from typing import Any

from course_lib.grading.intake import pristine
from course_lib.grading.intake.pristine import CourseRef
from course_lib.grading.judging import jobs as judging
from course_lib.grading.judging import papers
from course_lib.grading.judging.alarm import Overtime, alarm, last_alarm
from course_lib.grading.judging.jobs import Job
from course_lib.grading.judging.papers import PaperJob
from course_lib.grading.judging.recorded import Comparer
from course_lib.grading.sandbox.box import Sandbox, SandboxError, leaks, level_of, probe
from course_lib.grading.sandbox.isolation import LAYERS, Limits
from course_lib.grading.sandbox.reader import Reader

LEVELS = ("none", "basic", "strong", "full")
#: Share beyond the clock that Python hears, after which the process ends whatever it is at.
_BEYOND = 0.25


@dataclass(frozen=True)
class Setup:
    """What a worker needs to know; it never holds the course key.

    Attributes
    ----------
    course : CourseRef
    limits : Limits
    wall : bool
        Use bubblewrap and namespaces where they work.
    least_level : str
        Below this isolation level the worker refuses to run anything.
    compare : bool
        Run nbval's comparison.
    hidden : tuple of str
        Besides the course, what no answer may read: submissions, gradebook, key.
    patience_s : float
        For comparison and a live run, beyond a submission's own limit.
    """

    course: CourseRef
    limits: Limits = Limits()
    wall: bool = True
    least_level: str = "strong"
    compare: bool = True
    hidden: tuple[str, ...] = ()
    patience_s: float = 60.0

    @property
    def longest_s(self) -> float:
        """Seconds after which the grader itself is taken to hang on a submission."""
        return 3 * self.limits.total_s + self.patience_s

    @property
    def last_s(self) -> float:
        """Seconds after which a process that does not hear that clock is ended."""
        return (1 + _BEYOND) * self.longest_s


class WeakIsolationError(SandboxError):
    """The system does not isolate enough; nothing was run."""


class OvertimeError(RuntimeError):
    """The trusted side itself hung; nothing was decided."""

    @classmethod
    def after(cls, seconds: float) -> OvertimeError:
        """With the seconds it was given."""
        return cls(f"the grader did not end within {seconds:g} s")


class Bench:
    """The sandbox and the comparer of one process."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.labs = pristine.labs(setup.course)
        hidden = (setup.course.root, *setup.hidden)
        self.sandbox = Sandbox(pristine.view(setup.course), setup.limits, wall=setup.wall, hidden=hidden)
        try:
            self.layers = probe(self.sandbox)
            if LEVELS.index(level_of(self.layers)) < LEVELS.index(setup.least_level):
                raise WeakIsolationError(too_weak(self.layers))
            if setup.least_level != "none" and (seen := leaks(self.sandbox)):
                raise WeakIsolationError(f"an answer could read {seen[0]}; --unsafe grades all the same")
        except BaseException:
            self.sandbox.close()
            raise
        self.reader = Reader(self.sandbox)
        self.comparer = Comparer() if setup.compare else None

    def close(self) -> None:
        """End the sandbox and the comparer."""
        self.reader.close()
        self.sandbox.close()
        if self.comparer is not None:
            self.comparer.close()

    def grade(self, job: Job) -> dict[str, Any]:
        """Grade one job; the result is fields of its `Record`."""
        lab = self.labs[job.lab]
        try:
            with last_alarm(self.setup.last_s), alarm(self.setup.longest_s):
                outcome = judging.grade(job, lab, judging.Bench(self.sandbox, self.reader, self.comparer))
        except Overtime:
            raise OvertimeError.after(self.setup.longest_s) from None
        # A layer held when it was claimed for every session and withstood the probe.
        outcome.layers = {
            layer: self.layers[layer] if self.layers[layer] != "held" else outcome.layers.get(layer, "held")
            for layer in LAYERS
        }
        return outcome.to_record(lab)


def too_weak(layers: dict[str, str]) -> str:
    """Why this system is refused, in one line."""
    missing = "; ".join(f"{layer}: {state}" for layer, state in layers.items() if state != "held")
    return f"isolation here is only {level_of(layers)!r} ({missing}); --unsafe grades all the same"


_benches: dict[Setup, Bench] = {}
_lock = threading.Lock()


def work(setup: Setup, job: Job | PaperJob) -> dict[str, Any]:
    """Grade a job on this process's bench, made on first use; a post-mortem runs no code and needs none.

    Raises
    ------
    SandboxError
        When no sandbox can be had, or one too weak.
    """
    if isinstance(job, PaperJob):
        return papers.grade(job)
    prepare(setup)
    with _lock:
        return _benches[setup].grade(job)


def prepare(setup: Setup) -> None:
    """Make this process's bench before there is a job for it."""
    with _lock:
        if setup not in _benches:
            _benches[setup] = Bench(setup)


def start(grader: int) -> None:
    """Prepare a worker process: it ends when the grader does, however that ends, and its sandbox with it.

    Parameters
    ----------
    grader : int
        Process id of the grader, which is not the parent: a server process forks the workers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # which ends it in the middle of C code, too
    threading.Thread(target=_end_with, args=(grader,), daemon=True).start()


def _end_with(pid: int) -> None:
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        os._exit(1)
    select.select([fd], [], [])
    os._exit(1)
