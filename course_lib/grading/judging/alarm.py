"""A clock on trusted code, which the clocks on a learner's code cannot see."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import signal
import threading
import time
from collections.abc import Iterator


class Overtime(BaseException):
    """The time was up. Not an `Exception`: no check may take it for a fault of what an answer returned."""


def alarm(seconds: float) -> contextlib.AbstractContextManager[None]:
    """Raise `Overtime` inside the block once so many seconds have passed, in whatever thread it runs.

    Parameters
    ----------
    seconds : float
        At least a millisecond is given.

    Notes
    -----
    A signal interrupts a system call, too; the threads of a cluster's worker,
    which get none, are interrupted between two steps of Python.
    """
    alone = threading.current_thread() is threading.main_thread()
    return (_by_signal if alone else _by_thread)(max(seconds, 1e-3))


@contextlib.contextmanager
def _by_signal(seconds: float) -> Iterator[None]:
    def late(*_: object) -> None:
        raise Overtime

    before, started = signal.signal(signal.SIGALRM, late), time.monotonic()
    outer, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if outer:
            signal.setitimer(signal.ITIMER_REAL, max(outer - (time.monotonic() - started), 1e-3))


@contextlib.contextmanager
def _by_thread(seconds: float) -> Iterator[None]:
    thread, inside = threading.get_ident(), threading.Lock()
    over = False

    def late() -> None:
        with inside:
            if not over:
                _raise_in(thread, Overtime)

    timer = threading.Timer(seconds, late)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with inside:
            over = True


@contextlib.contextmanager
def last_alarm(seconds: float) -> Iterator[None]:
    """End this process if the block has not ended after so many seconds.

    Parameters
    ----------
    seconds : float

    Notes
    -----
    `alarm` is heard between two steps of Python. A loop in C code hears nothing, and no thread of Python's runs beside
    it; the thread that ends the process here is the interpreter's own and waits for nobody.
    """
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


def _raise_in(thread: int, kind: type[BaseException]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(kind))
