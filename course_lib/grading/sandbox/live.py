"""papermill and nbval, live: the transplanted notebook in a real kernel, behind the same outer wall.

Run for the reference labs and one submission in twenty, to show that the recorded comparison tells the truth. A kernel
needs processes and loopback sockets, so the filter on system calls is the lighter one; the network namespace holds
nothing but the loopback, and the verdict never depends on what comes back.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import nbformat

from course_lib.grading.sandbox import outer_wall
from course_lib.grading.sandbox.box import View, kill_tree, printable, throw_away_uid
from course_lib.grading.sandbox.isolation import Limits

_PACKAGE = Path(__file__).resolve().parents[2]
_REPORT_CAP = 1 << 20
_START = "from course_lib.grading.sandbox.live_inside import main; main()"


def run(
    notebook: nbformat.NotebookNode, view: View, seed: int, limits: Limits, readable: tuple[str, ...]
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
    line = outer_wall.walled([sys.executable, "-c", _START], shown, environment)
    process = subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        told, _ = process.communicate(json.dumps(order).encode(), timeout=limits.total_s)
    except subprocess.TimeoutExpired:
        return {"": "did not finish in time"}
    finally:
        kill_tree(process)
    return _report(told)


def _report(told: bytes) -> dict[str, str]:
    try:
        report = json.loads(told[:_REPORT_CAP])
        return {str(cell): printable(state, 400) for cell, state in report.items()}
    except (ValueError, AttributeError, RecursionError):
        return {"": "ended without a report"}
