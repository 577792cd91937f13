"""A clock on trusted code, which the clocks on a learner's code cannot see."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator


class Overtime(BaseException):
    """The time was up. Not an `Exception`: no check may take it for a fault of what an answer returned."""


@contextlib.contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise `Overtime` inside the block once so many seconds have passed. Only a main thread has this clock.

    Parameters
    ----------
    seconds : float
        At least a millisecond is given.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(*_: object) -> None:
        raise Overtime

    before, started = signal.signal(signal.SIGALRM, late), time.monotonic()
    outer, _ = signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if outer:
            signal.setitimer(signal.ITIMER_REAL, max(outer - (time.monotonic() - started), 1e-3))
