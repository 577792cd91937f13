"""The evaluator: runs rules over any trace, all members of a batch at once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from course_lib.detect.rule import Rule

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Watched(Protocol):
    """What can be watched: a model's trace, or somebody's own data.

    A signal has the shape (steps, *batch), or (steps, members, *batch) for a rule about peers; `time` holds the ends of
    the steps, which are equally long.
    """

    time: Array

    def __getitem__(self, signal: str) -> Array: ...


def read(rule: Rule, trace: Watched) -> Array:
    """What the rule compares with its threshold, shape (steps, *batch); NaN where there is nothing to compare.

    Of peers, the one that is farthest to the rule's side.

    Raises
    ------
    KeyError
        The trace has no such signal.
    """
    seen = compared(rule, trace)
    if not rule.peers:
        return seen
    return (np.fmin if rule.above is None else np.fmax).reduce(seen, axis=1)


def compared(rule: Rule, trace: Watched) -> Array:
    """What the rule compares, of each member where it is about peers."""
    level = averaged(rule.signal, rule.window, trace)
    if rule.per:
        whole = averaged(rule.per, rule.window, trace)
        level = np.divide(level, whole, out=np.full_like(level, np.nan), where=whole > 0)
    if rule.baseline:
        level = level / _usual(level, trace.time, rule.baseline)
    elif rule.ago:
        level = level / _before(level, *(steps_of(seconds, trace) for seconds in rule.ago))
    elif rule.reading != "level":
        level = _trend(rule, level, max(steps_of(rule.window, trace), 1))
    return level - _median(level) if rule.peers else level


def meets(rule: Rule, trace: Watched) -> Mask:
    """Whether what the rule asks for is so at the end of each step, whatever the hold.

    Returns
    -------
    ndarray, shape (steps, *batch), or (steps, members, *batch) of a rule about peers
    """
    return gate(rule, trace)(over(rule, compared(rule, trace)))


def over(rule: Rule, seen: Array, threshold: float | None = None) -> Mask:
    """Whether readings lie on the threshold's far side: the rule's own, or another one."""
    limit = rule.threshold if threshold is None else threshold
    return seen > limit if rule.above is not None else seen < limit


def gate(rule: Rule, trace: Watched) -> Callable[[Mask], Mask]:
    """What else a rule asks for, as a function of where its own comparison holds: a sweep of thresholds asks once."""

    def among(members: Mask) -> Mask:
        return members[:, None] if rule.peers else members

    need = [among(firing(other, trace)) for other in rule.both]
    if rule.floor:
        need.append(among(averaged(rule.floor[0], rule.window, trace) >= rule.floor[1]))
    enough = [among(firing(other, trace)) for other in rule.either]
    bars = [among(firing(other, trace)) for other in rule.unless]

    def joined(met: Mask) -> Mask:
        met = functools.reduce(np.logical_and, need, met)
        met = functools.reduce(np.logical_or, enough, met)
        return functools.reduce(lambda met, bar: met & ~bar, bars, met)

    return joined


def firing(rule: Rule, trace: Watched) -> Mask:
    """Whether the rule fires at the end of each step, shape (steps, *batch)."""
    return lasting(rule, meets(rule, trace), trace)


def lasting(rule: Rule, met: Mask, trace: Watched) -> Mask:
    """Whether it fires, of where it is met: the hold, then the keep."""
    held = _held(met, max(steps_of(rule.hold, trace), 1))
    held = held.any(axis=1) if rule.peers else held
    return _kept(held, steps_of(rule.keep, trace)) if rule.keep else held


def first_alarm(rule: Rule, trace: Watched) -> Array:
    """Second at which the rule first fires, shape (*batch); NaN where it never does."""
    return first_of(firing(rule, trace), trace.time)


def first_of(fires: Mask, time: Array) -> Array:
    """Second of the first step at which it fires; NaN where there is none."""
    return np.where(fires.any(axis=0), time[fires.argmax(axis=0)], np.nan)


def pages(fires: Mask) -> NDArray[np.int64]:
    """How often somebody is paged: how often firing begins, shape (*batch)."""
    return fires[0] + (fires[1:] & ~fires[:-1]).sum(axis=0)


def told(rule: Rule, trace: Watched, clock: tuple[str, float] = ("s", 1.0)) -> str:
    """When the rule pages on one run, in words.

    Parameters
    ----------
    rule : Rule
    trace : mapping of signals
    clock : (str, float)
        The unit in which it is told, and how many seconds that is.

    Returns
    -------
    str
        ``"pages at 121 s"`` or ``"silent"``.
    """
    when = float(first_alarm(rule, trace))
    return "silent" if np.isnan(when) else f"pages at {when / clock[1]:.0f} {clock[0]}"


def steps_of(seconds: float, trace: Watched) -> int:
    """How many of a trace's steps so many seconds are."""
    step = float(trace.time[0]) if len(trace.time) == 1 else float(trace.time[1] - trace.time[0])
    return round(seconds / step)


def averaged(signal: str, window: float, trace: Watched) -> Array:
    """Mean of a signal over the last window, over less at the start; gaps (NaN) don't count."""
    return _mean_of_last(np.asarray(trace[signal], dtype=float), max(steps_of(window, trace), 1))


def _mean_of_last(values: Array, length: int) -> Array:
    there = np.isfinite(values)
    before = np.maximum(np.arange(1, len(values) + 1) - length, 0)
    totals = []
    for part in (np.where(there, values, 0.0), there.astype(float)):
        up_to = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(part, axis=0)])
        totals.append(up_to[1:] - up_to[before])
    return np.divide(totals[0], totals[1], out=np.full(values.shape, np.nan), where=totals[1] > 0)


def _usual(level: Array, time: Array, quiet: tuple[float, float]) -> Array:
    """The level's mean in its quiet hours, NaN until they are over: nobody knows it sooner."""
    start, end = quiet
    rows = (time > start) & (time <= end)
    mean = level[rows].mean(axis=0) if rows.any() else np.full(level.shape[1:], np.nan)
    known = (time > end).reshape(-1, *[1] * (level.ndim - 1))
    return np.where(known & (mean > 0), mean, np.nan)


def _before(level: Array, ago: int, over: int) -> Array:
    """The level's mean over so many steps that ended so many steps ago; NaN until the whole stretch has been."""
    known = np.full_like(level, np.nan)
    first = ago + over - 1
    if len(level) > first:
        mean = _mean_of_last(level, over)
        known[first:] = mean[over - 1 : len(level) - ago]
    return np.where(known > 0, known, np.nan)


def _median(values: Array) -> Array:
    """Median over the members, those that are there; `numpy.nanmedian` warns where none is."""
    ordered, count = np.sort(values, axis=1), np.isfinite(values).sum(axis=1, keepdims=True)
    low, high = (np.take_along_axis(ordered, np.maximum(count - 1 + odd, 0) // 2, axis=1) for odd in (0, 1))
    return 0.5 * (low + high)


def _trend(rule: Rule, level: Array, length: int) -> Array:
    """How fast the level rises, per second, or how many seconds are left until it is full."""
    change = np.full_like(level, np.nan)
    change[length:] = (level[length:] - level[:-length]) / rule.window
    if rule.reading == "change":
        return change
    left = np.maximum(rule.full - level, 0.0)
    return np.divide(left, change, out=np.where(np.isnan(change), np.nan, np.inf), where=change > 0)


def _held(over: Mask, length: int) -> Mask:
    """Whether the last `length` steps were all over."""
    return over & (_since(~over) >= length)


def _kept(over: Mask, length: int) -> Mask:
    """Whether any of this step and the `length` before was over."""
    return over | ((_since(over) <= length) & np.logical_or.accumulate(over, axis=0))


def _since(what: Mask) -> NDArray[np.int64]:
    """Steps since it last was so; since before the start where it never was."""
    steps = np.arange(len(what)).reshape(-1, *[1] * (what.ndim - 1))
    return steps - np.maximum.accumulate(np.where(what, steps, -1), axis=0)
