"""papermill and nbval, live: the transplanted notebook in a real kernel, behind the same outer wall.

Run for the reference labs and one submission in twenty, to show that the recorded comparison tells the truth. A kernel
needs processes and loopback sockets, so the filter on system calls is the lighter one, and the memory of all its
processes is watched from outside; the network namespace holds nothing but the loopback, and the verdict never depends
on what comes back.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path

import nbformat

from course_lib.grading.sandbox import outer_wall
from course_lib.grading.sandbox.box import View, kill_tree, printable, throw_away_uid
from course_lib.grading.sandbox.isolation import Limits

_PACKAGE = Path(__file__).resolve().parents[2]
_REPORT_CAP = 1 << 20
#: What papermill, pytest and an idle kernel hold, counted with what they share.
_WARM_MB = 768
_TICK_S = 0.1
_START = "from course_lib.grading.sandbox.live_inside import main; main()"


def run(
    notebook: nbformat.NotebookNode,
    view: View,
    seed: int,
    limits: Limits,
    readable: tuple[str, ...],
    hidden: tuple[str, ...],
) -> dict[str, str]:
    """Run papermill and nbval on a transplanted notebook.

    Parameters
    ----------
    notebook : NotebookNode
        Released cells and stored verdicts, a learner's answers; papermill sets the seed.
    view : View
    seed : int
    limits : Limits
    readable : tuple of str
        What Landlock leaves readable.
    hidden : tuple of str
        What the wall covers.

    Returns
    -------
    dict of str to str
        By id of each code cell, as `recorded.Comparer.compare`; empty with a key ``""`` telling why it did not run.
    """
    uid = throw_away_uid()
    order = {
        "notebook": nbformat.writes(notebook),
        "seed": seed,
        "uid": uid,
        "limits": asdict(limits),
        "readable": readable,
        "listable": [str(_PACKAGE.parent), str(_PACKAGE), *view.import_roots],
    }
    shown = [_PACKAGE, *map(Path, (*view.import_roots, *view.files))]
    roots = os.pathsep.join([str(_PACKAGE.parent), *view.import_roots])
    environment = view.environment | {"PYTHONPATH": roots, "JUPYTER_PLATFORM_DIRS": "1"}
    line = outer_wall.walled([sys.executable, "-c", _START], shown, environment, hidden=hidden)
    most = limits.memory_mb + _WARM_MB
    process = subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    watch = MemoryWatch(process, most)
    try:
        with watch:
            told, _ = process.communicate(json.dumps(order).encode(), timeout=limits.total_s)
    except subprocess.TimeoutExpired:
        return {"": "did not finish in time"}
    finally:
        kill_tree(process)
    return {"": f"used more than {most} MB in all"} if watch.over else _report(told)


class MemoryWatch:
    """Kill a process and all below it once they hold more memory than allowed, in all; looked at each tick.

    Parameters
    ----------
    process : Popen
        The leader of a session.
    most_mb : float

    Attributes
    ----------
    over : bool
        Whether they did.
    """

    def __init__(self, process: subprocess.Popen[bytes], most_mb: float) -> None:
        self.over = False
        self._process, self._most = process, most_mb
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(_TICK_S) and self._process.returncode is None:
            if sum(map(_resident_mb, _with_all_below(self._process.pid))) > self._most:
                self.over = True
                self._process.kill()
                return


def _with_all_below(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, children.read_text().split())
    return found


def _resident_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
    except (OSError, IndexError):
        return 0.0


def _report(told: bytes) -> dict[str, str]:
    try:
        report = json.loads(told[:_REPORT_CAP])
        return {str(cell): printable(state, 400) for cell, state in report.items()}
    except (ValueError, AttributeError, RecursionError):
        return {"": "ended without a report"}
