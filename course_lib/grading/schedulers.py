"""Where the jobs run: the cores of this machine, or a Dask cluster. Both lose nothing when a worker dies."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from typing import Any

from course_lib.grading.judging.jobs import Job
from course_lib.grading.judging.papers import PaperJob
from course_lib.grading.worker import OvertimeError, Setup, prepare, start, work

TRIES = 3
_WAITING_PER_WORKER = 2
_PATIENCE_S = 10
Result = tuple[Job | PaperJob, dict[str, Any] | Exception]
_PRELOAD = ["course_lib.grading.worker", "course_lib.grading.preload"]


@dataclass(frozen=True)
class _Try:
    """A job and the number of this try at it."""

    job: Job | PaperJob
    number: int = 1
    began: float = 0.0


def _requeue(held: Iterable[_Try], queue: deque[_Try], error: Exception, longest_s: float) -> Iterator[Result]:
    """Put the jobs of a broken pool in front of the queue; give up on those tried often, or long, enough."""
    for one in held:
        if one.number > 1 and time.monotonic() - one.began > longest_s:  # it ran alone
            yield one.job, OvertimeError.after(longest_s)
        elif one.number < TRIES:
            queue.appendleft(replace(one, number=one.number + 1))
        else:
            yield one.job, error


class Cores:
    """Worker processes on this machine.

    Parameters
    ----------
    workers : int, optional
        One a core by default.
    """

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers or len(os.sched_getaffinity(0))
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Cores:
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc: object) -> None:
        if kind is not None:
            self._stop_workers()
        self._drop_pool()

    def _stop_workers(self) -> None:
        """End them in the middle of their jobs, which are not recorded: nobody waits out a job after Ctrl-C."""
        for process in list((getattr(self._pool, "_processes", None) or {}).values()):
            process.terminate()

    def prepare(self, setup: Setup) -> None:
        """Let every worker make its bench at once; what goes wrong there is told by the first job."""
        for _ in range(self._workers):
            self._living_pool().submit(prepare, setup)

    def run(self, setup: Setup, jobs: Iterable[Job | PaperJob]) -> Iterator[Result]:
        """Yield each job once; a pool that breaks is replaced, and the jobs it held are tried again one at a time."""
        queue = deque(_Try(job) for job in jobs)
        while queue:
            yield from self._until_broken(setup, queue)

    def _until_broken(self, setup: Setup, queue: deque[_Try]) -> Iterator[Result]:
        running: dict[Future[dict[str, Any]], _Try] = {}
        while queue or running:
            self._feed(setup, queue, running)
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                result = future.exception() or future.result()
                if isinstance(result, BrokenProcessPool):
                    self._drop_pool()
                    yield from _requeue(running.values(), queue, result, setup.longest_s)
                    return
                yield running.pop(future).job, result

    def _feed(self, setup: Setup, queue: deque[_Try], running: dict[Future[dict[str, Any]], _Try]) -> None:
        """Hand out jobs, but one at a time while one is suspected of having ended a worker."""
        while queue and len(running) < self._workers * _WAITING_PER_WORKER:
            if running and (queue[0].number > 1 or any(one.number > 1 for one in running.values())):
                return
            try:
                future = self._living_pool().submit(work, setup, queue[0].job)
            except BrokenProcessPool as error:
                future = Future()
                future.set_exception(error)
            running[future] = replace(queue.popleft(), began=time.monotonic())

    def _living_pool(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # A server process that has loaded everything forks the workers: quick, and safe beside a bar's thread.
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(_PRELOAD)
            self._pool = ProcessPoolExecutor(
                self._workers, mp_context=context, initializer=start, initargs=(os.getpid(),)
            )
        return self._pool

    def _drop_pool(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None


class ClusterError(ValueError):
    """Why a cluster cannot be used, in one line."""


class DaskCluster:
    """Workers of a Dask cluster, which see the course at the same path.

    Parameters
    ----------
    address : str
        The scheduler's, such as ``tcp://head:8786``.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
            from distributed.comm.addressing import parse_address, parse_host_port
            from distributed.comm.registry import get_backend
        except ImportError:
            raise ClusterError("--scheduler needs the extra 'dask': pip install 'distributed'") from None
        try:  # before a client tries, which under load may give up on such an address before it has read it
            scheme, place = parse_address(address, strict=True)
            get_backend(scheme), parse_host_port(place)
        except ValueError as error:
            told = f"{address!r} is no scheduler's address, such as tcp://head:8786: {error}"
            raise ClusterError(told) from None
        try:
            self._client = Client(address, timeout=_PATIENCE_S)
        except (OSError, ValueError) as error:
            raise ClusterError(f"no Dask scheduler answers at {address}: {error}") from None

    def __enter__(self) -> DaskCluster:
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.close()

    def prepare(self, setup: Setup) -> None:
        """Nothing: workers of a cluster make their bench with the first job."""

    def run(self, setup: Setup, jobs: Iterable[Job | PaperJob]) -> Iterator[Result]:
        """Yield each job once; Dask runs the jobs of a worker that died on another."""
        from distributed import as_completed

        futures = {self._client.submit(work, setup, job, pure=False): job for job in jobs}
        for future in as_completed(list(futures)):
            job = futures.pop(future)
            yield job, future.exception() if future.status == "error" else future.result()
            future.release()
