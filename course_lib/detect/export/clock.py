"""A module's clock in the export, its rules on that clock, and its days as Prometheus would scrape them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.detect.rule import Rule
from course_lib.detect.table import Table, table

SCRAPE = 15.0  # seconds between two scrapes, and between two evaluations
HISTORY = 1800.0  # seconds over which a baseline is taken; it ends a whole number of them ago
SEED = 7
Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Clock:
    """How a module's time runs in the export.

    Parameters
    ----------
    table : Table
    step : float
        Seconds of the model between two scrapes.
    """

    table: Table
    step: float

    @property
    def interval(self) -> float:
        """Seconds between two scrapes."""
        return max(SCRAPE, self.step)

    @property
    def slower(self) -> float:
        """How many seconds one of the model's lasts here."""
        return self.interval / self.step

    @property
    def ago(self) -> tuple[float, float]:
        """Where a baseline lies: before the longest trouble began, and so long."""
        return HISTORY * math.ceil(self.table.until * self.slower / HISTORY), HISTORY


def clock(slug: str) -> Clock:
    """Return a module's clock: two scrapes in the shortest window of its exported rules."""
    own = table(slug)
    shortest = min(rule.window for rule in every(own.alert, own.rules["twin"]))
    tick = float(own.days["incident"].dt)
    return Clock(own, tick * max(1, math.floor(shortest / 2 / tick + 1e-9)))


def every(*rules: Rule) -> Iterator[Rule]:
    """Rules and all that they are made of."""
    for rule in rules:
        yield rule
        yield from every(*rule.others)


def slowed(rule: Rule, time: Clock) -> Rule:
    """A rule on the export's clock; a baseline of the lesson's day becomes one of some time ago."""
    k = time.slower
    limit = rule.threshold * (k if rule.reading == "time to full" else 1 / k if rule.reading == "change" else 1.0)
    inner = {kind: tuple(slowed(other, time) for other in getattr(rule, kind)) for kind in ("both", "either", "unless")}
    return dataclasses.replace(
        rule,
        **({"above": limit} if rule.above is not None else {"below": limit}),
        window=rule.window * k,
        hold=_whole(rule.hold * k, time),
        keep=_whole(rule.keep * k, time),
        baseline=None,
        ago=time.ago if rule.baseline else None,
        **inner,
    )


def _whole(seconds: float, time: Clock) -> float:
    return time.interval * math.ceil(seconds / time.interval - 1e-9)


def as_evaluated(rule: Rule, time: Clock) -> Rule:
    """The same as Prometheus 2 evaluates it: a range holds both its ends, and ``for`` begins with the first sample."""
    scrape = time.interval
    inner = {kind: tuple(as_evaluated(o, time) for o in getattr(rule, kind)) for kind in ("both", "either", "unless")}
    return dataclasses.replace(rule, window=range_of(rule, time), hold=rule.hold + scrape, **inner)


def range_of(rule: Rule, time: Clock) -> float:
    """Seconds of a counter's range: a scrape more than the window, for as many increases as a gauge has samples.

    The window is two scrapes at least: with one of them lost, there still is a value.
    """
    return time.interval * (max(math.floor(rule.window / time.interval + 1e-9), 2) + 1)


class Scraped(Mapping):
    """A day as it is scraped: rates and levels as means over each interval.

    Parameters
    ----------
    signals : dict of str to ndarray (samples,)
    time : ndarray (samples,)
        Seconds since the first scrape, which comes before the first value.
    units : dict of str to str
    """

    def __init__(self, signals: Mapping[str, Array], time: Array, units: Mapping[str, str]) -> None:
        self.signals, self.time, self.units = dict(signals), time, dict(units)

    def __getitem__(self, name: str) -> Array:
        return self.signals[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.signals)

    def __len__(self) -> int:
        return len(self.signals)


def scraped(
    time: Clock, trace: Any, names: frozenset[str], member: int | None = None, *, history: bool = False
) -> Scraped:
    """Scrape one day of a module.

    Parameters
    ----------
    trace : trace
        One run, or a batch along one axis and the `member` of it to take.
    history : bool
        Put quiet hours before it, as many as a baseline needs: each signal's mean over the rule's quiet seconds.
    """
    count = round(time.step / float(trace.time[1] - trace.time[0]))
    rows = len(trace.time) // count
    signals = {}
    for name in sorted(names):
        values = np.asarray(trace[name], dtype=float)
        values = values if member is None else values[:, member]
        means = _mean(values[: rows * count].reshape(rows, count))
        signals[name] = _rounded(np.concatenate([_quiet(time, trace.time, values), means]) if history else means)
    length = len(next(iter(signals.values())))
    return Scraped(signals, time.interval * np.arange(1, length + 1), {name: trace.units[name] for name in names})


def _mean(values: Array) -> Array:
    there = np.isfinite(values)
    total = np.where(there, values, 0.0).sum(axis=1)
    return np.divide(total, there.sum(axis=1), out=np.full(len(values), np.nan), where=there.any(axis=1))


def _quiet(time: Clock, at: Array, values: Array) -> Array:
    """A signal in the quiet hours before a day."""
    start, end = next(rule.baseline for rule in every(time.table.alert, time.table.rules["twin"]) if rule.baseline)
    return np.full(round(sum(time.ago) / time.interval), np.mean(values[(at > start) & (at <= end)]))


def _rounded(values: Array) -> Array:
    """Six digits, as they are written: what is judged here is what stands in the file."""
    return np.array([float(f"{value:.6g}") for value in values])
