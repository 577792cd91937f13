"""The learner's own copies, in ``work/``.

Released lessons and labs in ``notebooks/`` and ``labs/`` are never edited, so an update of the course cannot collide
with a learner's work, and a check always has an untouched original to compare with.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from course_lib import notebook_file
from course_lib.manifest import FOLDERS, PARTS, Course, ManifestError, Module, Part
from course_lib.notebook_file import NotebookError

FOLDER = "work"


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


def reset(module: Module, part: Part, now: datetime | None = None, keep_answers: bool = False) -> Fresh:
    """Give a fresh copy of a lesson or lab, and keep the old one beside it.

    Parameters
    ----------
    module : Module
    part : {"lesson", "lab"}
    now : datetime, optional
        Names the kept file; the present time unless given.
    keep_answers : bool
        Carry the answers over, as when the course was updated.

    Returns
    -------
    Fresh

    Raises
    ------
    ManifestError
        When the module is not built yet.
    NotebookError
        When answers are to be carried over from a file that is no notebook; nothing is moved then.
    """
    _require_built(module)
    path = copy_path(module, part)
    sources = notebook_file.answers_for(_pristine(module, part), notebook_file.read(path)) if keep_answers else {}
    kept = _set_aside(path, now or datetime.now()) if path.exists() else None
    _copy(module, part)
    if sources:
        notebook_file.write(notebook_file.transplant(_pristine(module, part), sources), path)
    return Fresh(path, kept)


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


def original_of(course: Course, path: Path) -> tuple[Module, Part]:
    """Tell which lesson or lab a learner's notebook is a copy of, by its cells; its file name only breaks a tie.

    Raises
    ------
    NotebookError
        When it is none of the course's, or is the released notebook itself.
    """
    notebook = notebook_file.read(path)
    ranked = [
        (notebook_file.likeness(notebook, _pristine(module, part)), path.name.startswith(module.name), module, part)
        for module, part in released(course)
    ]
    best = max(ranked, key=lambda entry: entry[:2], default=None)
    if best is None or best[0] == 0:
        raise NotebookError(f"{path.name}: is not one of this course's notebooks: none of its cells is a task's")
    _, _, module, part = best
    if path.resolve() == module.pristine(part).resolve():
        mine = copy_path(module, part).relative_to(module.root)
        raise NotebookError(f"{path}: is the released copy; answer and check your own, {mine}")
    return module, part


def released(course: Course) -> Iterator[tuple[Module, Part]]:
    """Yield the lessons and labs that are built, in order."""
    return ((module, part) for module in course.built for part in PARTS)


def _require_built(module: Module) -> None:
    if not module.built:
        raise ManifestError(f"module {module.number:02d} ({module.title}) is not built yet")


def _pristine(module: Module, part: Part) -> notebook_file.NotebookNode:
    return notebook_file.read(module.pristine(part))


def _copy(module: Module, part: Part) -> Path:
    path = copy_path(module, part)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(module.pristine(part), path)
    return path


def _set_aside(path: Path, now: datetime) -> Path:
    """Rename a file to one of its own that is not taken."""
    stem, n = f"{path.stem}-kept-{now:%Y%m%d-%H%M%S}", 1
    kept = path.with_name(f"{stem}{path.suffix}")
    while kept.exists():
        n += 1
        kept = path.with_name(f"{stem}-{n}{path.suffix}")
    return path.rename(kept)
