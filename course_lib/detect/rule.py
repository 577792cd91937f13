"""One alert rule, and when it fires on a trace: the `expr > threshold, for: 1m` of a monitoring system."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from course_lib.models.trace import Trace


@dataclasses.dataclass(frozen=True)
class Rule:
    """Page when the mean of a signal over a window has been above a threshold for a while.

    Parameters
    ----------
    signal : str
        Name of a signal of the trace.
    above : float
        Threshold, in the signal's unit.
    window : float
        Seconds over which the signal is averaged before it is compared: what ``rate(...[10s])`` does.
    hold : float
        Seconds for which the comparison must stay true: what ``for:`` does.
    says : str
        What the page tells whoever is woken.

    Raises
    ------
    ValueError
        The window is not positive, the hold negative, or the threshold not finite.
    """

    signal: str
    above: float
    window: float
    hold: float
    says: str

    def __post_init__(self) -> None:
        if not (self.window > 0 and self.hold >= 0 and np.isfinite(self.above)):
            raise ValueError(
                f"rule on {self.signal}: the window must be positive, the hold 0 or more, the threshold finite"
            )


def firing(rule: Rule, trace: Trace) -> NDArray[np.bool_]:
    """Whether the rule fires at the end of each step, shape (steps, *batch).

    Raises
    ------
    KeyError
        The trace has no such signal.
    """
    values = np.asarray(trace[rule.signal], dtype=float)
    step = float(trace.time[0]) if len(trace.time) == 1 else float(trace.time[1] - trace.time[0])
    over = _windowed(values, max(round(rule.window / step), 1)) > rule.above
    return _held(over, max(round(rule.hold / step), 1))


def first_alarm(rule: Rule, trace: Trace) -> NDArray[np.float64]:
    """Second at which the rule first fires, shape (*batch); NaN where it never does."""
    fires = firing(rule, trace)
    return np.where(fires.any(axis=0), trace.time[fires.argmax(axis=0)], np.nan)


def _windowed(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Mean over the last `length` steps, over fewer at the start."""
    total = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
    steps = np.arange(1, len(values) + 1)
    before = np.maximum(steps - length, 0)
    return (total[steps] - total[before]) / (steps - before).reshape(-1, *[1] * (values.ndim - 1))


def _held(over: NDArray[np.bool_], length: int) -> NDArray[np.bool_]:
    """Whether the last `length` steps were all over."""
    steps = np.arange(len(over)).reshape(-1, *[1] * (over.ndim - 1))
    last_calm = np.maximum.accumulate(np.where(over, -1, steps), axis=0)
    return over & (steps - last_calm >= length)
