"""A pytest plugin that writes down what nbval saw in each cell: one kernel run gives verdict and text.

nbval compares a cell's output with the stored one and throws it away; a learner needs to read it. Nor does it notice
that a kernel is gone or still busy: here the run ends with the cell that brought that about, and names it.
"""

import json
import os
import re
import time
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from nbval.kernel import RunningKernel

RECORD = "COURSE_NBVAL_RECORD"
#: Why the run ended with a cell: its kernel is gone, it was told to go, or it took too long.
DEAD, LEFT, LATE = "dead", "left", "late"
_CALLS_EXIT = re.compile(r"(?<![\w.])(?:exit|quit)\s*\(")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_PATIENCE_S, _TICK_S = 5.0, 0.5
_seen: dict[str, dict[str, str]] = {}
_no_kernel: list[str] = []
_get_message = RunningKernel.get_message


def _get_message_while_alive(self: RunningKernel, stream: str, timeout: float | None = None) -> Any:
    """As nbval's own, but a kernel that is gone is not waited for."""
    end = time.monotonic() + (timeout or float("inf"))
    while True:
        try:
            return _get_message(self, stream, min(_TICK_S, max(0.01, end - time.monotonic())))
        except Empty:
            if not self.is_alive():
                raise RuntimeError("the kernel ended") from None
            if time.monotonic() > end:
                raise


RunningKernel.get_message = _get_message_while_alive


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> object:
    """Keep outcome, printed text and error of a notebook cell, by cell id; end the run where the kernel did."""
    report = yield
    if report.when == "setup" and report.failed:
        _no_kernel.append(str(call.excinfo.value) if call.excinfo else "")
        item.session.shouldstop = "no kernel"
    if report.when == "call" and hasattr(item, "test_outputs"):
        outputs = item.test_outputs or []
        _seen[item.cell.id] = {
            "outcome": report.outcome,
            "text": "".join(out.text for out in outputs if out.output_type == "stream" and out.name == "stdout"),
            "error": _error(outputs) or (str(call.excinfo.value) if call.excinfo else ""),
            "ended": (ended := _ended(item)),
        }
        if ended:
            item.session.shouldstop = ended
    return report


def pytest_sessionfinish() -> None:
    """Write the record to the file that the environment names."""
    told = {"cells": _seen, "no_kernel": _no_kernel[:1]}
    Path(os.environ[RECORD]).write_text(json.dumps(told), encoding="utf-8")


def _ended(item: Any) -> str:
    """Why nothing after this cell can be judged, or an empty string."""
    if item.parent.timed_out:
        return LATE
    kernel = item.parent.kernel
    gone = LEFT if _CALLS_EXIT.search(item.cell.source) else DEAD  # one that left may be gone before it is asked
    if not kernel.is_alive():
        return gone
    told = {"left": "get_ipython().exit_now"}
    asked = kernel.kc.execute("", silent=True, store_history=False, user_expressions=told, allow_stdin=False)
    end = time.monotonic() + _PATIENCE_S
    try:
        while time.monotonic() < end:
            reply = kernel.get_message("shell", _PATIENCE_S)
            if reply["parent_header"].get("msg_id") == asked:
                said = reply["content"].get("user_expressions", {}).get("left", {})
                return LEFT if said.get("data", {}).get("text/plain") == "True" else ""
    except (RuntimeError, Empty):
        pass
    return LATE if kernel.is_alive() else gone


def _error(outputs: list) -> str:
    errors = [f"{out.ename}: {out.evalue}" for out in outputs if out.output_type == "error"]
    return _COLOURS.sub("", errors[-1]) if errors else ""
