"""Run notebooks as learners, papermill and nbval do, or in this process, and say what is wrong in lines."""

import contextlib
import copy
import functools
import io
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import notebook_rules
import papermill
from notebook_shell import Shell

from course_lib import notebook_file
from course_lib.grading.judging.recorded import PASSED, Comparer
from course_lib.home import checking
from course_lib.manifest import Module, Part
from course_lib.notebook_file import ANSWER, CHECK, tagged

#: The bar is 10 s alone on a quiet machine, which `make bench` holds it to; here two notebooks run at once.
PAPERMILL_SECONDS = 120  # a notebook that hangs; how fast a lesson runs is a benchmark's business


def _execute(path: Path, out: Path, scratch: Path, tries: int = 3) -> None:
    """Run a notebook; a kernel that found its port taken by another that started at the same moment is started anew."""
    for left in reversed(range(tries)):
        try:
            papermill.execute_notebook(path, out, cwd=scratch, progress_bar=False, kernel_name="python3")
            return
        except RuntimeError as error:
            if not left or "Kernel died before replying" not in str(error):
                raise


def released(path: Path, scratch: Path) -> Iterator[str]:
    """Under papermill from top to bottom, in time, and what it then shows fails nbval at exactly its check cells."""
    started = time.monotonic()
    out = scratch / path.name
    try:
        _execute(path, out, scratch)
    except papermill.PapermillExecutionError as error:
        yield f"{path.name} stops with {error.ename}: {error.evalue}"
        return
    if (seconds := time.monotonic() - started) > PAPERMILL_SECONDS:
        yield f"{path.name} took {seconds:.0f} s, over {PAPERMILL_SECONDS}"
    yield from shown(path, notebook_file.read(out))


def shown(path: Path, done: notebook_file.NotebookNode) -> Iterator[str]:
    """What a released notebook shows once it has run, its predictions revealed, whoever ran it."""
    for id_, cell in tagged(done, CHECK).items():
        if "not attempted" not in _printed(cell, "stdout"):
            yield f"{id_} does not say 'not attempted'"
    yield from notebook_rules.spoilers(done)
    yield from _unanswered(notebook_file.read(path), tagged(done, CHECK))
    for cell in done.cells:
        if any(output.get("name") == "stderr" for output in cell.get("outputs", [])):
            yield f"cell {cell.id} writes to stderr"


def here(module: Module) -> Iterator[str]:
    """In this process: a lesson shows what it should as it is released, and answered its check is as stored."""
    pristine = notebook_file.read(module.lesson)
    blank, solved = copy.deepcopy(pristine), _solved(module, pristine)
    with Shell() as shell:
        if stopped := list(_run(shell, module.lesson, blank.cells)):
            yield from stopped
            return
        yield from shown(module.lesson, blank)
        late = {**tagged(solved, ANSWER), **tagged(solved, CHECK)}
        yield from _run(shell, module.lesson, [cell for cell in solved.cells if cell.id in late])
    yield from _answered(pristine, solved)


def solved_here(module: Module, part: Part) -> Iterator[str]:
    """In this process: it runs from top to bottom once the solution's answers are in, and its checks are as stored."""
    pristine = notebook_file.read(module.pristine(part))
    solved = _solved(module, pristine)
    with Shell() as shell:
        stopped = list(_run(shell, module.pristine(part), solved.cells))
    yield from stopped or _answered(pristine, solved)


def _solved(module: Module, pristine: notebook_file.NotebookNode) -> notebook_file.NotebookNode:
    answers = notebook_file.answers_for(pristine, notebook_file.read(module.solution))
    return notebook_file.transplant(pristine, answers)


def _run(shell: Shell, path: Path, cells: Iterable[notebook_file.NotebookNode]) -> Iterator[str]:
    """Run code cells until one stops."""
    for cell in cells:
        if cell.cell_type == "code" and (error := shell.run(cell)):
            yield f"{path.name} stops at {cell.id} with {error}"
            return


def solution_under_papermill(path: Path, scratch: Path) -> Iterator[str]:
    """The solution runs on its own."""
    try:
        _execute(path, scratch / path.name, scratch)
    except papermill.PapermillExecutionError as error:
        yield f"{path.name} stops with {error.ename}: {error.evalue}"


def solution_in_process(path: Path) -> Iterator[str]:
    """The solution's cells run from top to bottom, in this process: a kernel of its own costs more than they do."""
    known: dict[str, Any] = {"__name__": "__main__", "display": lambda *_, **__: None}
    with mock.patch.dict(os.environ, {"COURSE_VIEW": "none"}), contextlib.redirect_stdout(io.StringIO()):
        for cell in notebook_file.read(path).cells:
            try:
                exec(compile(cell.source if cell.cell_type == "code" else "", cell.id, "exec"), known)
            except Exception as error:
                yield f"{path.name} stops at {cell.id} with {type(error).__name__}: {error}"
                return


def _unanswered(notebook: notebook_file.NotebookNode, done: Mapping[str, Any]) -> Iterator[str]:
    """nbval's own comparison fails at each check cell: papermill has run them, so that no second kernel need."""
    for id_, found in _compared(notebook, done).items():
        if not found.startswith("failed"):
            yield f"{id_} {found}, where it should have failed"


def _answered(notebook: notebook_file.NotebookNode, done: notebook_file.NotebookNode) -> Iterator[str]:
    """nbval's own comparison passes at each check cell."""
    for id_, found in _compared(notebook, cells := tagged(done, CHECK)).items():
        if found != PASSED:
            yield f"{id_} {found}, where it should have passed: {_printed(cells[id_], 'stdout')}"


def _compared(notebook: notebook_file.NotebookNode, done: Mapping[str, Any]) -> dict[str, str]:
    """What nbval says of each check cell, with the outputs of a run in place of a kernel's."""
    records = {id_: {name: _printed(cell, name) for name in ("stdout", "stderr")} for id_, cell in done.items()}
    found = _comparer().compare(notebook, {id_: {**record, "error": None} for id_, record in records.items()})
    return {id_: found.get(id_, found.get("", "")) for id_ in tagged(notebook, CHECK)}


@functools.cache
def _comparer() -> Comparer:
    """One for all notebooks of a test process: starting and ending a session takes longer than they do."""
    return Comparer()


def _printed(cell: Any, name: str) -> str:
    return "".join(output.text for output in cell.outputs if output.get("name") == name)


def solved_under_nbval(module: Module, part: Part) -> Iterator[str]:
    """``--nbval-lax`` passes from top to bottom once the solution's answers are in."""
    notebook = _solved(module, notebook_file.read(module.pristine(part)))
    with mock.patch.dict(os.environ, {"COURSE_VIEW": "none"}):  # papermill has drawn the pictures; nbval compares none
        seen = checking.run_nbval(notebook, module.root)
    for cell in notebook.cells:
        outcome = seen.get(cell.id, {}).get("outcome")
        if cell.cell_type == "code" and outcome != "passed":
            detail = seen.get(cell.id, {}).get("text") or seen.get(cell.id, {}).get("error")
            yield f"{cell.id} {outcome}, where it should have passed: {detail}"
