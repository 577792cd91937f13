"""The learner's own copies, in ``work/``.

Released lessons and labs in ``notebooks/`` and ``labs/`` are never edited, so an update of the course cannot collide
with a learner's work, and a check always has an untouched original to compare with.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from course_lib import notebook_file, submission
from course_lib.manifest import FOLDERS, PARTS, WORK, Course, ManifestError, Module, Part
from course_lib.notebook_file import NotebookError
from course_lib.submission import Released, Submission, SubmissionError

FOLDER = WORK
#: A file too big to check may still be one to carry answers over from.
RESET_BYTES = 500_000_000


@dataclass(frozen=True)
class Fresh:
    """What a reset did.

    Attributes
    ----------
    path : Path
        The fresh copy.
    kept : Path or None
        Where the old one is now; None when there was none.
    """

    path: Path
    kept: Path | None


@dataclass(frozen=True)
class Mine:
    """What a learner's file turned out to be: a copy of this lesson or lab, with these answers."""

    module: Module
    part: Part
    submission: Submission


def copy_path(module: Module, part: Part) -> Path:
    """Path of the learner's copy of a lesson or lab."""
    return module.root / FOLDER / FOLDERS[part] / f"{module.name}.ipynb"


def lay_out(course: Course) -> list[Path]:
    """Make the learner's copies that are not there yet; what is there is left alone.

    Returns
    -------
    list of Path
        The copies made now.
    """
    missing = [(module, part) for module in course.built for part in PARTS if not copy_path(module, part).exists()]
    return [_copy(module, part) for module, part in missing]


def reset(
    module: Module,
    part: Part,
    now: datetime | None = None,
    answers: Mapping[str, str] | None = None,
    at: Path | None = None,
) -> Fresh:
    """Give a fresh copy of a lesson or lab, and keep the old one beside it.

    Parameters
    ----------
    module : Module
    part : {"lesson", "lab"}
    now : datetime, optional
        Names the kept file; the present time unless given.
    answers : mapping of cell id to source, optional
        To carry over, as when the course was updated.
    at : Path, optional
        Where the copy is, if not in ``work/``.

    Returns
    -------
    Fresh

    Raises
    ------
    ManifestError
        When the module is not built yet.
    """
    _require_built(module)
    path = at or copy_path(module, part)
    kept = _set_aside(path, now or datetime.now()) if path.exists() else None
    _copy(module, part, path)
    if answers:
        notebook_file.write(notebook_file.transplant(notebook_file.read(path), answers), path)
    return Fresh(path, kept)


def to_reset(course: Course, name: str, part: Part, keep_answers: bool) -> tuple[Module, Part, Path, dict[str, str]]:
    """What a word on the command line means to reset, where it is, and the answers to carry over.

    Parameters
    ----------
    course : Course
    name : str
        A module's number or slug, or a learner's file.
    part : {"lesson", "lab"}
        For a module; a file tells its own.
    keep_answers : bool

    Raises
    ------
    ManifestError, NotebookError
        When it is neither, or answers are to be carried over from a file that cannot be read.
    """
    if not (name.endswith(".ipynb") or Path(name).is_file()):
        module = course.module(name)
        path = copy_path(module, part)
        if not keep_answers or not path.exists():
            return module, part, path, {}
        mine = original_of(course, path, to_reset=True)
        if (mine.module, mine.part) != (module, part):
            held = f"{mine.module.title}, {mine.part}"
            raise NotebookError(f"{path}: holds {held}; name the file to carry its answers over")
        return module, part, path, mine.submission.answers
    mine = original_of(course, Path(name), to_reset=True)
    return mine.module, mine.part, Path(name), mine.submission.answers if keep_answers else {}


def notebooks_of(course: Course, name: str) -> list[Path]:
    """Return the notebooks that a word on the command line means: a file, or a module's copies by number or slug.

    Raises
    ------
    ManifestError
        When it is neither a file nor a module.
    """
    if name.endswith(".ipynb") or Path(name).exists():
        return [Path(name)]
    module = course.module(name)
    _require_built(module)
    copies = [copy_path(module, part) for part in PARTS]
    found = [path for path in copies if path.exists()]
    if not found:
        raise ManifestError(f"module {module.number:02d} has no copy in {FOLDER}/ yet; `course reset {name}` makes one")
    return found


def original_of(course: Course, path: Path, *, to_reset: bool = False) -> Mine:
    """Tell which lesson or lab a learner's notebook is a copy of, by its cells; its name only breaks a tie.

    Parameters
    ----------
    course : Course
    path : Path
    to_reset : bool
        Whether it is only to carry answers over: then a file may be larger than one to check.

    Raises
    ------
    NotebookError
        When it cannot be read, is none of the course's, or is the released notebook itself.
    """
    try:
        limits = {"most": RESET_BYTES, "most_cells": RESET_BYTES} if to_reset else {}
        document = submission.read(path, follow=True, **limits)
    except SubmissionError as error:
        raise NotebookError(f"{path}: {error}") from None
    best: tuple[tuple[float, float, bool], Mine] | None = None
    for module, part in released(course):
        wanted = Released.of(_pristine(module, part), _solution(module))
        found = submission.pick(document, wanted)
        share = (len(found.answers) + len(found.refused)) / max(1, len(wanted.answers))
        rank = (found.exact / max(1, len(wanted.answers)), share, path.name.startswith(module.name))
        if not found.empty and (best is None or rank > best[0]):
            best = rank, Mine(module, part, found)
    if best is None:
        raise NotebookError(f"{path.name}: is not one of this course's notebooks: none of its cells is a task's")
    mine = best[1]
    if path.resolve() == mine.module.pristine(mine.part).resolve():
        own = copy_path(mine.module, mine.part).relative_to(mine.module.root)
        raise NotebookError(f"{path}: is the released copy; answer and check your own, {own}")
    return mine


def released(course: Course) -> Iterator[tuple[Module, Part]]:
    """Yield the lessons and labs that are built, in order."""
    return ((module, part) for module in course.built for part in PARTS)


def _require_built(module: Module) -> None:
    if not module.built:
        raise ManifestError(f"module {module.number:02d} ({module.title}) is not built yet")


def _solution(module: Module) -> notebook_file.NotebookNode | None:
    return notebook_file.read(module.solution) if module.solution.exists() else None


def _pristine(module: Module, part: Part) -> notebook_file.NotebookNode:
    return notebook_file.read(module.pristine(part))


def _copy(module: Module, part: Part, path: Path | None = None) -> Path:
    path = path or copy_path(module, part)
    notebook_file.write(fresh(module, part), path)
    return path


def fresh(module: Module, part: Part) -> notebook_file.NotebookNode:
    """The released notebook, naming this machine's kernel as JupyterLab would: else opening it would mark it changed.

    Parameters
    ----------
    module : Module
    part : {"lesson", "lab"}
    """
    notebook = _pristine(module, part)
    notebook.metadata |= kernel_metadata()
    return notebook


@lru_cache(maxsize=1)
def kernel_metadata() -> dict[str, dict[str, Any]]:
    """What JupyterLab writes into a notebook that this environment's kernel runs; nothing where there is none."""
    try:
        from ipykernel.ipkernel import IPythonKernel
        from jupyter_client.kernelspec import KernelSpecManager

        spec = KernelSpecManager().get_kernel_spec("python3")
        kernel = {"display_name": spec.display_name, "language": spec.language, "name": "python3"}
        return {"kernelspec": kernel, "language_info": dict(IPythonKernel.language_info)}
    except Exception:  # whatever is wrong with the kernel is for `course doctor` to tell
        return {}


def _set_aside(path: Path, now: datetime) -> Path:
    """Rename a file to one of its own that is not taken."""
    stem, n = f"{path.stem}-kept-{now:%Y%m%d-%H%M%S}", 1
    kept = path.with_name(f"{stem}{path.suffix}")
    while kept.exists():
        n += 1
        kept = path.with_name(f"{stem}-{n}{path.suffix}")
    return path.rename(kept)
