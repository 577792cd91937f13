"""Check a learner's notebook at home with nbval.

The answers are moved into a scratch copy of the released notebook, which nbval then runs. There is no isolation: it is
the learner's own code on the learner's own machine. An answer that ends the kernel or does not end is left out of a
second run, so that it costs its own task alone.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from course_lib import borrowing, notebook_file, submission
from course_lib.home import nbval_record, work
from course_lib.manifest import Course, Module, Part
from course_lib.notebook_file import NotebookError
from course_lib.progress import OFF
from course_lib.submission import Submission

RIGHT, WRONG, NOT_ATTEMPTED, CRASHED = "right", "wrong", "not attempted", "crashed"
TIMED_OUT, REFUSED = "timed out", "refused"
#: Seconds for one cell; whatever takes longer is stopped.
CELL_TIMEOUT = 20
#: A kernel chooses its ports a second before it takes them; if they are taken by then, it dies and is started anew.
_KERNELS = 3
_VERDICT = re.compile(
    r"^Task (?P<task>[\w-]+): (?P<state>right|wrong|not attempted|crashed)(?:, (?P<points>\d+(?:\.\d+)?) of )?", re.M
)
_HINT = re.compile(r"^\s*hint \d")
_ENDED = {
    nbval_record.DEAD: (CRASHED, "ended Python itself, so nothing after it could run; leave out what ends it"),
    nbval_record.LEFT: (CRASHED, "called exit() or quit(), which ends Python itself; use return"),
    nbval_record.LATE: (TIMED_OUT, "ran longer than {limit} s and was stopped; does a loop of it never end?"),
}
Seen = dict[str, dict[str, str]]


@dataclass(frozen=True)
class TaskResult:
    """What a check found for one task.

    Attributes
    ----------
    task : str
    state : {"right", "wrong", "not attempted", "crashed", "timed out", "refused"}
    points, max_points : float
    lines : tuple of str
        What the learner reads: what held, what missed and by how much.
    source : str
        The answer that was checked.
    """

    task: str
    state: str
    points: float
    max_points: float
    lines: tuple[str, ...]
    source: str = ""


@dataclass(frozen=True)
class Report:
    """What a check found in one notebook.

    Attributes
    ----------
    path : Path
    module : Module
    part : {"lesson", "lab"}
    results : tuple of TaskResult
    notes : tuple of str
        What of the file was read in an unusual way or not at all, and what to do.
    """

    path: Path
    module: Module
    part: Part
    results: tuple[TaskResult, ...]
    notes: tuple[str, ...] = ()

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
    mine = work.original_of(course, path)
    pristine = notebook_file.read(mine.module.pristine(mine.part))
    seen = _each_judged(pristine, mine.submission.answers, course.root)
    results = tuple(_results(pristine, mine.submission, seen, mine.module.points(mine.part), path.name))
    return Report(path, mine.module, mine.part, results, mine.submission.notes)


def _each_judged(pristine: notebook_file.NotebookNode, answers: Mapping[str, str], root: Path) -> Seen:
    """What nbval saw of each cell: as often run as answers end the kernel, without those that did."""
    left, seen, culprits = notebook_file.without_markers(answers), {}, {}
    for _ in range(len(answers) + 1):
        now = run_nbval(notebook_file.transplant(pristine, left), root)
        # What was seen before an end stands; after it, only a run without the culprit tells.
        seen = {**now, **culprits}
        ended = next((id_ for id_, cell in now.items() if cell.get("ended")), None)
        culprit = _culprit(pristine, ended, left) if ended else None
        if culprit is None:
            break
        culprits[culprit] = now[ended] | {"outcome": "failed"}
        del left[culprit]
    return seen | culprits


def _culprit(pristine: notebook_file.NotebookNode, ended: str, answers: Mapping[str, str]) -> str | None:
    """Id of the answer that brought about the end of a cell: its own, or the last one before that defines its names."""
    order = [cell.id for cell in pristine.cells]
    of_check = f"{ended.removesuffix('-check')}-answer"
    before = [id_ for id_ in order[: order.index(ended) + 1] if id_ in answers]
    if ended in answers or of_check in answers:
        return ended if ended in answers else of_check
    words = set(re.findall(r"\w+", next(cell.source for cell in pristine.cells if cell.id == ended)))
    names = submission.Released.of(pristine).names
    return next((id_ for id_ in reversed(before) if words & set(names.get(id_, ()))), before[-1] if before else None)


def run_nbval(notebook: notebook_file.NotebookNode, root: Path) -> Seen:
    """Run ``pytest --nbval-lax`` on a notebook in a scratch folder.

    Returns
    -------
    dict of cell id to dict
        ``outcome`` ("passed" or "failed"), ``text`` printed, ``error`` raised, and ``ended``: why the run stopped with
        this cell, else empty. A cell that nbval did not reach has no entry.

    Raises
    ------
    NotebookError
        When nbval did not run or got no kernel.
    """
    for _ in range(_KERNELS):
        ran, told = _run_once(notebook, root)
        if not told.get("no_kernel"):
            break
    if told.get("no_kernel"):
        why = _first(told["no_kernel"][0])
        raise NotebookError(f"no kernel could be started ({why}), so nothing was checked; see `course doctor`")
    if not told:
        last = (ran.stderr or ran.stdout).strip().splitlines()[-1:]
        raise NotebookError(f"nbval did not run: {''.join(last)}; `course doctor` says what is missing")
    return told["cells"]


def _run_once(notebook: notebook_file.NotebookNode, root: Path) -> tuple[subprocess.CompletedProcess[str], dict]:
    with tempfile.TemporaryDirectory(prefix="course-check-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        notebook_file.write(notebook, folder / "notebook.ipynb")
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        record = folder / "record.json"
        how = {"cwd": folder, "env": _environment(record, root), "encoding": "utf-8", "errors": "replace"}
        ran = subprocess.run(_pytest_command(), capture_output=True, check=False, **how)
        return ran, json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}


def hints(module: Module, task: str) -> tuple[str, ...]:
    """Return the hints of a task, from a nudge to nearly the answer; empty when its check is not there."""
    try:
        checks = vars(import_module(f"course_lib.checks.{module.slug}")).values()
    except ModuleNotFoundError:
        return ()
    found = (entry.hints for entry in checks if hasattr(entry, "hints") and getattr(entry, "name", None) == task)
    return next(found, ())


def _results(
    pristine: notebook_file.NotebookNode, mine: Submission, seen: Seen, worth: dict[str, int], name: str
) -> Iterator[TaskResult]:
    for id_, cell in notebook_file.tagged(pristine, notebook_file.CHECK).items():
        task = cell.metadata["course"]["task"]
        answer = f"{task}-answer"
        if answer in mine.refused:
            yield TaskResult(task, REFUSED, 0, worth[task], (mine.refused[answer],))
        elif answer not in mine.answers:
            told = f"its answer cell was deleted; {submission.mend(name)}, with the cell"
            yield TaskResult(task, NOT_ATTEMPTED, 0, worth[task], (told,))
        else:
            yield _result(task, seen.get(id_), seen.get(answer), worth[task], mine.answers[answer])


def _result(
    task: str, seen: dict[str, str] | None, answer: dict[str, str] | None, worth: float, source: str
) -> TaskResult:
    """Pass only where nbval passed; else what the check itself printed, if it got that far."""
    if answer and answer.get("ended"):
        state, why = _ENDED[answer["ended"]]
        return TaskResult(task, state, 0, worth, (f"the answer {why.format(limit=CELL_TIMEOUT)}",), source)
    if answer and answer["outcome"] != "passed":
        return TaskResult(task, CRASHED, 0, worth, (f"the answer cell stops with {_first(answer['error'])}",), source)
    if seen is None:
        return TaskResult(task, CRASHED, 0, worth, ("the notebook stopped before this check",), source)
    lines = tuple(line for line in seen["text"].splitlines()[1:] if not _HINT.match(line))
    if seen["outcome"] == "passed" and (taken := borrowing.worthless(borrowing.borrowed(source))):
        return TaskResult(task, REFUSED, 0, worth, (borrowing.why_worthless(taken),), source)
    if seen["outcome"] == "passed":
        return TaskResult(task, RIGHT, worth, worth, lines, source)
    verdict = _VERDICT.search(seen["text"])
    if verdict is None or verdict["state"] == RIGHT:
        why = _first(seen["error"]) or "what it printed is not the passing verdict"
        return TaskResult(task, CRASHED, 0, worth, (*lines, f"the check stops with {why}"), source)
    return TaskResult(task, verdict["state"], min(float(verdict["points"] or 0), worth), worth, lines, source)


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
        # A profile's start-up files are the learner's own, and no part of the course.
        "IPYTHONDIR": str(record.parent / "ipython"),
        "PYTHONUTF8": "1",
        OFF: "1",
        "COURSE_ROOT": str(root),
        nbval_record.RECORD: str(record),
    }
