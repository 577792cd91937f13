"""Pauses before a retry: fixed, exponential and with jitter, as windows of ticks and as draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from course_lib.models.exact import ratio, total
from course_lib.models.simulation import Batch
from course_lib.models.trace import FloatArray

BACKOFFS = ("none", "fixed", "exponential", "full_jitter", "decorrelated_jitter")
STRATA = 8  # windows that stand for decorrelated jitter's distribution
SLEEPS = 2048  # draws from which they, and the pauses in a latency, are taken


def backoff_windows(batch: Batch, retries: int) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
    """Backoff before each retry as windows of ticks, uniform from the shortest to the longest, and their weights.

    Shape (windows, retries, members).

    none, fixed and exponential are windows of no width; full jitter is [0, v] with v = min(cap, base 2^k);
    decorrelated jitter, min(cap, U(base, 3 x previous)), is a mixture of `STRATA` equally likely windows, and what
    passes the cap waits just that long. Ceilings as in the AWS architecture blog's "Exponential Backoff and Jitter",
    with k from 0.
    """
    codes, base, cap = batch.backoff, batch.backoff_base, batch.backoff_cap
    k = np.arange(max(retries, 1))[:, None]
    doubled = np.minimum(cap, base * 2.0**k)
    high = np.select([codes == 1, codes >= 2], [np.minimum(base, cap) + 0 * k, doubled], 0.0)[None]
    low, weight = np.where(codes == 3, 0.0, high), np.ones_like(high)
    if (codes == 4).any():
        mixture = _decorrelated(base, cap, max(retries, 1))
        first = np.zeros((STRATA + 1, 1, 1))
        first[0] = 1.0
        low, high, weight = (
            np.where(codes == 4, new, old) for new, old in zip(mixture, (low, high, weight * first), strict=True)
        )
    shortest, longest = (np.round(edge / batch.dt).astype(np.int64) for edge in (low, high))
    return shortest, longest, weight


def _decorrelated(base: FloatArray, cap: FloatArray, retries: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Windows of decorrelated jitter by the previous sleep's strata, and the share that waits for the cap itself.

    Lows, highs and weights, shape (STRATA + 1, retries, members).
    """
    base, cap = np.broadcast_arrays(base, cap)
    least = np.minimum(base, cap)
    sleeps = np.concatenate(
        [np.broadcast_to(base, (1, SLEEPS, base.size)), sleeps_before_retries(4, base, cap, retries)]
    )
    middles = (np.arange(STRATA) + 0.5) / STRATA
    ceiling = 3 * np.quantile(sleeps[:retries], middles, axis=1)
    below = np.clip(ratio(cap - base, ceiling - base, empty=1.0), 0.0, 1.0)
    capped = 1.0 - total(below)[None] / STRATA
    whole = np.concatenate([np.minimum(ceiling, cap), 0 * capped + cap])
    low = np.concatenate([0 * ceiling + least, 0 * capped + cap])
    return low, whole, np.concatenate([below / STRATA, capped])


def sleeps_before_retries(code: int, base: FloatArray, cap: FloatArray, retries: int) -> FloatArray:
    """`SLEEPS` draws of the pause before each retry, shape (retries, draws, members); the same for every seed."""
    base, cap = np.broadcast_arrays(base, cap)
    draws = np.random.Generator(np.random.Philox(key=0)).random((max(retries, 1), SLEEPS, 1))[:retries]
    doubled = np.minimum(cap, base * 2.0 ** np.arange(retries)[:, None, None])
    if code != 4:
        chosen = {0: 0.0 * doubled, 1: np.minimum(base, cap) + 0.0 * doubled, 2: doubled, 3: draws * doubled}[code]
        return np.broadcast_to(chosen, (retries, SLEEPS, base.size))
    sleep, sleeps = np.broadcast_to(base, (SLEEPS, base.size)), np.empty((retries, SLEEPS, base.size))
    for k in range(retries):
        sleeps[k] = sleep = np.minimum(cap, base + draws[k] * (3 * sleep - base))
    return sleeps
