"""Behind the wall: papermill sets the seed, nbval runs the notebook in a kernel, one line of JSON goes out."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from course_lib.grading.sandbox import isolation
from course_lib.grading.sandbox.isolation import Limits


def main() -> None:
    """Read the order from standard input, lay the layers on, run, report. Never returns."""
    order = json.load(sys.stdin)
    report = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    limits = Limits(**order["limits"])
    try:
        isolation.enter_lightly(limits, order["uid"], os.getcwd(), order["readable"], order["listable"])
    except (OSError, ImportError) as error:
        told = {"": f"was left out: a layer of its sandbox is refused ({error})"}
    else:
        told = _compare(order["notebook"], order["seed"])
    os.write(report, json.dumps(told).encode())
    os._exit(0)


def _compare(notebook: str, seed: int) -> dict[str, str]:
    import nbval.plugin
    import papermill
    import pytest

    nbval.plugin.find_comment_markers = lambda source: ()  # the course marks cells by tags; comments are learners'
    Path("released.ipynb").write_text(notebook, encoding="utf-8")
    papermill.execute_notebook(
        "released.ipynb", "notebook.ipynb", {"seed": seed}, prepare_only=True, progress_bar=False, log_output=False
    )
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ["COURSE_VIEW"] = "none"
    outcomes = _Outcomes()
    quiet = ["-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", ".", "--color=no"]
    pytest.main(
        [*quiet, "-p", "nbval.plugin", "--nbval-lax", "--nbval-current-env", "notebook.ipynb"], plugins=[outcomes]
    )
    return outcomes.by_cell


class _Outcomes:
    """Notes each cell's outcome."""

    def __init__(self) -> None:
        self.by_cell: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        self._ids = {item.nodeid: item.cell.id for item in items}

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "call" or report.failed:
            words = " ".join(str(report.longrepr or "").split())[:300]
            self.by_cell[self._ids[report.nodeid]] = f"failed: {words}" if report.failed else "passed"
