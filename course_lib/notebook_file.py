"""Notebook files as the course sees them: answers and checks by cell id, and the transplant of one into the other.

A submission gives nothing but the source of its answer cells. Everything else, the checks and their stored outputs
above all, comes from the released notebook, so an edited check or a forged output changes nothing.
"""

import copy
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import nbformat
import nbformat.v4
from nbformat import NotebookNode

#: A saved notebook above this is refused; the course's own stay below 200 kB.
MAX_BYTES = 4_000_000
MAX_CELLS = 500
ANSWER, CHECK = "answer", "check"
_MARKER = re.compile(r"#[#\s]*(?:NBVAL|PYTEST_VALIDATE)_[A-Z_]+")


class NotebookError(ValueError):
    """What is wrong with a notebook file, and the mend, in one line."""


def read(path: Path | str) -> NotebookNode:
    """Read a notebook, or say in one line why it is none.

    Parameters
    ----------
    path : path

    Returns
    -------
    NotebookNode
        Of format 4, with an id in each cell.

    Raises
    ------
    NotebookError
        Missing, too big, not JSON, not a notebook of format 4.5, or with a cell id that occurs twice.
    """
    path = Path(path)
    notebook = parse(_text(path), path.name)
    for problem in duplicate_ids(notebook):
        raise NotebookError(f"{path.name}: {problem}")
    return notebook


def parse(text: str, name: str) -> NotebookNode:
    """Make a notebook of its JSON text; `name` is used in messages.

    Raises
    ------
    NotebookError
        Not JSON, not a notebook, older than format 4.5, or with more than `MAX_CELLS` cells.
    """
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise NotebookError(f"{name}: is not JSON{where}, so not a notebook") from None
    if not isinstance(data, dict) or not isinstance(data.get("cells"), list):
        raise NotebookError(f"{name}: is JSON but not a notebook: it has no list of cells")
    if len(data["cells"]) > MAX_CELLS:
        raise NotebookError(f"{name}: has {len(data['cells'])} cells; more than {MAX_CELLS} are not read")
    if not all(isinstance(cell, dict) and isinstance(cell.get("id"), str) for cell in data["cells"]):
        raise NotebookError(f"{name}: has cells without an id; open it in JupyterLab 4 and save it again")
    return _valid(text, data, name)


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook, ending in one newline, with its folders made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.v4.writes(notebook).rstrip("\n") + "\n", encoding="utf-8")


def tagged(notebook: NotebookNode, tag: str) -> dict[str, NotebookNode]:
    """Code cells that carry `tag`, by cell id, in notebook order."""
    return {
        cell.id: cell for cell in notebook.cells if cell.cell_type == "code" and tag in cell.metadata.get("tags", [])
    }


def answers(notebook: NotebookNode) -> dict[str, str]:
    """Source of each answer cell, by cell id."""
    return {id_: cell.source for id_, cell in tagged(notebook, ANSWER).items()}


def task_points(notebook: NotebookNode) -> dict[str, int]:
    """Points of each task, as its check cell says."""
    found = (cell.metadata.get("course", {}) for cell in tagged(notebook, CHECK).values())
    return {entry["task"]: entry["points"] for entry in found if "task" in entry}


def role_ids(notebook: NotebookNode) -> set[str]:
    """Ids of the answer and check cells: what tells one of the course's notebooks from another."""
    return set(tagged(notebook, ANSWER)) | set(tagged(notebook, CHECK))


def transplant(pristine: NotebookNode, sources: Mapping[str, str]) -> NotebookNode:
    """Put answers into a copy of the released notebook.

    Parameters
    ----------
    pristine : NotebookNode
        Not changed.
    sources : mapping of cell id to source
        Ids that are no answer cell of `pristine` are ignored; answer cells without a source stay as released.

    Returns
    -------
    NotebookNode
    """
    whole = copy.deepcopy(pristine)
    for id_, cell in tagged(whole, ANSWER).items():
        cell.source = sources.get(id_, cell.source)
    return whole


def without_markers(sources: Mapping[str, str]) -> dict[str, str]:
    """Answers in which no comment tells nbval what to do; lines stay where they are.

    Parameters
    ----------
    sources : mapping of cell id to source
    """
    return {id_: "".join(map(_unmarked, source.splitlines(keepends=True))) for id_, source in sources.items()}


def _unmarked(line: str) -> str:
    """A line of a comment that is a word to nbval and nothing else, in brackets, which nbval does not heed."""
    bare = line.strip()
    return line.replace(bare, f"# ({bare.lstrip('#').strip()})") if _MARKER.fullmatch(bare) else line


def answers_for(pristine: NotebookNode, submission: NotebookNode) -> dict[str, str]:
    """Sources in `submission` of the cells that are answer cells in the released notebook, whatever their tags."""
    wanted = tagged(pristine, ANSWER)
    return {cell.id: cell.source for cell in submission.cells if cell.id in wanted and cell.cell_type == "code"}


def duplicate_ids(notebook: NotebookNode) -> Iterable[str]:
    """Yield a line for each cell id that occurs more than once."""
    for id_, times in Counter(cell.id for cell in notebook.cells).items():
        if times > 1:
            yield f"cell id {id_!r} occurs {times} times; delete the copies and keep one"


def _text(path: Path) -> str:
    if not path.is_file():
        raise NotebookError(f"{path}: " + ("is a folder, not a notebook" if path.is_dir() else "there is no such file"))
    if path.stat().st_size > MAX_BYTES:
        size, limit = path.stat().st_size / 1e6, MAX_BYTES / 1e6
        raise NotebookError(f"{path.name}: {size:.1f} MB is over the {limit:.0f} MB limit; clear its outputs and save")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise NotebookError(f"{path.name}: is not UTF-8 text, so not a notebook") from None
    except OSError as error:
        raise NotebookError(f"{path.name}: cannot be read: {error.strerror}") from None


def _valid(text: str, data: dict, name: str) -> NotebookNode:
    if data.get("nbformat") != 4 or not isinstance(data.get("nbformat_minor"), int) or data["nbformat_minor"] < 5:
        raise NotebookError(f"{name}: is not of notebook format 4.5; open it in JupyterLab 4 and save it again")
    try:
        notebook = nbformat.v4.reads(text)
        nbformat.validate(_with_fresh_ids(notebook))
    except (nbformat.ValidationError, AttributeError, TypeError) as error:
        raise NotebookError(f"{name}: is not a valid notebook: {str(error).splitlines()[0]}") from None
    return notebook


def _with_fresh_ids(notebook: NotebookNode) -> NotebookNode:
    """Return a view for the validator, which would only warn of repeated ids; `duplicate_ids` names them instead."""
    view = NotebookNode(notebook)
    view["cells"] = [NotebookNode({**cell, "id": f"cell-{n}"}) for n, cell in enumerate(notebook.cells)]
    return view
