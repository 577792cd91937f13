"""Randomness that depends on seed, stream and position alone.

Two settings of a model with the same seed see the same draws (common random numbers), so maps over settings are smooth
and a difference between two curves is never luck. Draws come from Philox keyed by (seed, stream); only distributions
whose use of the stream does not depend on their parameters are drawn. Counts are made from them by quantile.
"""

from __future__ import annotations

import functools
import math
import zlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
SMALL_MEAN = 30.0  # below it the expansion of the Poisson quantile is biased near zero, so the CDF is inverted


def normal(seeds: ArrayLike, stream: str, count: int) -> FloatArray:
    """Standard normal draws, shape (count, len(seeds)); a shorter count is a prefix of a longer one."""
    return _columns("standard_normal", seeds, stream, count)


def uniform(seeds: ArrayLike, stream: str, count: int) -> FloatArray:
    """Uniform draws on [0, 1), shape (count, len(seeds))."""
    return _columns("random", seeds, stream, count)


def exponential(seeds: ArrayLike, stream: str, count: int) -> FloatArray:
    """Exponential draws of mean 1, shape (count, len(seeds))."""
    return _columns("standard_exponential", seeds, stream, count)


def _columns(kind: str, seeds: ArrayLike, stream: str, count: int) -> FloatArray:
    distinct, column = np.unique(np.asarray(seeds, dtype=np.int64), return_inverse=True)
    drawn = np.stack([_draw(kind, int(seed), stream, _rounded(count))[:count] for seed in distinct], axis=1)
    if column.size == len(distinct) and (np.diff(column.ravel()) > 0).all():
        return drawn  # each seed once, in order
    return drawn[:, column.ravel()] if len(distinct) > 1 else np.repeat(drawn, column.size, axis=1)


@functools.lru_cache(maxsize=1024)
def _draw(kind: str, seed: int, stream: str, count: int) -> FloatArray:
    key = np.array([seed, zlib.crc32(stream.encode())], dtype=np.uint64)
    draws = getattr(np.random.Generator(np.random.Philox(key=key)), kind)(count)
    draws.flags.writeable = False
    return draws


def _rounded(count: int) -> int:
    """Round up to a power of two, so that runs of different lengths share one cached draw."""
    return 1 << max(int(count) - 1, 1).bit_length()


def counts(seeds: ArrayLike, stream: str, mean: FloatArray, rows: int | None = None) -> FloatArray:
    """Poisson counts for each seed and tick, shape (rows, len(seeds)).

    `mean` has shape (rows or 1, len(seeds) or 1); where members share it, each distinct seed is counted once.
    """
    rows = rows or len(mean)
    if mean.shape[1] > 1:
        return poisson(normal(seeds, stream, rows), mean)
    distinct, column = np.unique(np.asarray(seeds, dtype=np.int64), return_inverse=True)
    counted = poisson(normal(distinct, stream, rows), mean)
    return counted[:, column.ravel()] if len(distinct) > 1 else counted


def poisson(normal_draw: ArrayLike, mean: ArrayLike) -> FloatArray:
    """Poisson-distributed count at the quantile of a standard normal draw.

    Parameters
    ----------
    normal_draw : array_like
        Standard normal draws z; broadcast against `mean`.
    mean : array_like, >= 0

    Returns
    -------
    ndarray, broadcast shape
        For means of 30 and more the Cornish-Fisher expansion ``m + sqrt(m) z + (z**2 - 1) / 6``, a real number with the
        Poisson's mean and variance; below that the whole number at which the Poisson CDF passes Phi(z).
    """
    z, m = np.broadcast_arrays(np.asarray(normal_draw, dtype=float), np.asarray(mean, dtype=float))
    count = np.sqrt(m)
    count *= z
    count += m
    count += (z * z - 1.0) / 6.0
    small = m < SMALL_MEAN
    if small.any():
        count[small] = _inverted(z[small], m[small])
    return np.maximum(count, 0.0, out=count)


def _inverted(z: FloatArray, mean: FloatArray) -> FloatArray:
    level = normal_cdf(z)
    term = np.exp(-mean)
    cdf = term.copy()
    count = np.zeros_like(mean)
    for k in range(1, 110):  # a Poisson of mean 30 exceeds 109 with probability below 1e-28
        below = cdf < level
        if not below.any():
            break
        count[below] = k
        term = term * mean / k
        cdf = cdf + term
    return count


def normal_cdf(z: ArrayLike) -> FloatArray:
    """Phi(z), to 1.5e-7 (Abramowitz and Stegun 7.1.26); numpy has no error function."""
    x = np.asarray(z, dtype=float) / math.sqrt(2.0)
    t = 1.0 / (1.0 + 0.3275911 * np.abs(x))
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.where(x >= 0, 1.0 - 0.5 * series * np.exp(-x * x), 0.5 * series * np.exp(-x * x))
