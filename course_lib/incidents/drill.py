"""What a drill's notebook calls: one line makes the console.

The same scenario, seed and file always continue the same drill, so that a cell may run again at any time.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Any

from course_lib.incidents import scenario as scenarios
from course_lib.incidents.console import DrillConsole
from course_lib.incidents.drawing import drawn
from course_lib.incidents.drill_file import DrillFile, folder
from course_lib.incidents.replay import ReplayConsole
from course_lib.incidents.scenario import Scenario
from course_lib.incidents.session import Session
from course_lib.incidents.world import World

SIZES = (5, 15, 30)
SHARED = {"commander": "pair-", "operator": "pair-", "master": "class-", "board": "class-"}
ROLES = ("", "commander", "operator", "master", "board")
CLASS = ("master", "board")


class DrillError(ValueError):
    """A drill that cannot begin, in one line."""


def start(scenario: str = "", *, seed: int = 0, size: int = 15, role: str = "", file: str | Path = "") -> DrillConsole:
    """Begin a drill, or go on with it where it stood.

    Parameters
    ----------
    scenario : str
        Id of a scenario or a YAML file; without one the seed draws it, and nobody says which.
    seed : int
    size : {5, 15, 30}
        Minutes of the service's time, at most.
    role : {"", "commander", "operator", "master", "board"}
        With one of these, several notebooks share the drill: give all the same scenario and seed.
    file : path, optional
        Where it is kept; else `place` says.

    Raises
    ------
    DrillError, ScenarioError
        In one line, what is wrong.

    Examples
    --------
    >>> start("retry_storm", size=7)
    Traceback (most recent call last):
    course_lib.incidents.drill.DrillError: size = 7: a drill takes 5, 15 or 30 minutes
    """
    if role not in ROLES:
        raise DrillError(f"role = {role!r}: must be one of {', '.join(filter(None, ROLES))}, or left out")
    given(scenario, seed, size)
    played = scenarios.load(_path_or_name(scenario)) if scenario else drawn(seed, size)
    where = Path(file) if file else place(scenario, seed, role)
    return DrillConsole(Session(World(played, seed), size, role), DrillFile(where))


def replay(path: str | Path, scenario: str = "") -> ReplayConsole:
    """Step through a finished drill, forward and back; of a scenario of your own, with its YAML file.

    Raises
    ------
    SealError, ScenarioError
        The file is no run, or was changed after it was sealed.
    """
    return ReplayConsole(Path(path), own(scenario))


def own(scenario: str) -> Scenario | None:
    """A scenario of one's own, where one is named."""
    return scenarios.load(_path_or_name(scenario)) if scenario else None


def given(scenario: str, seed: int | None, size: int) -> dict[str, Any]:
    """What `start` is to be called with: a seed drawn where none is given, and mistakes told before a notebook is made.

    Raises
    ------
    DrillError, ScenarioError
    """
    if size not in SIZES:
        raise DrillError(f"size = {size}: a drill takes 5, 15 or 30 minutes")
    if seed is None:
        seed = secrets.randbelow(100_000)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31:
        raise DrillError(f"seed = {seed!r}: give a whole number from 0 to {2**31 - 1}")
    if not scenario:
        return {"seed": seed, "size": size}
    played = scenarios.load(_path_or_name(scenario))
    if size not in played.sizes:
        raise DrillError(f"size = {size}: {scenario} takes {' or '.join(map(str, played.sizes))} minutes")
    named = str(Path(scenario).resolve()) if scenario.endswith((".yaml", ".yml")) else scenario
    return {"scenario": named, "seed": seed, "size": size}


def place(scenario: str, seed: int, role: str = "") -> Path:
    """File of a drill in the learner's folder; one that is drawn, or that a class sees, does not name its scenario."""
    name = Path(scenario).stem or "drill"
    if role in CLASS:
        name = hashlib.sha256(name.encode()).hexdigest()[:4]
    return folder() / f"{SHARED.get(role, '')}{name}-{seed}.json"


def _path_or_name(scenario: str) -> str | Path:
    return Path(scenario) if scenario.endswith((".yaml", ".yml")) else scenario
