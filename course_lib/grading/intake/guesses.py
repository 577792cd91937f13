"""What learners predicted before they saw a plot, for the class's histogram.

A kernel keeps predictions in ``.course/predictions.json``; handed in beside a notebook, they are counted here.
They earn nothing, and a file that is something else is passed over.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib import submission
from course_lib.grading.intake.files import printable
from course_lib.submission import SubmissionError

FILE = "predictions.json"
_MOST, _MOST_BYTES = 200, 1_000_000


@dataclass(frozen=True)
class Guess:
    """One learner's answer to one question.

    Attributes
    ----------
    value : float or str
        A number, or the letter of a curve.
    unit : str
    truth : float, str or None
        What came out, where it was revealed.
    """

    value: float | str
    unit: str = ""
    truth: float | str | None = None


def collect(folder: Path, asked: str) -> dict[str, list[Guess]]:
    """Every learner's predictions by question; the last of a learner's files counts.

    Parameters
    ----------
    folder : Path
        Of the submissions.
    asked : str
        The text of the released notebooks: a question that does not stand in it was never asked.
    """
    found: dict[str, list[Guess]] = {}
    for learner in sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()):
        told: dict[str, Guess] = {}
        for path in sorted([*learner.glob(FILE), *learner.glob(f"*/{FILE}")]):
            told |= {question: guess for question, guess in _read(path) if f'"{question}"' in asked}
        for question, guess in told.items():
            found.setdefault(question, []).append(guess)
    return dict(sorted(found.items()))


def _read(path: Path) -> Iterator[tuple[str, Guess]]:
    try:
        stored = json.loads(submission.read_text(path, most=_MOST_BYTES)[0])
    except (SubmissionError, ValueError, RecursionError):
        return
    if isinstance(stored, dict):
        for question, entry in list(stored.items())[:_MOST]:
            guess = _guess(entry)
            if guess is not None:
                yield printable(question[:80]), guess


def _guess(entry: Any) -> Guess | None:
    if not isinstance(entry, Mapping):
        return None
    value = _answer(entry.get("value"))
    unit = entry.get("unit")
    if value is None:
        return None
    return Guess(value, printable(unit[:20]) if isinstance(unit, str) else "", _answer(entry.get("truth")))


def _answer(value: Any) -> float | str | None:
    if isinstance(value, str):
        return printable(value[:20])
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300 and math.isfinite(value):
        return float(value)
    return None
