"""Closed forms of caches: hit ratios, the size of a stampede, early refresh, jitter and cold starts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
EULER = 0.5772156649015329


def stampede_size(rate: ArrayLike, recompute_time: ArrayLike) -> FloatArray:
    """Mean recomputes of one expired key when nothing coalesces them.

    Parameters
    ----------
    rate : array_like
        Requests/s for the key, Poisson.
    recompute_time : array_like
        Seconds until the first answer is back.

    Returns
    -------
    ndarray, broadcast shape
        ``1 + λδ``: the request that misses first, and a Poisson number of mean λδ that miss while it is on its way.

    Examples
    --------
    >>> stampede_size(100.0, 0.5).item()
    51.0
    """
    return 1.0 + np.asarray(rate, dtype=float) * np.asarray(recompute_time, dtype=float)


def hit_ratio(rate: ArrayLike, ttl: ArrayLike, recompute_time: ArrayLike = 0.0) -> FloatArray:
    """Hit ratio of one key whose TTL counts from the first fill, with nothing coalesced.

    ``λT / (1 + λδ + λT)``; with δ = 0 the form of Jung, Berger and Balakrishnan (INFOCOM 2003).

    Examples
    --------
    >>> hit_ratio(5.0, 2.0).round(4).item(), hit_ratio([5.0, 50.0], 2.0, 0.5).round(4).tolist()
    (0.9091, [0.7407, 0.7937])
    """
    hits = np.asarray(rate, dtype=float) * np.asarray(ttl, dtype=float)
    return hits / (stampede_size(rate, recompute_time) + hits)


def cycle_length(rate: ArrayLike, ttl: ArrayLike, recompute_time: ArrayLike = 0.0) -> FloatArray:
    """Mean seconds from one expiry of a key to the next: ``T + 1/λ + δ``.

    Examples
    --------
    >>> cycle_length(5.0, 2.0, 0.5).item()
    2.7
    """
    rate = np.asarray(rate, dtype=float)
    return np.asarray(ttl, dtype=float) + 1.0 / rate + np.asarray(recompute_time, dtype=float)


def origin_load(rate: ArrayLike, ttl: ArrayLike, recompute_time: ArrayLike, coalesced: bool = False) -> FloatArray:
    """Recomputes/s that one key costs: one (coalesced) or a stampede per cycle.

    Examples
    --------
    >>> origin_load(100.0, 10.0, 0.5).round(3).item(), origin_load(100.0, 10.0, 0.5, coalesced=True).round(3).item()
    (4.853, 0.095)
    """
    each = 1.0 if coalesced else stampede_size(rate, recompute_time)
    return each / cycle_length(rate, ttl, recompute_time)


def process_stampede(rate: ArrayLike, recompute_time: ArrayLike, processes: ArrayLike) -> FloatArray:
    """Mean recomputes of one expired key when each process coalesces its own requests.

    ``1 + (P - 1)(1 - exp(-λδ/P))``: the first, and every other process that is asked while it is on its way.

    Examples
    --------
    >>> process_stampede(100.0, 0.5, [1, 10, 1000]).round(2).tolist()
    [1.0, 9.94, 49.72]
    """
    p = np.asarray(processes, dtype=float)
    asked = np.asarray(rate, dtype=float) * np.asarray(recompute_time, dtype=float)
    return 1.0 + (p - 1.0) * -np.expm1(-asked / p)


def refresh_probability(seconds_left: ArrayLike, recompute_time: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
    """XFetch: chance that a request refreshes an entry this long before its expiry, ``exp(-s / (βδ))``.

    Vattani, Chierichetti and Lowenstein, VLDB 2015: refresh when ``now - δβ ln(u)`` reaches the expiry.

    Examples
    --------
    >>> refresh_probability([0.0, 0.5, 2.0], 0.5).round(4).tolist()
    [1.0, 0.3679, 0.0183]
    """
    lead = np.asarray(recompute_time, dtype=float) * np.asarray(beta, dtype=float)
    return np.exp(-np.asarray(seconds_left, dtype=float) / lead)


def refresh_lead(rate: ArrayLike, recompute_time: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
    """XFetch: mean seconds before expiry at which the first refresh starts, ``βδ (ln(λδβ) + 0.5772)``, for λδβ >> 1.

    Examples
    --------
    >>> refresh_lead(100.0, 0.5).round(3).item()
    2.245
    """
    lead = np.asarray(recompute_time, dtype=float) * np.asarray(beta, dtype=float)
    return lead * (np.log(np.asarray(rate, dtype=float) * lead) + EULER)


def refreshes_per_cycle(beta: ArrayLike) -> FloatArray:
    """XFetch: mean recomputes per cycle, ``exp(1/β)``, whatever the traffic (λδβ >> 1, first lead beyond δ).

    Examples
    --------
    >>> refreshes_per_cycle([0.5, 1.0, 2.0]).round(2).tolist()
    [7.39, 2.72, 1.65]
    """
    return np.exp(1.0 / np.asarray(beta, dtype=float))


def miss_through_probability(rate: ArrayLike, recompute_time: ArrayLike, beta: ArrayLike = 1.0) -> FloatArray:
    """XFetch: chance that nobody refreshes before the entry expires, ``exp(-λδβ)``.

    Examples
    --------
    >>> miss_through_probability([4.0, 100.0], 0.5).round(4).tolist()
    [0.1353, 0.0]
    """
    return np.exp(
        -np.asarray(rate, dtype=float) * np.asarray(recompute_time, dtype=float) * np.asarray(beta, dtype=float)
    )


def loss_multiplier(hits: ArrayLike) -> FloatArray:
    """Factor by which the origin's load grows when the cache is lost, ``1 / (1 - h)``.

    Examples
    --------
    >>> loss_multiplier([0.9, 0.95, 0.99]).round(6).tolist()
    [10.0, 20.0, 100.0]
    """
    return 1.0 / (1.0 - np.asarray(hits, dtype=float))


def jitter_peak(entries: ArrayLike, ttl: ArrayLike, jitter: ArrayLike) -> FloatArray:
    """Expiries/s of entries written together whose TTL is uniform between T(1-j) and T: ``M / (jT)``.

    Examples
    --------
    >>> jitter_peak(10_000, 300.0, [0.1, 0.5]).round().tolist()
    [333.0, 67.0]
    """
    spread = np.asarray(ttl, dtype=float) * np.asarray(jitter, dtype=float)
    return np.asarray(entries, dtype=float) / spread


def refill_time(keys: ArrayLike, spare_rate: ArrayLike) -> FloatArray:
    """Least seconds to refill distinct keys through an origin with this many spare recomputes/s: ``W / s``.

    Examples
    --------
    >>> refill_time(6000, 50.0).item()
    120.0
    """
    return np.asarray(keys, dtype=float) / np.asarray(spare_rate, dtype=float)
