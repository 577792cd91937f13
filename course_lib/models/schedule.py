"""Values that change while a model runs: triggers and operators' mitigations are both schedules."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclasses.dataclass(frozen=True, eq=False)
class Schedule:
    """A piecewise-constant function of time.

    Parameters
    ----------
    initial : array_like
        Value from time 0.
    changes : tuple of (time, value)
        Times in seconds, in order; each time and value may be an array, one entry per member of a batch.

    Examples
    --------
    >>> capacity = Schedule(1.0, ((60, 0.3), (90, 1.0)))
    >>> capacity.at(np.array([0.0, 60.0, 89.9, 90.0])).tolist()
    [1.0, 0.3, 0.3, 1.0]
    """

    initial: Any
    changes: tuple[tuple[Any, Any], ...] = ()

    def __post_init__(self) -> None:
        previous: Any = 0.0
        for time, _ in self.changes:
            try:
                in_order = np.all(np.asarray(time, dtype=float) >= previous)  # NaN is not >= either
            except (TypeError, ValueError):
                raise ValueError(f"schedule time = {time!r}: give seconds, of a shape that fits the others") from None
            if not in_order:
                raise ValueError(f"schedule times must not be negative and must not go back: {time} after {previous}")
            previous = np.asarray(time, dtype=float)

    @property
    def shape(self) -> tuple[int, ...]:
        """Broadcast shape of all values and times."""
        parts = [np.shape(self.initial)]
        for time, value in self.changes:
            parts += [np.shape(time), np.shape(value)]
        try:
            return np.broadcast_shapes(*parts)
        except ValueError:
            shapes = ", ".join(map(str, dict.fromkeys(parts)))
            raise ValueError(f"a schedule's times and values have shapes {shapes}: they must broadcast") from None

    def at(self, time: ArrayLike) -> NDArray[Any]:
        """Value at `time` seconds; shape ``time.shape + self.shape``."""
        time = np.asarray(time, dtype=float)
        time = time.reshape(time.shape + (1,) * len(self.shape))
        value = np.broadcast_to(np.asarray(self.initial), time.shape[: time.ndim - len(self.shape)] + self.shape)
        for start, changed in self.changes:
            # Half a microsecond of slack: 600 * 0.1 is not exactly 60.
            value = np.where(time >= np.asarray(start, dtype=float) - 5e-7, changed, value)
        return value

    def then(self, time: ArrayLike, value: ArrayLike) -> Schedule:
        """Return this schedule with one more change at its end."""
        return Schedule(self.initial, (*self.changes, (time, value)))

    def map(self, function: Any) -> Schedule:
        """Apply a function to every value, keeping the times."""
        return Schedule(function(self.initial), tuple((time, function(value)) for time, value in self.changes))


def window(start: ArrayLike, duration: ArrayLike, inside: ArrayLike, outside: ArrayLike = 1.0) -> Schedule:
    """A schedule that takes the value `inside` from `start` for `duration` seconds, `outside` before and after."""
    start = np.asarray(start, dtype=float)
    return Schedule(outside, ((start, inside), (start + np.asarray(duration, dtype=float), outside)))
