"""The released notebooks as the grader uses them: their tasks, their checks, and what is run of them."""

from __future__ import annotations

import copy
import hashlib
import importlib
import json
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course_lib import manifest, notebook_file, progress
from course_lib.checks.task import Task
from course_lib.grading.intake.slicing import Cell, defined, needed
from course_lib.grading.sandbox.box import View
from course_lib.submission import Released

_PARAMETERS, _INJECTED = "parameters", "injected-parameters"


@dataclass(frozen=True)
class CourseRef:
    """Where a course is, in a form that can be sent to a worker.

    Attributes
    ----------
    root : str
        The folder with ``course.toml``.
    checks : str
        Module name of a module's checks, with ``{slug}`` in it.
    import_roots : tuple of str
        Further folders to import from; empty for the course itself.
    """

    root: str
    checks: str = "course_lib.checks.{slug}"
    import_roots: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lab:
    """A released lesson or lab.

    Attributes
    ----------
    key : str
        Such as ``01_retry_storm/lab``.
    slug, part, title : str
    notebook : NotebookNode
    tasks : dict of str to Task
        By name, in notebook order.
    answer_cells : dict of str to str
        Task name to the id of its answer cell.
    digest : str
        Changes with the released notebook and the checks.
    solution : NotebookNode or None
        As it is handed out.
    """

    key: str
    slug: str
    part: str
    title: str
    checks: str
    notebook: NotebookNode = field(repr=False)
    tasks: dict[str, Task] = field(repr=False)
    answer_cells: dict[str, str]
    digest: str
    solution: NotebookNode | None = field(default=None, repr=False)

    @property
    def max_points(self) -> float:
        """Points of all its tasks."""
        return sum(task.points for task in self.tasks.values())

    @cached_property
    def reads(self) -> Released:
        """What the reader of submissions knows of it."""
        return Released.of(self.notebook, self.solution)

    @property
    def task_of_cell(self) -> dict[str, str]:
        """Id of an answer cell to the name of its task."""
        return {cell: task for task, cell in self.answer_cells.items()}


@lru_cache(maxsize=4)
def labs(course: CourseRef) -> dict[str, Lab]:
    """Every released notebook with graded cells, by key.

    Raises
    ------
    ManifestError, NotebookError
        In one line, what is wrong with the course itself.
    """
    for root in course.import_roots:
        if root not in sys.path:
            sys.path.insert(0, root)
    found = {}
    for module in manifest.load(course.root).built:
        for part in manifest.PARTS:
            if module.points(part):
                lab = _lab(course, module, part)
                found[lab.key] = lab
    return found


def _lab(course: CourseRef, module: manifest.Module, part: manifest.Part) -> Lab:
    path = module.pristine(part)
    notebook = notebook_file.read(path)
    checks = importlib.import_module(course.checks.format(slug=module.slug))
    tasks = {name: _task(checks, name, module) for name in module.points(part)}
    cells = {name: f"{name}-answer" for name in tasks}
    present = notebook_file.answers(notebook)
    for name, cell in cells.items():
        if cell not in present:
            raise notebook_file.NotebookError(f"{path.name}: task {name} has no answer cell {cell!r}")
    digest = _digest(path, Path(str(checks.__file__)), module.points(part))
    key = f"{module.name}/{part}"
    solution = notebook_file.read(module.solution) if module.solution.exists() else None
    return Lab(key, module.slug, part, module.title, checks.__name__, notebook, tasks, cells, digest, solution)


def _digest(path: Path, checks: Path, points: Mapping[str, float]) -> str:
    """Of all that a verdict rests on: the released notebook, its check and points, the models and their theory."""
    package = Path(__file__).resolve().parents[2]
    code = sorted(file for part in ("models", "theory") for file in (package / part).rglob("*.py"))
    rules = [package / "checks" / name for name in ("task.py", "consistency.py")]
    parts = [path.read_bytes(), *(file.read_bytes() for file in (checks, *rules, *code))]
    parts.append(json.dumps(dict(points), sort_keys=True).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _task(checks: Any, name: str, module: manifest.Module) -> Task:
    task = getattr(checks, name, None)
    if not isinstance(task, Task):
        raise manifest.ManifestError(f"course.toml gives points for task {name} of {module.slug}, which has no check")
    return task


def questions(labs: Mapping[str, Lab]) -> str:
    """All code of the released notebooks, in which every question to be predicted stands."""
    return "\n".join(cell.source for lab in labs.values() for cell in _code_cells(lab.notebook))


def view(course: CourseRef) -> View:
    """What a sandbox for this course shows, hides and loads beforehand."""
    every = labs(course).values()
    warm = sorted({"numpy", *(name for lab in every for name in _imports(lab))} - {lab.checks for lab in every})
    manifest_file = str(Path(course.root) / manifest.MANIFEST)
    hidden = tuple(sorted({"course_lib.checks", *(lab.checks for lab in every)}))
    first = ("course_lib.manifest", "course_lib.progress", "course_lib.checks.task")
    environment = (("COURSE_ROOT", course.root), (progress.OFF, "1"))
    return View(course.import_roots, hidden, (*first, *warm), (manifest_file,), environment)


def _imports(lab: Lab) -> set[str]:
    """Modules that the given cells import, checks left out."""
    lines = [line.split() for cell in _code_cells(lab.notebook) for line in cell.source.splitlines()]
    named = {words[1].rstrip(",") for words in lines if len(words) > 1 and words[0] in ("import", "from")}
    below = {
        f"{words[1]}.{name.strip(',()')}"
        for words in lines
        if len(words) > 3 and words[0] == "from" and words[1] != "course_lib.checks"
        for name in words[3:]
    }
    return {name for name in named | below if name.replace(".", "_").isidentifier() and ".checks" not in name}


def solution(course: CourseRef, lab: Lab) -> dict[str, str]:
    """The reference solution's sources by id of the answer cell."""
    path = Path(course.root) / "solutions" / f"{lab.key.split('/')[0]}.ipynb"
    sources = {cell.id: cell.source for cell in notebook_file.read(path).cells if cell.cell_type == "code"}
    return {cell: sources[cell] for cell in lab.answer_cells.values() if cell in sources}


def given_names(lab: Lab) -> set[str]:
    """Names that the lab's given cells define."""
    taken = set(lab.answer_cells.values()) | set(notebook_file.tagged(lab.notebook, notebook_file.CHECK))
    return set().union(*(defined(cell.source) for cell in _code_cells(lab.notebook) if cell.id not in taken))


def answer_plan(
    lab: Lab, sources: Mapping[str, str], leave_out: set[str], read: Mapping[str, Collection[str]]
) -> dict[str, Any]:
    """What runs where answers are judged: the answer cells and the given cells they need, but no check.

    Parameters
    ----------
    lab : Lab
    sources : mapping of cell id to source
    leave_out : set of str
        Cells that ended an earlier session.
    read : mapping of cell id to collection of str
        Names that the answers use, as read in the sandbox; what a learner wrote is not parsed here.
    """
    code = _code_cells(lab.notebook)
    blank = notebook_file.answers(lab.notebook)
    answers = [
        Cell(cell, sources.get(cell, blank[cell])) for cell in lab.answer_cells.values() if cell not in leave_out
    ]
    taken = set(lab.answer_cells.values()) | set(notebook_file.tagged(lab.notebook, notebook_file.CHECK)) | leave_out
    given = [Cell(cell.id, cell.source) for cell in code if cell.id not in taken]
    cells = needed(given, answers, [cell.id for cell in code], read)
    names = [name for task in lab.tasks.values() for name in task.answers]
    hidden = sorted({"course_lib.checks", lab.checks})
    return {
        "mode": "answers",
        "names": names,
        "hidden": hidden,
        "cells": [{"id": cell.id, "source": cell.source} for cell in cells],
    }


def transplanted(lab: Lab, sources: Mapping[str, str], seed: int) -> NotebookNode:
    """The released notebook with a learner's answers and a seed of its own, as papermill would set it."""
    whole = notebook_file.transplant(lab.notebook, notebook_file.without_markers(sources))
    return with_seed(whole, seed)


def with_seed(notebook: NotebookNode, seed: int) -> NotebookNode:
    """Put a cell that sets `seed` after the parameters cell, in a copy."""
    whole = copy.copy(notebook)
    cell = new_code_cell(f"seed = {seed}", id=_INJECTED, metadata={"tags": [_INJECTED]}, execution_count=1)
    place = next((n for n, c in enumerate(whole.cells, 1) if _PARAMETERS in c.metadata.get("tags", [])), 0)
    whole["cells"] = [*whole.cells[:place], cell, *whole.cells[place:]]
    return whole


def notebook_plan(notebook: NotebookNode, read: Mapping[str, Collection[str]]) -> dict[str, Any]:
    """The check cells and all that they need, in order, to be recorded: charts cost seconds, and nobody compares them.

    Parameters
    ----------
    notebook : NotebookNode
        Transplanted.
    read : mapping of cell id to collection of str
        As in `answer_plan`.
    """
    code = [Cell(cell.id, cell.source) for cell in _code_cells(notebook)]
    fixed = {*notebook_file.answers(notebook), *notebook_file.tagged(notebook, notebook_file.CHECK)}
    given = [cell for cell in code if cell.id not in fixed]
    cells = needed(given, [cell for cell in code if cell.id in fixed], [cell.id for cell in code], read)
    plan = [{"id": cell.id, "source": cell.source} for cell in cells]
    return {"mode": "notebook", "names": [], "hidden": [], "cells": plan}


def _code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]
