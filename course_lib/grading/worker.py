"""A trusted worker process: its sandbox and its comparer, kept from job to job. Used by every scheduler."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from course_lib.grading import judging, pristine
from course_lib.grading.isolation import LAYERS, Limits
from course_lib.grading.judging import Job
from course_lib.grading.pristine import CourseRef
from course_lib.grading.recorded import Comparer
from course_lib.grading.sandbox import Sandbox, SandboxError, level_of, probe

LEVELS = ("none", "basic", "strong", "full")
_OVERTIME_S = 20


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
    """

    course: CourseRef
    limits: Limits = Limits()
    wall: bool = True
    least_level: str = "strong"
    compare: bool = True


class WeakIsolationError(SandboxError):
    """The system does not isolate enough; nothing was run."""


class Bench:
    """The sandbox and the comparer of one process."""

    def __init__(self, setup: Setup) -> None:
        self.labs = pristine.labs(setup.course)
        self.sandbox = Sandbox(pristine.view(setup.course), setup.limits, wall=setup.wall)
        self.layers = probe(self.sandbox)
        if LEVELS.index(level_of(self.layers)) < LEVELS.index(setup.least_level):
            self.sandbox.close()
            raise WeakIsolationError(too_weak(self.layers))
        self.comparer = Comparer() if setup.compare else None

    def close(self) -> None:
        """End the sandbox and remove the comparer's folder."""
        self.sandbox.close()
        if self.comparer is not None:
            self.comparer.close()

    def grade(self, job: Job) -> dict[str, Any]:
        """Grade one job; the result is plain data."""
        lab = self.labs[job.lab]
        with _overtime(self.sandbox.limits.total_s + _OVERTIME_S):
            outcome = judging.grade(job, lab, self.sandbox, self.comparer)
        # A layer held when it was claimed for every session and withstood the probe.
        outcome.layers = {
            layer: self.layers[layer] if self.layers[layer] != "held" else outcome.layers.get(layer, "held")
            for layer in LAYERS
        }
        return outcome.to_dict(lab)


def too_weak(layers: dict[str, str]) -> str:
    """Why this system is refused, in one line."""
    missing = "; ".join(f"{layer}: {state}" for layer, state in layers.items() if state != "held")
    return f"isolation here is only {level_of(layers)!r} ({missing}); --unsafe grades all the same"


_benches: dict[Setup, Bench] = {}
_lock = threading.Lock()


def work(setup: Setup, job: Job) -> dict[str, Any]:
    """Grade a job on this process's bench, made on first use.

    Raises
    ------
    SandboxError
        When no sandbox can be had, or one too weak.
    """
    prepare(setup)
    with _lock:
        return _benches[setup].grade(job)


def prepare(setup: Setup) -> None:
    """Make this process's bench before there is a job for it."""
    with _lock:
        if setup not in _benches:
            _benches[setup] = Bench(setup)


def start(grader: int) -> None:
    """Prepare a worker process: it ends when the grader does, however that ends.

    Parameters
    ----------
    grader : int
        Process id of the grader, which is not the parent: a server process forks the workers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(grader,), daemon=True).start()


def _end_with(pid: int) -> None:
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        os._exit(1)
    select.select([fd], [], [])
    os._exit(1)


class OvertimeError(RuntimeError):
    """The trusted side itself took too long over a job."""


@contextlib.contextmanager
def _overtime(seconds: float) -> Iterator[None]:
    """Interrupt trusted code that does not end, which the clocks on learners' code cannot see."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(*_: object) -> None:
        raise OvertimeError(f"a check did not end within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
