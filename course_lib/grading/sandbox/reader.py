"""Read learners' text where it can do no harm: one fork that parses, kept from submission to submission, never runs it.

A text that takes too long, or that ends the fork, costs itself alone: the next one gets a new fork.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable

from course_lib.grading.intake.reading import Reading, understood
from course_lib.grading.sandbox.box import Sandbox, Session
from course_lib.grading.sandbox.frames import Closed, FrameError, Late


class Reader:
    """A fork that parses.

    Parameters
    ----------
    sandbox : Sandbox
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._open = contextlib.ExitStack()
        self._session: Session | None = None

    def close(self) -> None:
        """End the fork."""
        self._session = None
        self._open.close()

    def read(self, source: str, among: Iterable[str], deadline: float) -> Reading | None:
        """What is read of a text, or None where it cannot be read within one call's time and memory.

        Parameters
        ----------
        source : str
        among : iterable of str
            Names that given cells define.
        deadline : float
            On the clock of `time.monotonic`.

        Raises
        ------
        SandboxError
            When no fork can be had.
        """
        order = {"source": source, "among": sorted(among)}
        for _ in range(2):  # the fork may have come to its end with the texts before this one
            session = self._session or self._begun()
            try:
                until = min(deadline, time.monotonic() + self._sandbox.limits.call_s)
                return understood(session.ask(order, until)["read"])
            except Closed:
                self.close()
            except (Late, FrameError, ValueError, TypeError, KeyError):
                self.close()
                break
        return None

    def _begun(self) -> Session:
        self._session = self._open.enter_context(self._sandbox.session(float("inf"), for_answers=True))
        with contextlib.suppress(Closed):  # which the first question will find
            self._session.begin({"mode": "read", "cells": []})
        return self._session
