"""Notebooks of drills in the learner's folder: copies of ``labs/drill.ipynb``, each with a drill of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from course_lib import notebook_file
from course_lib.home import jupyter, work
from course_lib.manifest import Course

PRISTINE = Path("labs") / "drill.ipynb"
FOLDER = "drills"
CELL, INTRODUCTION = "drill-console", "drill-introduction"

SAYS = {
    "": "",
    "commander": "You **command**: you say what it is, give orders, and speak to those who wait. The operator's "
    "notebook is [{operator}]({operator}); both are on the one drill.",
    "operator": "You **operate**: you look, tell the commander what you see, and carry out orders. The commander's "
    "notebook is [{commander}]({commander}); both are on the one drill.",
    "master": "You are the **game master**: this page has what the class must not see. Put [{board}]({board}) on the "
    "projector, in a window of its own, run its cell, and enter here what the class decides.",
    "board": "For the **projector**. It follows the game master's notebook, and shows what a responder would see. The "
    "cell below is folded, as its code names the scenario: run it as it is.",
}


def lay_out(course: Course, name: str, arguments: Mapping[str, object], roles: Sequence[str] = ("",)) -> list[Path]:
    """Make the notebooks of a drill that are not there yet; what is there is left alone, and goes on.

    Parameters
    ----------
    course : Course
    name : str
        The drill's, such as ``retry_storm-7``.
    arguments : mapping
        What `course_lib.incidents.drill.start` is called with.
    roles : sequence of str
        One notebook each.

    Returns
    -------
    list of Path
        One a role, in order.
    """
    paths = {role: path_of(course, name, role) for role in roles}
    for role, path in paths.items():
        if not path.exists():
            says = SAYS[role].format(**{other: there.name for other, there in paths.items()})
            called = {**arguments, **({"role": role} if role else {})}
            _write(course, path, f"drill.start({_call(called)})", says, folded=role == "board")
    return list(paths.values())


def lay_out_replay(course: Course, run: Path, scenario: str = "") -> Path:
    """Make a notebook that steps through a finished drill, of a scenario's file where that is the learner's own."""
    path = path_of(course, f"replay-{run.stem}", "")
    files = ", ".join(repr(_from(path, Path(file))) for file in (run, scenario) if file)
    _write(course, path, f"drill.replay({files})", "A finished drill, to step through forward and back.")
    return path


def path_of(course: Course, name: str, role: str) -> Path:
    """Where a drill's notebook lies."""
    return course.root / work.FOLDER / FOLDER / (f"{name}-{role}.ipynb" if role else f"{name}.ipynb")


def open_lab(course: Course, notebook: Path, arguments: Sequence[str] = ()) -> int:
    """Run JupyterLab on a drill's notebook until it is stopped."""
    return jupyter.open_lab(course, arguments, page=notebook.relative_to(course.root / work.FOLDER).as_posix())


def _write(course: Course, path: Path, call: str, says: str, folded: bool = False) -> None:
    book = notebook_file.read(course.root / PRISTINE)
    book.metadata |= work.kernel_metadata()
    for cell in book.cells:
        if cell.id == CELL:
            cell.source = f"from course_lib.incidents import drill\n\n{call}"
            if folded:
                cell.metadata["jupyter"] = {"source_hidden": True}
        elif cell.id == INTRODUCTION and says:
            cell.source = f"{cell.source}\n\n{says}"
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook_file.write(book, path)


def _call(arguments: Mapping[str, object]) -> str:
    scenario = arguments.get("scenario")
    named = [f"{name}={value!r}" for name, value in arguments.items() if name != "scenario"]
    return ", ".join([repr(scenario)] * bool(scenario) + named)


def _from(notebook: Path, run: Path) -> str:
    """The run's path as the notebook's kernel, which works in its folder, finds it."""
    try:
        return Path(os.path.relpath(run.resolve(), notebook.parent.resolve())).as_posix()
    except ValueError:  # another drive
        return str(run.resolve())
