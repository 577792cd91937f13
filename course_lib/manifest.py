"""The course's table of contents, read from ``course.toml``.

Order, titles, objectives, minutes, prerequisites and points are written there and nowhere else.
"""

import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, ValidationError

MANIFEST = "course.toml"
Part = Literal["lesson", "lab"]
PARTS: tuple[Part, ...] = get_args(Part)
#: The learner's own copies lie in folders of the same names below this one.
WORK = "work"
FOLDERS: dict[Part, str] = {"lesson": "notebooks", "lab": "labs"}


class ManifestError(ValueError):
    """What is wrong with ``course.toml``, or with a module's name, in one line."""


class Module(BaseModel):
    """One of the twelve: a lesson, a lab and a solution.

    Attributes
    ----------
    number : int
        Place in the course, from 1.
    slug : str
        The one name of its files, model, checks and views.
    title, symptom : str
        What it is called, and how an on-call engineer first sees it, in one line.
    built : bool
        Whether its notebooks are there. Nothing is promised of those that are not.
    minutes, lab_minutes : int
        Time for the lesson and for the lab.
    prerequisites : tuple of str
        Slugs of earlier modules.
    objectives : tuple of str
        What the learner can do afterwards; three to five, each measurable.
    lesson_points, lab_points : dict of str to int
        Points per task, in the order of the notebook.
    postmortem_points : int
        Points of a post-mortem, which a class hands in beside its notebooks; 0 where none is asked for.
    root : Path
        The course's folder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    root: Path
    number: PositiveInt
    slug: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=1)
    symptom: str = Field(min_length=1, pattern=r"^[^\n]+$")
    built: bool
    minutes: PositiveInt
    lab_minutes: PositiveInt
    prerequisites: tuple[str, ...] = ()
    objectives: tuple[str, ...] = ()
    lesson_points: dict[str, PositiveInt] = {}
    lab_points: dict[str, PositiveInt] = {}
    postmortem_points: NonNegativeInt = 0

    @property
    def name(self) -> str:
        """File name without its ending, such as ``01_retry_storm``."""
        return f"{self.number:02d}_{self.slug}"

    @property
    def lesson(self) -> Path:
        """The pristine lesson."""
        return self.pristine("lesson")

    @property
    def lab(self) -> Path:
        """The pristine lab."""
        return self.pristine("lab")

    @property
    def solution(self) -> Path:
        """The finished submission that answers lesson and lab."""
        return self.root / "solutions" / f"{self.name}.ipynb"

    def pristine(self, part: Part) -> Path:
        """Path of the released lesson or lab, which nobody edits while learning."""
        return self.root / FOLDERS[part] / f"{self.name}.ipynb"

    def points(self, part: Part) -> dict[str, int]:
        """Points per task of the lesson or of the lab."""
        return self.lesson_points if part == "lesson" else self.lab_points


class Course(BaseModel):
    """The modules in order, and where they are.

    Attributes
    ----------
    root : Path
        The folder that holds ``course.toml``.
    title : str
    modules : tuple of Module
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    root: Path
    title: str
    modules: tuple[Module, ...]

    @property
    def built(self) -> tuple[Module, ...]:
        """The modules whose notebooks are there."""
        return tuple(module for module in self.modules if module.built)

    @property
    def asks_for_paper(self) -> Module | None:
        """The module that gives points for a post-mortem; None where none does."""
        return next((module for module in self.built if module.postmortem_points), None)

    def module(self, key: str | int) -> Module:
        """Find a module by number (``1``, ``"01"``), slug or name.

        Raises
        ------
        ManifestError
            When no module is called that.
        """
        wanted = str(key)
        for module in self.modules:
            if wanted in (module.slug, module.name) or (wanted.isdigit() and int(wanted) == module.number):
                return module
        raise ManifestError(f"no module is called {wanted!r}; `course list` shows the {len(self.modules)} there are")


def load(root: Path | str | None = None) -> Course:
    """Read and check ``course.toml``.

    Parameters
    ----------
    root : path, optional
        The course's folder. Without it: ``$COURSE_ROOT``, else the folder of this package, else the working directory
        or the nearest folder above it that holds a ``course.toml``.

    Returns
    -------
    Course

    Raises
    ------
    ManifestError
        In one line, what is missing, misspelt or contradictory.
    """
    path = (Path(root) if root is not None else find_root()) / MANIFEST
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ManifestError(f"{path} is not there: name the course's folder with COURSE_ROOT") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path} is not TOML: {error}") from None
    course = _validated(data, path.parent.resolve())
    for problem in contradictions(course):
        raise ManifestError(f"{MANIFEST}: {problem}")
    return course


def find_root() -> Path:
    """Return the course's folder: ``$COURSE_ROOT``, this package's, or the nearest one above the working directory."""
    if os.environ.get("COURSE_ROOT"):
        return Path(os.environ["COURSE_ROOT"])
    home, here = Path(__file__).resolve().parents[1], Path.cwd()
    for folder in (home, here, *here.parents):
        if (folder / MANIFEST).is_file():
            return folder
    raise ManifestError(f"no {MANIFEST} found: run this in the course's folder, or name it with COURSE_ROOT")


def contradictions(course: Course) -> Iterable[str]:
    """Yield what the modules say against each other: order, names, prerequisites, tasks."""
    earlier: set[str] = set()
    asking = [module.slug for module in course.modules if module.postmortem_points]
    if len(asking) > 1:
        yield f"modules {' and '.join(asking)} both give points for a post-mortem; a document cannot say which is meant"
    for place, module in enumerate(course.modules, start=1):
        if module.number != place:
            yield f"module {module.slug} has number {module.number} but stands in place {place}"
        if module.slug in earlier:
            yield f"two modules are called {module.slug}"
        for slug in set(module.prerequisites) - earlier:
            yield f"module {module.slug} needs {slug}, which is not an earlier module"
        for task in sorted(set(module.lesson_points) & set(module.lab_points)):
            yield f"module {module.slug} has task {task} in its lesson and in its lab"
        if module.built and not module.lab_points:
            yield f"module {module.slug} is built but its lab has no points"
        earlier.add(module.slug)


def _validated(data: dict, root: Path) -> Course:
    modules = [{**entry, "root": root} for entry in data.get("module", [])]
    unknown = sorted(set(data) - {"title", "module"})
    if unknown:
        raise ManifestError(f"{MANIFEST}: unknown entry {unknown[0]!r}")
    try:
        return Course(root=root, title=data.get("title", ""), modules=modules)
    except ValidationError as error:
        # A misspelt entry is also a missing one: name the misspelling.
        first = min(error.errors(), key=lambda entry: entry["type"] != "extra_forbidden")
        where = first["loc"]
        entry = data["module"][where[1]] if len(where) > 1 and isinstance(where[1], int) else {}
        place = f"module {entry.get('slug', where[1])}: " if entry else ""
        raise ManifestError(f"{MANIFEST}: {place}{'.'.join(map(str, where[2:] or where))}: {first['msg']}") from None
