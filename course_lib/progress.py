"""What a learner has done, in one small file on their own machine: ``.course/progress.json``."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from course_lib import manifest
from course_lib.manifest import PARTS, WORK, Course, ManifestError, Module, Part

FILE = Path(".course") / "progress.json"
#: Set in an environment whose kernels shall note nothing: there somebody else does.
OFF = "COURSE_PROGRESS_OFF"
_COUNTS = "wrong"
#: A module's post-mortem stands among its tasks under this name, as it does in a class's gradebook.
PAPER = "postmortem"
#: Of its hundred points; with so many it is called finished.
FINISHED = 70


class Result(NamedTuple):
    """What a check found for one task.

    Attributes
    ----------
    task, state : str
    points : float
    source : str
        The answer that was checked, to tell a new attempt from the same one again; empty where unknown.
    """

    task: str
    state: str
    points: float
    source: str = ""


class ProgressError(ValueError):
    """Why progress could not be kept, in one line."""


class Standing(BaseModel):
    """How a learner stands with one task.

    Attributes
    ----------
    state : str
        As the last check saw it.
    best : float
        Most points any check gave.
    attempts : int
        Different answers that a check judged and found wrong; a crash or the same answer again is none.
    at : str
        Time of the last check, ISO 8601, UTC.
    counted : str
        Digest of the answer that was counted last.
    """

    model_config = ConfigDict(frozen=True)

    state: str
    best: float
    attempts: int
    at: str
    counted: str = ""


class Drill(BaseModel):
    """How a learner has done in the drills of one scenario.

    Attributes
    ----------
    times : int
        Drills finished.
    best : float
        Sum of the best vector.
    vector : dict of str to (float, float)
        Points and how many there were to be had, by what they are for, of the best drill.
    at : str
        Time of the last one, ISO 8601, UTC.
    """

    model_config = ConfigDict(frozen=True)

    times: int
    best: float
    vector: dict[str, tuple[float, float]]
    at: str


class Progress(BaseModel):
    """Standings by module slug and task, and drills by scenario."""

    modules: dict[str, dict[str, Standing]] = {}
    drills: dict[str, Drill] = {}

    def standing(self, slug: str, task: str) -> Standing:
        """Return how the learner stands with a task; not attempted when no check has seen it."""
        fresh = Standing(state="not attempted", best=0, attempts=0, at="")
        return self.modules.get(slug, {}).get(task, fresh)

    def points(self, module: Module) -> tuple[float, int]:
        """Points earned and points to be had in a module's lesson and lab together."""
        worth = {task: points for part in PARTS for task, points in module.points(part).items()}
        return sum(self.standing(module.slug, task).best for task in worth), sum(worth.values())

    def paper_left(self, course: Course) -> Module | None:
        """Return the module that asks for a post-mortem, while no check has found one finished."""
        module = course.asks_for_paper
        done = module and self.standing(module.slug, PAPER).best >= FINISHED * module.postmortem_points / 100
        return None if done else module


def load(course: Course) -> Progress:
    """Read the learner's progress; a damaged file is set aside, and progress starts anew."""
    path = course.root / FILE
    try:
        return Progress.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Progress()
    except (ValidationError, UnicodeDecodeError):
        with contextlib.suppress(OSError):
            os.replace(path, path.with_suffix(".damaged.json"))
        return Progress()
    except OSError:
        return Progress()


def record(course: Course, module: Module, results: Iterable[tuple[str, str, float] | Result]) -> Progress:
    """Note what a check found, and return how the learner stands then.

    Parameters
    ----------
    course : Course
    module : Module
    results : iterable of Result

    Raises
    ------
    ProgressError
        When it cannot be written.
    """
    known = with_results(load(course), module, results)
    _save(course.root / FILE, known)
    return known


def with_results(known: Progress, module: Module, results: Iterable[tuple[str, str, float] | Result]) -> Progress:
    """A copy of `known` with what a check found."""
    known = known.model_copy(deep=True)
    standings = known.modules.setdefault(module.slug, {})
    for result in results:
        one, before = Result(*result), known.standing(module.slug, result[0])
        digest = hashlib.sha256(one.source.strip().encode("utf-8", "replace")).hexdigest()[:16] if one.source else ""
        counts = one.state == _COUNTS and (not digest or digest != before.counted)
        standings[one.task] = Standing(
            state=one.state,
            best=max(before.best, one.points),
            attempts=before.attempts + counts,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            counted=digest if counts else before.counted,
        )
    return known


def record_paper(course: Course, total: float, source: str) -> None:
    """Note a post-mortem that was checked; nothing where the course gives no points for one.

    Parameters
    ----------
    course : Course
    total : float
        Points of the rubric's hundred.
    source : str
        The document's text.

    Raises
    ------
    ProgressError
        When it cannot be written.
    """
    if (module := course.asks_for_paper) and not os.environ.get(OFF):
        state, points = "right" if total >= FINISHED else _COUNTS, round(total * module.postmortem_points / 100, 1)
        record(course, module, [Result(PAPER, state, points, source)])


def forget_attempts(course: Course, module: Module, part: Part) -> None:
    """Let hints begin anew for a lesson or lab, as its fresh copy does; points earned stay.

    Raises
    ------
    ProgressError
        When it cannot be written.
    """
    known = load(course)
    standings = known.modules.get(module.slug, {})
    begun = [task for task in module.points(part) if task in standings and standings[task].attempts]
    for task in begun:
        standings[task] = standings[task].model_copy(update={"attempts": 0, "counted": ""})
    if begun:
        _save(course.root / FILE, known)


def note(slug: str, result: Result) -> int | None:
    """Note a check that a learner ran in their own notebook; quietly nothing where it is not theirs.

    Parameters
    ----------
    slug : str
        The module's.
    result : Result

    Returns
    -------
    int or None
        Attempts counted so far; None where nothing was noted.
    """
    if os.environ.get(OFF):
        return None
    try:
        course = manifest.load()
        if not Path.cwd().resolve().is_relative_to((course.root / WORK).resolve()):
            return None
        return record(course, course.module(slug), [result]).standing(slug, result.task).attempts
    # A notebook whose progress cannot be kept is still one to work in.
    except (OSError, ManifestError, ProgressError):
        return None


def note_drill(scenario: str, vector: Mapping[str, tuple[float, float]], where: Path) -> Drill | None:
    """Note a finished drill; quietly nothing where it is not the learner's own.

    Parameters
    ----------
    scenario : str
    vector : mapping of str to (float, float)
        Points, and how many there were to be had.
    where : Path
        File of the drill.

    Returns
    -------
    Drill or None
        How the learner stands with this scenario now; None where nothing was noted.
    """
    if os.environ.get(OFF):
        return None
    try:
        course = manifest.load()
        if not where.resolve().is_relative_to((course.root / WORK).resolve()):
            return None
        known = load(course)
        known.drills[scenario] = drill = _with_drill(known.drills.get(scenario), vector)
        _save(course.root / FILE, known)
        return drill
    except (OSError, ManifestError, ProgressError):
        return None


def _with_drill(before: Drill | None, vector: Mapping[str, tuple[float, float]]) -> Drill:
    points, now = max(sum(have for have, _ in vector.values()), 0.0), datetime.now(UTC).isoformat(timespec="seconds")
    if before is None or points > before.best:
        return Drill(times=(before.times if before else 0) + 1, best=points, vector=dict(vector), at=now)
    return before.model_copy(update={"times": before.times + 1, "at": now})


def _save(path: Path, progress: Progress) -> None:
    write_whole(path, json.dumps(progress.model_dump(), indent=1) + "\n", "your progress")


def write_whole(path: Path, text: str, what: str) -> None:
    """Write one of the learner's files in one step, so that a stop half-way leaves the old file whole.

    Parameters
    ----------
    path : Path
    text : str
    what : str
        What would be lost, for the message.

    Raises
    ------
    ProgressError
        When it cannot be written.
    """
    half = path.with_suffix(f".half-{os.getpid()}")
    try:
        path.parent.mkdir(exist_ok=True)
        half.write_text(text, encoding="utf-8")
        os.replace(half, path)
    except OSError as error:
        raise ProgressError(f"{path} cannot be written ({error.strerror}), so {what} was not noted") from None
