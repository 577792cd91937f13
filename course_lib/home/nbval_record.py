"""A pytest plugin that writes down what nbval saw in each cell: one kernel run gives verdict and text.

nbval compares a cell's output with the stored one and throws it away; a learner needs to read it.
"""

import json
import os
import re
from pathlib import Path

import pytest

RECORD = "COURSE_NBVAL_RECORD"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_seen: dict[str, dict[str, str]] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> object:
    """Keep outcome, printed text and error of a notebook cell, by cell id."""
    report = yield
    if report.when == "call" and hasattr(item, "test_outputs"):
        outputs = item.test_outputs or []
        _seen[item.cell.id] = {
            "outcome": report.outcome,
            "text": "".join(out.text for out in outputs if out.output_type == "stream" and out.name == "stdout"),
            "error": _error(outputs) or (str(call.excinfo.value) if call.excinfo else ""),
        }
    return report


def pytest_sessionfinish() -> None:
    """Write the record to the file that the environment names."""
    Path(os.environ[RECORD]).write_text(json.dumps(_seen), encoding="utf-8")


def _error(outputs: list) -> str:
    errors = [f"{out.ename}: {out.evalue}" for out in outputs if out.output_type == "error"]
    return _COLOURS.sub("", errors[-1]) if errors else ""
