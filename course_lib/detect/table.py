"""What each module brings to detection: days as parameters of its model, and rules as data."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import ArrayLike

from course_lib.detect.rule import Rule
from course_lib.models.trace import Trace

RULES = {"first": "first signal", "false_reading": "classic false reading", "twin": "what tells the twin"}
DAYS = {"incident": "the incident", "quiet": "a quiet day", "twin": "its security twin"}


@dataclasses.dataclass(frozen=True)
class Table:
    """Days and rules of one module.

    Parameters
    ----------
    simulate : callable
        The model's.
    until : float
        Seconds that a day lasts.
    days : mapping of str to Parameters
        At least those of `DAYS`; the twin is the same top-line picture, made by an attacker.
    rules : mapping of str to Rule
        At least those of `RULES`: the first fires on the incident, the false reading misleads, and the twin's fires on
        the twin and not on the incident; none fires on the quiet day. `tests/detect/test_tables.py` says so.
    names : mapping of str to str
        What the days are called beside a chart.

    Raises
    ------
    ValueError
        A day or a rule of those is missing.
    """

    simulate: Callable[..., Trace]
    until: float
    days: Mapping[str, Any]
    rules: Mapping[str, Rule]
    names: Mapping[str, str] = dataclasses.field(default_factory=lambda: DAYS)

    def __post_init__(self) -> None:
        lacking = [
            name for wanted, given in ((DAYS, self.days), (RULES, self.rules)) for name in wanted if name not in given
        ]
        if lacking:
            raise ValueError(f"the table of detection lacks {', '.join(lacking)}")

    def run(self, day: str, seed: ArrayLike = 0) -> Trace:
        """One day, simulated."""
        return self.simulate(self.days[day], seed, until=self.until)


def table(slug: str) -> Table:
    """Return a module's table, by its slug: ``course_lib/detect/<slug>.py`` holds it as ``TABLE``.

    Examples
    --------
    >>> table("retry_storm").rules["first"].signal
    'amplification'
    """
    return importlib.import_module(f"course_lib.detect.{slug}").TABLE
