"""When a run is well again: one definition for all models."""

from __future__ import annotations

import numpy as np

from course_lib.models.exact import FloatArray


def trigger_events(
    starts: FloatArray,
    ends: FloatArray,
    good: FloatArray,
    whole: FloatArray,
    *,
    step: float,
    share: float,
    seconds: float,
) -> dict[str, FloatArray]:
    """Start and end of the trigger, and recovery: times in seconds, NaN for never or not within the run.

    Parameters
    ----------
    starts, ends : ndarray, shape (members,)
        NaN where there is no trigger.
    good, whole, step, share, seconds
        See `recovered`.
    """
    over = step * (len(whole) - 1)
    return {
        "trigger_starts": np.where(starts < over, starts, np.nan),
        "trigger_ends": np.where(ends <= over, ends, np.nan),
        "recovered": recovered(good, whole, ends, step=step, share=share, seconds=seconds),
    }


def recovered(
    good: FloatArray, whole: FloatArray, ends: FloatArray, *, step: float, share: float, seconds: float
) -> FloatArray:
    """First second after the trigger from which things go well for good measure, shape (members,).

    Never before the trigger has ended, on a run that took no harm neither: there it is the trigger's end.

    Parameters
    ----------
    good, whole : ndarray, shape (rows, members)
        Cumulative counts from time 0: of `whole` requests, `good` went well.
    ends : ndarray, shape (members,)
        When the trigger ends, s; NaN where there is none.
    step : float
        Seconds between rows.
    share, seconds : float
        In each of so many seconds at least this share of the requests goes well.

    Examples
    --------
    >>> whole = np.arange(11.0)[:, None]
    >>> good = np.minimum(whole, 3) + np.maximum(whole - 6, 0)
    >>> recovered(good, whole, np.array([4.5]), step=1.0, share=0.9, seconds=2.0).tolist()
    [6.0]
    """
    per = max(round(1.0 / step), 1)
    width, good, whole = per * step, good[::per], whole[::per]
    second = np.arange(len(whole) - 1)[:, None] * width
    well = (np.diff(good, axis=0) >= share * np.diff(whole, axis=0)) & (second >= np.floor(ends / width + 1e-9) * width)
    lasts = lasting(well, max(round(seconds / width), 1))
    first = second[lasts.argmax(axis=0), 0] if len(second) else np.zeros(well.shape[1])
    return np.where(lasts.any(axis=0), np.maximum(first, ends), np.nan)


def lasting(well: np.ndarray, steps: int) -> np.ndarray:
    """Steps from which the next `steps`, all within the run, are well; shape (steps, members)."""
    count = np.add.accumulate(np.concatenate([np.zeros((1, well.shape[1])), well]), axis=0)
    lasts = np.zeros(well.shape, dtype=bool)
    if len(well) >= steps:
        lasts[: len(well) - steps + 1] = count[steps:] - count[:-steps] == steps
    return lasts
