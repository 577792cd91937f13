"""Runs that come with the course: everybody has them, so they are nobody's own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from course_lib.postmortem import exercise
from course_lib.postmortem.beside import LABS

_LAB = LABS / "repeat_incident.run.json"


def digest(plain: Mapping[str, Any]) -> str:
    """The same for runs of one scenario and seed in which the same was done, whoever they say has played.

    Parameters
    ----------
    plain : mapping
        A sealed run, as from `seal.parse`.
    """
    whole = json.dumps([plain["scenario"], plain["seed"], plain["log"]], sort_keys=True)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def is_shipped(run: Path) -> bool:
    """Whether a sealed run, which could be read before, is one that everybody has."""
    return is_of_exercise(run) or _digest_of(run) == of_the_lab()


def is_of_exercise(run: Path) -> bool:
    """Whether it is the run of `course postmortem exercise`."""
    return _digest_of(run) == of_the_exercise()


def _digest_of(run: Path) -> str:
    return digest(json.loads(run.read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def of_the_exercise() -> str:
    """Digest of the run of the exercise, whose finished document is published."""
    return digest(exercise.sealed().plain)


@lru_cache(maxsize=1)
def of_the_lab() -> str:
    """Digest of the run that lab 12 comes with."""
    return digest(json.loads(_LAB.read_text(encoding="utf-8")))
