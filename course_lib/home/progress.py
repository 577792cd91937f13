"""What a learner has done, in one small file on their own machine: ``.course/progress.json``."""

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from course_lib.manifest import PARTS, Course, Module

FILE = Path(".course") / "progress.json"


class Standing(BaseModel):
    """How a learner stands with one task.

    Attributes
    ----------
    state : str
        As the last check saw it.
    best : float
        Most points any check gave.
    attempts : int
        Checks that found an answer there.
    at : str
        Time of the last check, ISO 8601, UTC.
    """

    model_config = ConfigDict(frozen=True)

    state: str
    best: float
    attempts: int
    at: str


class Progress(BaseModel):
    """Standings by module slug and task."""

    modules: dict[str, dict[str, Standing]] = {}

    def standing(self, slug: str, task: str) -> Standing:
        """Return how the learner stands with a task; not attempted when no check has seen it."""
        fresh = Standing(state="not attempted", best=0, attempts=0, at="")
        return self.modules.get(slug, {}).get(task, fresh)

    def points(self, module: Module) -> tuple[float, int]:
        """Points earned and points to be had in a module's lesson and lab together."""
        worth = {task: points for part in PARTS for task, points in module.points(part).items()}
        return sum(self.standing(module.slug, task).best for task in worth), sum(worth.values())


def load(course: Course) -> Progress:
    """Read the learner's progress; a damaged file is set aside, and progress starts anew."""
    path = course.root / FILE
    try:
        return Progress.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Progress()
    except (ValidationError, UnicodeDecodeError):
        os.replace(path, path.with_suffix(".damaged.json"))
        return Progress()


def record(course: Course, module: Module, results: Iterable[tuple[str, str, float]]) -> Progress:
    """Note what a check found.

    Parameters
    ----------
    course : Course
    module : Module
    results : iterable of (task, state, points)

    Returns
    -------
    Progress
    """
    progress = load(course)
    standings = progress.modules.setdefault(module.slug, {})
    for task, state, points in results:
        before = progress.standing(module.slug, task)
        standings[task] = Standing(
            state=state,
            best=max(before.best, points),
            attempts=before.attempts + (state != "not attempted"),
            at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
    _save(course.root / FILE, progress)
    return progress


def _save(path: Path, progress: Progress) -> None:
    """Write in one step, so that a stop half-way leaves the old file whole."""
    path.parent.mkdir(exist_ok=True)
    half = path.with_suffix(".half")
    half.write_text(json.dumps(progress.model_dump(), indent=1) + "\n", encoding="utf-8")
    os.replace(half, path)
