"""What each module brings to detection: days as parameters of its model, and rules as data."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.detect.rule import Rule
from course_lib.detect.soundness import Known
from course_lib.models.trace import Trace

RULES = {"first": "first signal", "false_reading": "classic false reading", "twin": "what tells the twin"}
DAYS = {
    "incident": "the incident",
    "quiet": "a quiet day",
    "twin": "its security twin",
    "lookalike": "an honest look-alike",
}


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
        At least those of `DAYS`; the twin is the same top-line picture, made by an attacker, the look-alike one that
        nobody need get up for: growth, a deploy, a nightly batch.
    rules : mapping of str to Rule
        At least those of `RULES`: the first fires on the incident and not on the look-alike, the false reading
        misleads, and the twin's fires on the twin and on no other day; none fires on the quiet day.
        `tests/detect/test_tables.py` says so. Where the first speaks on the twin, too, ``"alert"`` is what one would
        page on: it does not.
    names : mapping of str to str
        What the days are called beside a chart.
    twin_starts : float, optional
        When the attack begins, s, where the model names no trigger for it; else its event ``trigger_starts``.
    clock : (str, float)
        The unit in which charts and words tell times, and how many seconds that is.
    extra : mapping of str to (str, callable)
        Signals of peers (partitions, hosts): a unit, and a function of the trace, the members on the second axis.

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
    twin_starts: float | None = None
    clock: tuple[str, float] = ("s", 1.0)
    extra: Mapping[str, tuple[str, Callable[[Trace], Any]]] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        lacking = [
            name for wanted, given in ((DAYS, self.days), (RULES, self.rules)) for name in wanted if name not in given
        ]
        if lacking:
            raise ValueError(f"the table of detection lacks {', '.join(lacking)}")

    @property
    def alert(self) -> Rule:
        """The rule to page on: silent on the quiet day, the look-alike and the twin."""
        return self.rules.get("alert", self.rules["first"])

    def run(self, day: str, seed: ArrayLike = 0) -> Trace:
        """One day, simulated."""
        trace = self.simulate(self.days[day], seed, until=self.until)
        return WithMore(trace, self.extra) if self.extra else trace

    def starts(self, day: str, trace: Trace) -> NDArray[np.float64]:
        """When the trouble of a day begins, s, shape (*batch)."""
        named = self.twin_starts if day == "twin" else None
        return trace.events["trigger_starts"] if named is None else np.full(trace.shape, named)


class WithMore(Mapping):
    """A trace, and signals that are made of it."""

    def __init__(self, trace: Trace, extra: Mapping[str, tuple[str, Callable[[Trace], Any]]]) -> None:
        self.trace = trace
        self.extra = {name: make for name, (_, make) in extra.items()}
        self.units = trace.units | {name: unit for name, (unit, _) in extra.items()}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.trace, name)

    def __getitem__(self, name: str) -> Any:
        return self.extra[name](self.trace) if name in self.extra else self.trace[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self.trace, *self.extra))

    def __len__(self) -> int:
        return len(self.trace) + len(self.extra)


def table(slug: str) -> Table:
    """Return a module's table, by its slug: ``course_lib/detect/<slug>.py`` holds it as ``TABLE``.

    Examples
    --------
    >>> table("retry_storm").rules["first"].signal
    'amplification'
    """
    return importlib.import_module(f"course_lib.detect.{slug}").TABLE


def units(slug: str) -> dict[str, str]:
    """Return a module's signals and their units, without a run."""
    model = importlib.import_module(f"course_lib.models.{slug}").MODEL
    more = {name: unit for name, (unit, _) in table(slug).extra.items()}
    return {name: signal.unit for name, signal in model.signals.items()} | more


def known(slug: str) -> Known:
    """Return what there is to know of a module's signals, without a run."""
    own = table(slug)
    return Known(units(slug), own.until, frozenset(own.extra))
