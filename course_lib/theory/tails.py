"""Closed forms for gray failures: the tail under fan-out, hedges, detectors that are blind, and balancers.

Times are in seconds, shares in [0, 1]. *Survival* is the share of calls that take longer than some time.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

BINS = np.round(0.002 * 1.25 ** np.arange(36), 6)
"""Upper ends of a histogram's bins, s: each a quarter longer than the last, so that histograms can be added up."""


# -- fan-out ---------------------------------------------------------------------------------------------------------


def any_slow(slow: ArrayLike, fan_out: ArrayLike) -> FloatArray:
    """Share of pages with at least one slow call among so many: ``1 - (1 - p)^n``.

    Examples
    --------
    >>> any_slow([0.01, 1e-4, 0.01], [100, 2000, 10]).round(4).tolist()
    [0.634, 0.1813, 0.0956]
    """
    return -np.expm1(np.asarray(fan_out, dtype=float) * np.log1p(-np.asarray(slow, dtype=float)))


def leaf_share(page: ArrayLike, fan_out: ArrayLike) -> FloatArray:
    """Share of single calls that may be slow so that no more of the pages are: ``1 - (1 - q)^(1/n)``.

    Examples
    --------
    >>> round(1 - float(leaf_share(0.01, 100)), 7), round(float(leaf_share(0.05, 50)), 4)
    (0.9998995, 0.001)
    """
    return -np.expm1(np.log1p(-np.asarray(page, dtype=float)) / np.asarray(fan_out, dtype=float))


def mean_of_slowest(fan_out: int, mean: float = 1.0) -> float:
    """Mean of the slowest of n exponential calls: ``H_n`` times their own mean.

    Examples
    --------
    >>> round(mean_of_slowest(100), 2)
    5.19
    """
    return mean * float(np.sum(1.0 / np.arange(1, fan_out + 1)))


def quantile_of_slowest(quantile: ArrayLike, fan_out: ArrayLike, mean: ArrayLike = 1.0) -> FloatArray:
    """Quantile of the slowest of n exponential calls: ``-ln(1 - q^(1/n))`` times their mean.

    Examples
    --------
    >>> round(float(quantile_of_slowest(0.99, 100)), 2)
    9.21
    """
    return -np.log(leaf_share(1.0 - np.asarray(quantile, dtype=float), fan_out)) * np.asarray(mean, dtype=float)


def unfinished(slow: float, fan_out: int, needed: int) -> float:
    """Share of pages that lack some of the `needed` answers, when each call is slow by itself: a binomial tail.

    Examples
    --------
    >>> round(unfinished(0.01, 100, 100), 3), round(unfinished(0.01, 100, 95), 5)
    (0.634, 0.00053)
    """
    spare = fan_out - needed
    done = sum(math.comb(fan_out, k) * slow**k * (1 - slow) ** (fan_out - k) for k in range(spare + 1))
    return 1.0 - done


# -- latencies, and a second copy ------------------------------------------------------------------------------------


def normal_tail(z: ArrayLike) -> FloatArray:
    """Share of a standard normal above z, to 1.2e-7 of itself (Numerical Recipes' ``erfcc``): tails stay true.

    Examples
    --------
    >>> normal_tail([0.0, 1.6448536, 3.0902323]).round(6).tolist()
    [0.5, 0.05, 0.001]
    """
    x = np.asarray(z, dtype=float) / math.sqrt(2.0)
    size = np.abs(x)
    t = 1.0 / (1.0 + 0.5 * size)
    series = np.full_like(t, 0.17087277)
    for c in (-0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368):
        series = series * t + c
    tail = 0.5 * t * np.exp(np.maximum(-size * size - 1.26551223 + t * series, -700.0))
    return np.where(x >= 0, tail, 1.0 - tail)


def lognormal_survival(time: ArrayLike, median: ArrayLike, spread: ArrayLike) -> FloatArray:
    """Share of log-normal calls that take longer than `time`; all of them at or before time 0.

    Examples
    --------
    >>> lognormal_survival([0.0, 1.0, 5.1803], 1.0, 1.0).round(4).tolist()
    [1.0, 0.5, 0.05]
    """
    time, median = np.asarray(time, dtype=float), np.asarray(median, dtype=float)
    z = np.log(np.maximum(time, 1e-300) / median) / np.asarray(spread, dtype=float)
    return np.where(time > 0, normal_tail(z), 1.0)


def hedged(survival: ArrayLike, earlier: ArrayLike, dependence: ArrayLike = 0.0) -> FloatArray:
    """Survival with a second copy, at a time t after its delay d: ``S(t) S(t - d)`` if the copies are independent.

    Parameters
    ----------
    survival, earlier : array_like
        S(t) and S(t - d).
    dependence : array_like, in [0, 1]
        Share of slow calls whose cause the copy shares; at 1 the copy gains nothing.

    Examples
    --------
    >>> tail = lambda t: lognormal_survival(t, 1.0, 1.0)
    >>> hedged(tail([6.66, 9.30]), tail([6.66 - 5.18, 9.30 - 5.18])).round(3).tolist()
    [0.01, 0.001]
    """
    late, kappa = np.asarray(survival, dtype=float), np.asarray(dependence, dtype=float)
    return late * (kappa + (1.0 - kappa) * np.asarray(earlier, dtype=float))


# -- detectors -------------------------------------------------------------------------------------------------------


def probes_to_see(failure: ArrayLike, in_a_row: ArrayLike) -> FloatArray:
    """Expected probes until r failures in a row: ``(1 - q^r) / ((1 - q) q^r)``.

    Examples
    --------
    >>> probes_to_see([0.05, 0.2, 0.4, 0.5], [3, 3, 3, 5]).round(1).tolist()
    [8420.0, 155.0, 24.4, 62.0]
    """
    q, r = np.asarray(failure, dtype=float), np.asarray(in_a_row, dtype=float)
    return (1.0 - q**r) / ((1.0 - q) * q**r)


def samples_to_tell(usual: ArrayLike, ill: ArrayLike, z_false: float = 1.645, z_power: float = 1.282) -> FloatArray:
    """Calls that tell one error share from another, one-sided; by default at 5 % false alarms and 90 % power.

    Examples
    --------
    >>> samples_to_tell([0.001, 0.001, 0.01], [0.005, 0.002, 0.02]).round().tolist()
    [1268.0, 11940.0, 1178.0]
    """
    p0, p1 = np.asarray(usual, dtype=float), np.asarray(ill, dtype=float)
    needed = z_false * np.sqrt(p0 * (1 - p0)) + z_power * np.sqrt(p1 * (1 - p1))
    return np.square(needed / (p1 - p0))


def quantile_error(quantile: ArrayLike, samples: ArrayLike, density: ArrayLike) -> FloatArray:
    """Standard error of a quantile from n samples: ``sqrt(q (1 - q) / n) / f``, f the density there.

    Examples
    --------
    >>> round(float(quantile_error(0.5, 10_000, 0.3989)), 4)
    0.0125
    """
    q = np.asarray(quantile, dtype=float)
    return np.sqrt(q * (1 - q) / np.asarray(samples, dtype=float)) / np.asarray(density, dtype=float)


def least_samples(quantile: ArrayLike) -> FloatArray:
    """Samples below which a quantile is a guess: ten beyond it, ``10 / (1 - q)``.

    Examples
    --------
    >>> least_samples([0.99, 0.999]).round().tolist()
    [1000.0, 10000.0]
    """
    return 10.0 / (1.0 - np.asarray(quantile, dtype=float))


def diluted(error: ArrayLike, hosts: ArrayLike) -> FloatArray:
    """How far one host's errors move the fleet's average: ``e / N``.

    Examples
    --------
    >>> float(diluted(0.2, 40))
    0.005
    """
    return np.asarray(error, dtype=float) / np.asarray(hosts, dtype=float)


# -- lost packets, and slow calls that hold a worker -----------------------------------------------------------------


def all_arrive(loss: ArrayLike, packets: ArrayLike) -> FloatArray:
    """Share of requests of m packets of which none is lost: ``(1 - l)^m``. With TCP the others are late, not lost.

    Examples
    --------
    >>> round(float(all_arrive(0.01, 10)), 3)
    0.904
    """
    return np.exp(np.asarray(packets, dtype=float) * np.log1p(-np.asarray(loss, dtype=float)))


def busy_workers(arrival_rate: ArrayLike, usual: ArrayLike, slow_share: ArrayLike, slow_time: ArrayLike) -> FloatArray:
    """Mean workers held if slow calls hold theirs: ``lambda ((1 - p) t_0 + p t_s)``.

    Examples
    --------
    >>> fast, both = busy_workers(1.0, 0.6, [0.0, 0.01], 40.0)
    >>> round(float(both - 0.99 * fast), 2), round(float(0.4 / both), 2)
    (0.4, 0.4)
    """
    p = np.asarray(slow_share, dtype=float)
    mean = (1 - p) * np.asarray(usual, dtype=float) + p * np.asarray(slow_time, dtype=float)
    return np.asarray(arrival_rate, dtype=float) * mean


# -- balancers -------------------------------------------------------------------------------------------------------


def least_outstanding_share(times: ArrayLike) -> FloatArray:
    """Share of calls a host gets from a balancer that keeps outstanding calls equal: ``(1/tau_i) / sum(1/tau)``.

    Examples
    --------
    >>> round(float(least_outstanding_share([0.001] + [0.1] * 9)[0]), 3)
    0.917
    """
    pace = 1.0 / np.asarray(times, dtype=float)
    return pace / pace.sum()


def most_by_choices(hosts: int, ill: int, choices: int) -> float:
    """Most that the faster `ill` of the hosts can draw when a call goes to the least busy of a few random ones.

    A host that is not among the choices is not chosen: ``1 - C(N - f, k) / C(N, k)``.

    Examples
    --------
    >>> [round(most_by_choices(10, 1, k), 3) for k in (1, 2, 10)]
    [0.1, 0.2, 1.0]
    """
    return 1.0 - math.comb(hosts - ill, choices) / math.comb(hosts, choices)


def two_choices_tail(load: ArrayLike, length: ArrayLike) -> FloatArray:
    """Share of many servers with at least k calls, if each call takes the shorter of two: ``rho^(2^k - 1)``.

    Examples
    --------
    >>> two_choices_tail(0.9, [1, 2, 3]).round(3).tolist()
    [0.9, 0.729, 0.478]
    """
    return np.asarray(load, dtype=float) ** (2.0 ** np.asarray(length, dtype=float) - 1.0)


def two_choices_time(load: float) -> float:
    """Mean time in such a system, in service times: the sum of ``rho^(2^k - 2)``.

    Examples
    --------
    >>> round(two_choices_time(0.9), 2), round(1 / (1 - 0.9))
    (2.61, 10)
    """
    return float(np.sum(load ** (2.0 ** np.arange(1, 40) - 2.0)))
