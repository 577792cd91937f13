"""One alert rule as data, and the evaluator that runs it over any trace: ``expr > threshold, for: 1m``."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from course_lib.models.trace import Trace

READINGS = ("level", "change", "time to full")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rule:
    """Page when what a rule reads has been above (or below) a threshold for a while.

    Parameters
    ----------
    signal : str
        Name of a signal of the trace.
    says : str
        What the page tells whoever is woken.
    above, below : float, optional
        Threshold, one of the two: in the signal's unit; a bare number with `per` or `baseline`; per second for a
        ``change``; in seconds for a ``time to full``.
    window : float
        Seconds over which signals are averaged before anything else: what ``rate(...[10s])`` does.
    hold : float
        Seconds for which the comparison must stay true: what ``for:`` does.
    keep : float
        Seconds for which a page stays up after that: what ``keep_firing_for:`` does.
    per : str, optional
        A second signal, by which the first is divided; where it is nothing, the rule does not fire.
    reading : {"level", "change", "time to full"}
        The level, how fast it rises (over one window), or in how many seconds it reaches `full` at that pace.
    full : float, optional
        What ``time to full`` runs to.
    baseline : (float, float), optional
        Quiet seconds, from and to: the level counts in multiples of its own mean there, once they are over.
    floor : (str, float), optional
        A signal and how much of it there must be, lest three requests at night page anyone.
    both, either, unless : tuple of Rule
        Further rules, each with a hold of its own: all must fire as well; one that fires is enough; none may fire.

    Raises
    ------
    ValueError
        A field is impossible; the message names rule and field.

    Examples
    --------
    >>> Rule(signal="load", above=0.8, says="scale out").wants
    '> 0.8'
    >>> Rule(signal="load", says="scale out")
    Traceback (most recent call last):
    ValueError: rule on load: give one finite threshold, above or below
    """

    signal: str
    says: str
    above: float | None = None
    below: float | None = None
    window: float = 10.0
    hold: float = 60.0
    keep: float = 0.0
    per: str | None = None
    reading: str = "level"
    full: float | None = None
    baseline: tuple[float, float] | None = None
    floor: tuple[str, float] | None = None
    both: tuple[Rule, ...] = ()
    either: tuple[Rule, ...] = ()
    unless: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        for wrong, mend in self._faults():
            if wrong:
                raise ValueError(f"rule on {self.signal}: {mend}")

    def _faults(self) -> list[tuple[bool, str]]:
        given = [limit for limit in (self.above, self.below) if limit is not None]
        quiet = self.baseline or (0.0, 1.0)
        return [
            (len(given) != 1 or not np.isfinite(given).all(), "give one finite threshold, above or below"),
            (not 0 < self.window < np.inf, f"window = {self.window:g} s: must be positive"),
            (not 0 <= self.hold < np.inf, f"hold = {self.hold:g} s: must be 0 or more"),
            (not 0 <= self.keep < np.inf, f"keep = {self.keep:g} s: must be 0 or more"),
            (self.reading not in READINGS, f"reading = {self.reading!r}: must be one of {', '.join(READINGS)}"),
            (
                (self.reading == "time to full") != (self.full is not None),
                "a time to full needs full, and nothing else does",
            ),
            (not 0 <= quiet[0] < quiet[1], f"baseline = {self.baseline}: must be two times, the earlier first"),
            (self.baseline is not None and self.reading != "level", "a baseline belongs to a level"),
        ]

    @property
    def threshold(self) -> float:
        """The threshold, whichever side it bounds."""
        return self.below if self.above is None else self.above

    @property
    def wants(self) -> str:
        """The comparison in a few signs."""
        return f"{'<' if self.above is None else '>'} {self.threshold:g}"


def read(rule: Rule, trace: Trace) -> NDArray[np.float64]:
    """What the rule compares with its threshold, shape (steps, *batch); NaN where there is nothing to compare.

    Raises
    ------
    KeyError
        The trace has no such signal.
    """
    level = _averaged(rule.signal, rule, trace)
    if rule.per:
        whole = _averaged(rule.per, rule, trace)
        level = np.divide(level, whole, out=np.full_like(level, np.nan), where=whole > 0)
    if rule.baseline:
        return level / _usual(level, trace.time, rule.baseline)
    return level if rule.reading == "level" else _trend(rule, level, _steps(rule.window, trace))


def firing(rule: Rule, trace: Trace) -> NDArray[np.bool_]:
    """Whether the rule fires at the end of each step, shape (steps, *batch)."""
    over = _held(meets(rule, trace), max(_steps(rule.hold, trace), 1))
    return _kept(over, _steps(rule.keep, trace)) if rule.keep else over


def meets(rule: Rule, trace: Trace) -> NDArray[np.bool_]:
    """Whether what the rule asks for is so at the end of each step, whatever the hold; shape (steps, *batch)."""
    seen = read(rule, trace)
    met = seen > rule.above if rule.above is not None else seen < rule.below
    if rule.floor:
        met &= _averaged(rule.floor[0], rule, trace) >= rule.floor[1]
    for other in rule.both:
        met &= firing(other, trace)
    for other in rule.either:
        met |= firing(other, trace)
    for other in rule.unless:
        met &= ~firing(other, trace)
    return met


def first_alarm(rule: Rule, trace: Trace) -> NDArray[np.float64]:
    """Second at which the rule first fires, shape (*batch); NaN where it never does."""
    fires = firing(rule, trace)
    return np.where(fires.any(axis=0), trace.time[fires.argmax(axis=0)], np.nan)


def told(rule: Rule, trace: Trace) -> str:
    """When the rule pages on one run, in words.

    Returns
    -------
    str
        ``"pages at 121 s"`` or ``"silent"``.
    """
    when = float(first_alarm(rule, trace))
    return "silent" if np.isnan(when) else f"pages at {when:.0f} s"


def _steps(seconds: float, trace: Trace) -> int:
    step = float(trace.time[0]) if len(trace.time) == 1 else float(trace.time[1] - trace.time[0])
    return round(seconds / step)


def _averaged(signal: str, rule: Rule, trace: Trace) -> NDArray[np.float64]:
    """Mean of a signal over the last window, over less at the start; gaps (NaN) don't count."""
    values, length = np.asarray(trace[signal], dtype=float), max(_steps(rule.window, trace), 1)
    there = np.isfinite(values)
    before = np.maximum(np.arange(1, len(values) + 1) - length, 0)
    totals = []
    for part in (np.where(there, values, 0.0), there.astype(float)):
        up_to = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(part, axis=0)])
        totals.append(up_to[1:] - up_to[before])
    return np.divide(totals[0], totals[1], out=np.full(values.shape, np.nan), where=totals[1] > 0)


def _usual(level: NDArray[np.float64], time: NDArray[np.float64], quiet: tuple[float, float]) -> NDArray[np.float64]:
    """The level's mean in its quiet hours, NaN until they are over: nobody knows it sooner."""
    start, end = quiet
    rows = (time > start) & (time <= end)
    mean = level[rows].mean(axis=0) if rows.any() else np.full(level.shape[1:], np.nan)
    known = (time > end).reshape(-1, *[1] * (level.ndim - 1))
    return np.where(known & (mean > 0), mean, np.nan)


def _trend(rule: Rule, level: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """How fast the level rises, per second, or how many seconds are left until it is full."""
    change = np.full_like(level, np.nan)
    change[length:] = (level[length:] - level[:-length]) / rule.window
    if rule.reading == "change":
        return change
    left = np.maximum(rule.full - level, 0.0)
    return np.divide(left, change, out=np.where(np.isnan(change), np.nan, np.inf), where=change > 0)


def _held(over: NDArray[np.bool_], length: int) -> NDArray[np.bool_]:
    """Whether the last `length` steps were all over."""
    return over & (_since(~over) >= length)


def _kept(over: NDArray[np.bool_], length: int) -> NDArray[np.bool_]:
    """Whether any of this step and the `length` before was over."""
    return over | ((_since(over) <= length) & np.logical_or.accumulate(over, axis=0))


def _since(what: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Steps since it last was so; since before the start where it never was."""
    steps = np.arange(len(what)).reshape(-1, *[1] * (what.ndim - 1))
    return steps - np.maximum.accumulate(np.where(what, steps, -1), axis=0)
