"""A trusted worker process: its sandbox and its comparer, kept from job to job. Used by every scheduler."""

from __future__ import annotations

import multiprocessing.util
import os
import select
import signal
import threading
from dataclasses import dataclass
from typing import Any

from course_lib.grading.intake import pristine
from course_lib.grading.intake.pristine import CourseRef
from course_lib.grading.judging import jobs as judging
from course_lib.grading.judging.alarm import Overtime, alarm
from course_lib.grading.judging.jobs import Job
from course_lib.grading.judging.recorded import Comparer
from course_lib.grading.sandbox.box import Sandbox, SandboxError, leaks, level_of, probe
from course_lib.grading.sandbox.isolation import LAYERS, Limits
from course_lib.grading.sandbox.reader import Reader

LEVELS = ("none", "basic", "strong", "full")
_LONGEST_S = 60  # beyond a submission's own limit: comparison and a live run


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
    """

    course: CourseRef
    limits: Limits = Limits()
    wall: bool = True
    least_level: str = "strong"
    compare: bool = True
    hidden: tuple[str, ...] = ()


class WeakIsolationError(SandboxError):
    """The system does not isolate enough; nothing was run."""


class OvertimeError(RuntimeError):
    """The trusted side itself hung; nothing was decided."""


class Bench:
    """The sandbox and the comparer of one process."""

    def __init__(self, setup: Setup) -> None:
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
        """End the sandbox and remove the comparer's folder."""
        self.reader.close()
        self.sandbox.close()
        if self.comparer is not None:
            self.comparer.close()

    def grade(self, job: Job) -> dict[str, Any]:
        """Grade one job; the result is plain data."""
        lab = self.labs[job.lab]
        limit = 3 * self.sandbox.limits.total_s + _LONGEST_S
        try:
            with alarm(limit):
                outcome = judging.grade(job, lab, judging.Bench(self.sandbox, self.reader, self.comparer))
        except Overtime:
            raise OvertimeError(f"the grader did not end within {limit:g} s") from None
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
            # Run where a pool's worker ends, too, which atexit is not. Sandboxes end with this process.
            multiprocessing.util.Finalize(None, _remove_folders, exitpriority=10)


def start(grader: int) -> None:
    """Prepare a worker process: it ends when the grader does, however that ends.

    Parameters
    ----------
    grader : int
        Process id of the grader, which is not the parent: a server process forks the workers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: _leave())
    threading.Thread(target=_end_with, args=(grader,), daemon=True).start()


def _end_with(pid: int) -> None:
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        os._exit(1)
    select.select([fd], [], [])
    _leave()


def _leave() -> None:
    """End at once, whatever is going on: sandboxes end with this process, only the folders must be removed."""
    _remove_folders()
    os._exit(1)


def _remove_folders() -> None:
    for bench in _benches.values():
        if bench.comparer is not None:
            bench.comparer.remove_folder()
