"""Closed forms of retries: amplification, budgets, backoff and the band in which a storm outlives its trigger."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def amplification(failure_probability: ArrayLike, max_retries: ArrayLike) -> FloatArray:
    """Expected attempts per request when attempts fail independently.

    Parameters
    ----------
    failure_probability : array_like, in [0, 1]
    max_retries : array_like of int, >= 0
        Tries after the first; broadcast against `failure_probability`.

    Returns
    -------
    ndarray, broadcast shape
        ``(1 - p**(R + 1)) / (1 - p)``; R + 1 where p = 1.

    Notes
    -----
    Geometric series; independent failures only. Under overload p depends on the load it causes (lesson 01).

    Examples
    --------
    >>> amplification([0.1, 0.5, 0.9, 1.0], 3).round(3).tolist()
    [1.111, 1.875, 3.439, 4.0]
    """
    p, r = np.broadcast_arrays(np.asarray(failure_probability, dtype=float), np.asarray(max_retries, dtype=float))
    certain = p >= 1.0
    return np.where(certain, r + 1.0, (1.0 - p ** (r + 1.0)) / np.where(certain, 1.0, 1.0 - p))


def success_probability(failure_probability: ArrayLike, max_retries: ArrayLike) -> FloatArray:
    """Share of requests that succeed within R retries, ``1 - p**(R + 1)``, for independent failures.

    Examples
    --------
    >>> success_probability(0.5, 3).item()
    0.9375
    """
    return 1.0 - np.asarray(failure_probability, dtype=float) ** (np.asarray(max_retries, dtype=float) + 1.0)


def chain_amplification(failure_probability: ArrayLike, max_retries: int, layers: int) -> FloatArray:
    """Calls that reach each layer of a chain per call at its top, when only the bottom layer fails by itself.

    Parameters
    ----------
    failure_probability : array_like, in [0, 1]
        Of one call at the bottom layer.
    max_retries : int
        Retries at each of the layers above it.
    layers : int
        Calling layers; the last of the returned values is the load on the failing one.

    Returns
    -------
    ndarray, shape (layers, *failure_probability.shape)
        Cumulative amplification from the top layer's calls down to the bottom's.

    Notes
    -----
    A layer's failure probability is the one below it to the power R + 1. As p goes to 1 the bottom sees
    (R + 1)**layers, the ceiling quoted in the SRE book, ch. 22; at p = 1/2 a chain is far from it.

    Examples
    --------
    >>> chain_amplification(0.5, 3, 3).round(3).tolist()
    [1.0, 1.067, 2.0]
    >>> chain_amplification(1.0, 3, 3).tolist()
    [4.0, 16.0, 64.0]
    """
    p = np.asarray(failure_probability, dtype=float)
    per_layer = [amplification(p ** ((max_retries + 1.0) ** depth), max_retries) for depth in range(layers)]
    return np.cumprod(np.stack(per_layer[::-1]), axis=0)


def vulnerable_band(service_rate: ArrayLike, max_retries: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Arrival rates between which a collapsed service stays down: ``mu / (R + 1) < lambda < mu``.

    Below the band the retries of every lost request still fit; above it the service is overloaded even when healthy.
    Holds for an open loop with an unbounded FIFO queue whose server also does the work of callers who left.

    Examples
    --------
    >>> [bound.item() for bound in vulnerable_band(1200, 3)]
    [300.0, 1200.0]
    """
    high = np.asarray(service_rate, dtype=float)
    return high / (np.asarray(max_retries, dtype=float) + 1.0), high


def free_rejection_failure(load: ArrayLike, max_retries: ArrayLike) -> FloatArray:
    """Attempt failure probability when rejecting costs nothing: ``(1 - mu / lambda)**(1 / (R + 1))``, 0 below capacity.

    Parameters
    ----------
    load : array_like, > 0
        Arrival rate over service rate.

    Examples
    --------
    >>> free_rejection_failure([0.8, 1.5], 3).round(4).tolist()
    [0.0, 0.7598]
    """
    spare = np.maximum(1.0 - 1.0 / np.asarray(load, dtype=float), 0.0)
    return spare ** (1.0 / (np.asarray(max_retries, dtype=float) + 1.0))


def budgeted_load(arrival_rate: ArrayLike, ratio: ArrayLike, min_rate: ArrayLike = 0.0) -> FloatArray:
    """Upper bound of the attempts a budget earned by first attempts lets through: ``(1 + b) lambda + r``.

    Examples
    --------
    >>> (budgeted_load([1000, 20], 0.2, 10) / [1000, 20]).round(2).tolist()
    [1.21, 1.7]
    """
    return (1.0 + np.asarray(ratio, dtype=float)) * np.asarray(arrival_rate, dtype=float) + np.asarray(
        min_rate, dtype=float
    )


def drain_time(
    queue: ArrayLike, arrival_rate: ArrayLike, service_rate: ArrayLike, timeout: ArrayLike, ratio: ArrayLike = 0.0
) -> FloatArray:
    """Seconds from the end of the trigger until a request is answered in time again.

    Parameters
    ----------
    queue : array_like
        Attempts in the queue when the trigger ends.
    ratio : array_like
        Retry budget earned by first attempts; 0 is no retry at all.

    Returns
    -------
    ndarray
        ``(queue - mu * timeout) / (mu - (1 + b) * lambda)``; infinite where the budget leaves no spare capacity.

    Notes
    -----
    Fluid: while everything times out every token is spent, so attempts arrive at (1 + b) lambda.

    Examples
    --------
    >>> drain_time(19200, 1000, 1200, 1.0).item(), drain_time(22000, 1000, 1200, 1.0, [0.1, 0.2]).tolist()
    (90.0, [208.0, inf])
    """
    spare = np.asarray(service_rate, dtype=float) - budgeted_load(arrival_rate, ratio)
    backlog = np.maximum(np.asarray(queue, dtype=float) - np.multiply(service_rate, timeout), 0.0)
    return np.where(spare > 1e-9, backlog / np.where(spare > 1e-9, spare, 1.0), np.inf)


def full_jitter_sleep(base: float, cap: float, max_retries: int) -> float:
    """Expected total sleep of full jitter over R retries: half of each ceiling ``min(cap, base 2^k)``, k from 0.

    Examples
    --------
    >>> [full_jitter_sleep(0.1, 20, n) for n in (1, 3, 5, 10)]
    [0.05, 0.35, 1.55, 32.75]
    """
    return round(float(np.minimum(cap, base * 2.0 ** np.arange(max_retries)).sum() / 2), 10)


def herd_peak(clients: ArrayLike, spread: ArrayLike, window: float = 0.1) -> FloatArray:
    """Upper estimate of the busiest `window` when clients that failed together retry uniformly over `spread` seconds.

    ``m + sqrt(2 m ln(bins))`` with m the mean per window (normal approximation of the largest of many counts).

    Examples
    --------
    >>> herd_peak(1000, [1.0, 10.0]).round(1).tolist()
    [121.5, 19.6]
    """
    bins = np.asarray(spread, dtype=float) / window
    mean = np.asarray(clients, dtype=float) / bins
    return mean + np.sqrt(2.0 * mean * np.log(bins))


def throttle_threshold(token_ratio: ArrayLike) -> FloatArray:
    """Failing share above which gRPC's retry throttle loses tokens: ``r / (1 + r)`` (proposal A6: -1, +r).

    Examples
    --------
    >>> throttle_threshold(0.1).round(4).item()
    0.0909
    """
    r = np.asarray(token_ratio, dtype=float)
    return r / (1.0 + r)


def expiring_goodput(
    service_rate: ArrayLike, attempt_rate: ArrayLike, service_time: ArrayLike | None = None, margin: ArrayLike = 0.0
) -> FloatArray:
    """Goodput of an overloaded FIFO that drops queued work with less than `margin` left of its deadline.

    Parameters
    ----------
    service_rate, attempt_rate : array_like
        Attempts/s that can be worked through, by all servers together, and that come.
    service_time : array_like, optional
        Mean time S that one server works on an attempt, in s; one server's, ``1 / service_rate``, if left out.
    margin : array_like
        Seconds m; 0 drops at the deadline itself.

    Returns
    -------
    ndarray
        ``mu * (1 - exp(-m/S) (a - mu) S / (1 + (a - mu) S))`` where a > mu, so ``mu / (1 + (a - mu) S)`` without a
        margin; a where it is not.

    Notes
    -----
    What is served has waited until the margin began, and then for a free server: an exponential time of rate a - mu.
    Exponential service times; constant ones give ``mu exp(-(a - mu) S)`` without a margin and mu from m = S on. To
    cancel running work at its deadline as well gives mu where service times are exponential, and 0 where they are
    constant, since nothing that starts late ends in time.

    Examples
    --------
    >>> expiring_goodput(1200, 4000, [0.001, 0.01, 0.04]).round().tolist()
    [316.0, 41.0, 11.0]
    >>> expiring_goodput(1200, 4000, 0.01, margin=[0.01, 0.02, 0.05]).round().tolist()
    [774.0, 1043.0, 1192.0]
    >>> expiring_goodput(100, [80, 200]).tolist()
    [80.0, 50.0]
    """
    mu, a = np.asarray(service_rate, dtype=float), np.asarray(attempt_rate, dtype=float)
    s = 1.0 / mu if service_time is None else np.asarray(service_time, dtype=float)
    excess = np.maximum(a - mu, 0.0) * s
    late = np.exp(-np.asarray(margin, dtype=float) / s) * excess / (1.0 + excess)
    return np.where(a > mu, mu * (1.0 - late), a)
