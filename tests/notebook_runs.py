"""Run notebooks as learners, papermill and nbval do, and say what is wrong in lines."""

import time
from collections.abc import Iterator
from pathlib import Path

import papermill

from course_lib import notebook_file
from course_lib.home import checking
from course_lib.manifest import Module, Part
from course_lib.notebook_file import CHECK, tagged

#: The bar is 10 s alone on a quiet machine, which `make bench` holds it to; here two notebooks run at once.
PAPERMILL_SECONDS = 120  # a notebook that hangs; how fast a lesson runs is a benchmark's business


def under_papermill(path: Path, scratch: Path) -> Iterator[str]:
    """Top to bottom without an error, in time, unanswered checks saying so."""
    started = time.monotonic()
    out = scratch / path.name
    try:
        papermill.execute_notebook(path, out, cwd=scratch, progress_bar=False, kernel_name="python3")
    except papermill.PapermillExecutionError as error:
        yield f"{path.name} stops with {error.ename}: {error.evalue}"
        return
    if (seconds := time.monotonic() - started) > PAPERMILL_SECONDS:
        yield f"{path.name} took {seconds:.0f} s, over {PAPERMILL_SECONDS}"
    done = notebook_file.read(out)
    for id_, cell in tagged(done, CHECK).items():
        if "not attempted" not in "".join(output.get("text", "") for output in cell.outputs):
            yield f"{id_} does not say 'not attempted'"
    for cell in done.cells:
        if any(output.get("name") == "stderr" for output in cell.get("outputs", [])):
            yield f"cell {cell.id} writes to stderr"


def solution_under_papermill(path: Path, scratch: Path) -> Iterator[str]:
    """The solution runs on its own."""
    try:
        papermill.execute_notebook(path, scratch / path.name, cwd=scratch, progress_bar=False, kernel_name="python3")
    except papermill.PapermillExecutionError as error:
        yield f"{path.name} stops with {error.ename}: {error.evalue}"


def unanswered_under_nbval(module: Module, part: Part) -> Iterator[str]:
    """``--nbval-lax`` on the released notebook fails at its check cells and nowhere else."""
    notebook = notebook_file.read(module.pristine(part))
    yield from _expect(notebook, module.root, failing=set(tagged(notebook, CHECK)))


def solved_under_nbval(module: Module, part: Part) -> Iterator[str]:
    """``--nbval-lax`` passes from top to bottom once the solution's answers are in."""
    pristine = notebook_file.read(module.pristine(part))
    answers = notebook_file.answers_for(pristine, notebook_file.read(module.solution))
    yield from _expect(notebook_file.transplant(pristine, answers), module.root, failing=set())


def _expect(notebook, root: Path, failing: set[str]) -> Iterator[str]:
    seen = checking.run_nbval(notebook, root)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        outcome, wanted = seen.get(cell.id, {}).get("outcome"), "failed" if cell.id in failing else "passed"
        if outcome != wanted:
            detail = seen.get(cell.id, {}).get("text") or seen.get(cell.id, {}).get("error")
            yield f"{cell.id} {outcome}, where it should have {wanted}: {detail}"
