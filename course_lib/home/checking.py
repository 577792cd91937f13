"""Check a learner's notebook at home with nbval.

The answers are moved into a scratch copy of the released notebook, which nbval then runs. There is no isolation: it is
the learner's own code on the learner's own machine.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from course_lib import notebook_file
from course_lib.home import nbval_record, work
from course_lib.manifest import Course, Module, Part
from course_lib.notebook_file import NotebookError

RIGHT, WRONG, NOT_ATTEMPTED, CRASHED = "right", "wrong", "not attempted", "crashed"
CELL_TIMEOUT = 60
_VERDICT = re.compile(
    r"^Task (?P<task>[\w-]+): (?P<state>right|wrong|not attempted|crashed)(?:, (?P<points>\d+(?:\.\d+)?) of )?", re.M
)
_HINT = re.compile(r"^\s*hint \d")


@dataclass(frozen=True)
class TaskResult:
    """What a check found for one task.

    Attributes
    ----------
    task : str
    state : {"right", "wrong", "not attempted", "crashed"}
    points, max_points : float
    lines : tuple of str
        What the learner reads: what held, what missed and by how much.
    """

    task: str
    state: str
    points: float
    max_points: float
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What a check found in one notebook."""

    path: Path
    module: Module
    part: Part
    results: tuple[TaskResult, ...]

    @property
    def points(self) -> float:
        """Points earned."""
        return sum(result.points for result in self.results)

    @property
    def max_points(self) -> float:
        """Points to be had."""
        return sum(result.max_points for result in self.results)

    @property
    def passed(self) -> bool:
        """Whether every task is right."""
        return all(result.state == RIGHT for result in self.results)


def check(course: Course, path: Path) -> Report:
    """Check one notebook.

    Parameters
    ----------
    course : Course
    path : Path
        The learner's copy of a lesson or lab, under any name.

    Returns
    -------
    Report

    Raises
    ------
    NotebookError
        In one line, why the file cannot be checked.
    """
    module, part = work.original_of(course, path)
    submission = notebook_file.read(path)
    pristine = notebook_file.read(module.pristine(part))
    notebook_file.require_cells(submission, pristine, path.name)
    whole = notebook_file.transplant(pristine, notebook_file.answers_for(pristine, submission))
    seen = run_nbval(whole, course.root)
    return Report(path, module, part, tuple(_results(whole, seen, module.points(part))))


def run_nbval(notebook: notebook_file.NotebookNode, root: Path) -> dict[str, dict[str, str]]:
    """Run ``pytest --nbval-lax`` on a notebook in a scratch folder.

    Returns
    -------
    dict of cell id to dict
        ``outcome`` ("passed" or "failed"), ``text`` printed and ``error`` raised. A cell that nbval did not reach has
        no entry.
    """
    with tempfile.TemporaryDirectory(prefix="course-check-") as scratch:
        folder = Path(scratch)
        notebook_file.write(notebook, folder / "notebook.ipynb")
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        record = folder / "record.json"
        ran = subprocess.run(
            _pytest_command(), cwd=folder, env=_environment(record, root), capture_output=True, text=True, check=False
        )
        if not record.exists():
            last = (ran.stderr or ran.stdout).strip().splitlines()[-1:]
            raise NotebookError(f"nbval did not run: {''.join(last)}; `course doctor` says what is missing")
        return json.loads(record.read_text(encoding="utf-8"))


def hints(module: Module, task: str) -> tuple[str, ...]:
    """Return the hints of a task, from a nudge to nearly the answer; empty when its check is not there."""
    try:
        checks = vars(import_module(f"course_lib.checks.{module.slug}")).values()
    except ModuleNotFoundError:
        return ()
    found = (entry.hints for entry in checks if hasattr(entry, "hints") and getattr(entry, "name", None) == task)
    return next(found, ())


def _results(
    notebook: notebook_file.NotebookNode, seen: dict[str, dict[str, str]], worth: dict[str, int]
) -> Iterator[TaskResult]:
    for id_, cell in notebook_file.tagged(notebook, notebook_file.CHECK).items():
        task = cell.metadata["course"]["task"]
        yield _result(task, seen.get(id_), seen.get(f"{task}-answer"), worth[task])


def _result(task: str, seen: dict[str, str] | None, answer: dict[str, str] | None, worth: float) -> TaskResult:
    """Pass only where nbval passed; else what the check itself printed, if it got that far."""
    if answer and answer["outcome"] != "passed":
        return TaskResult(task, CRASHED, 0, worth, (f"the answer cell stops with {_first(answer['error'])}",))
    if seen is None:
        return TaskResult(task, CRASHED, 0, worth, ("the notebook stopped before this check",))
    lines = tuple(line for line in seen["text"].splitlines()[1:] if not _HINT.match(line))
    if seen["outcome"] == "passed":
        return TaskResult(task, RIGHT, worth, worth, lines)
    verdict = _VERDICT.search(seen["text"])
    if verdict is None or verdict["state"] == RIGHT:
        why = _first(seen["error"]) or "what it printed is not the passing verdict"
        return TaskResult(task, CRASHED, 0, worth, (*lines, f"the check stops with {why}"))
    return TaskResult(task, verdict["state"], min(float(verdict["points"] or 0), worth), worth, lines)


def _first(text: str) -> str:
    return (text.strip().splitlines() or [""])[0]


def _pytest_command() -> list[str]:
    """Only nbval and the recorder are loaded, so nothing that is installed beside them can change the outcome."""
    plugins = ["-p", "nbval.plugin", "-p", nbval_record.__name__, "-p", "no:cacheprovider"]
    nbval = ["--nbval-lax", "--nbval-current-env", f"--nbval-cell-timeout={CELL_TIMEOUT}"]
    return [sys.executable, "-m", "pytest", "-q", "-c", "pytest.ini", *plugins, *nbval, "notebook.ipynb"]


def _environment(record: Path, root: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    return {
        **kept,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "COURSE_ROOT": str(root),
        nbval_record.RECORD: str(record),
    }
