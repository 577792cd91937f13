"""The exercise: a run, a post-mortem of it with twenty planted faults, the key to them, and the finished document.

The run is kept as a log and sealed when it is asked for, so that it is always one of the scenario as it is now.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

import yaml

from course_lib.incidents import scenario, seal
from course_lib.incidents.truth import Run
from course_lib.postmortem import template
from course_lib.postmortem.replay import Sealed

SCENARIO, SEED = "dns_outage", 17
#: The files that `course postmortem exercise` writes.
NAME = "exercise"


@dataclass(frozen=True)
class Planted:
    """One fault of the exercise.

    Attributes
    ----------
    rule : str
        Of the rubric.
    line : int
        Where it stands, or where the section begins that lacks something.
    wrong : str
        What is wrong with it, for people.
    """

    rule: str
    line: int
    wrong: str


@lru_cache(maxsize=1)
def sealed() -> Sealed:
    """The run that exercise and model tell of."""
    of = scenario.load(SCENARIO)
    run = Run(of, SEED, seal.read_log(json.loads(template.page("exercise_log.json")), of))
    return Sealed(run, seal.seal(run), known=True)


def faulty() -> str:
    """The document with twenty planted faults."""
    return template.page("exercise.md")


def model() -> str:
    """The finished document."""
    return template.page("model.md")


def key() -> list[Planted]:
    """The planted faults, in the order of their lines."""
    lines = faulty().split("\n")
    return [
        Planted(one["rule"], next(n for n, line in enumerate(lines, start=1) if one["words"] in line), one["wrong"])
        for one in yaml.safe_load(template.page("exercise_key.yaml"))
    ]
