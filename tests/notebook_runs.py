"""Run notebooks as learners, papermill and nbval do, and say what is wrong in lines."""

import contextlib
import io
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import notebook_rules
import papermill

from course_lib import notebook_file
from course_lib.grading.judging.recorded import Comparer
from course_lib.home import checking
from course_lib.manifest import Module, Part
from course_lib.notebook_file import CHECK, tagged

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
    records = {id_: {name: _printed(cell, name) for name in ("stdout", "stderr")} for id_, cell in done.items()}
    comparer = Comparer()
    try:
        found = comparer.compare(notebook, {id_: {**record, "error": None} for id_, record in records.items()})
    finally:
        comparer.close()
        comparer._thread.join(10)  # it gives the environment back as it ends
    for id_ in tagged(notebook, CHECK):
        if not found.get(id_, "").startswith("failed"):
            yield f"{id_} {found.get(id_, found.get(''))}, where it should have failed"


def _printed(cell: Any, name: str) -> str:
    return "".join(output.text for output in cell.outputs if output.get("name") == name)


def solved_under_nbval(module: Module, part: Part) -> Iterator[str]:
    """``--nbval-lax`` passes from top to bottom once the solution's answers are in."""
    pristine = notebook_file.read(module.pristine(part))
    answers = notebook_file.answers_for(pristine, notebook_file.read(module.solution))
    notebook = notebook_file.transplant(pristine, answers)
    with mock.patch.dict(os.environ, {"COURSE_VIEW": "none"}):  # papermill has drawn the pictures; nbval compares none
        seen = checking.run_nbval(notebook, module.root)
    for cell in notebook.cells:
        outcome = seen.get(cell.id, {}).get("outcome")
        if cell.cell_type == "code" and outcome != "passed":
            detail = seen.get(cell.id, {}).get("text") or seen.get(cell.id, {}).get("error")
            yield f"{cell.id} {outcome}, where it should have passed: {detail}"
