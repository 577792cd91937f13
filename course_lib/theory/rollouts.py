"""Closed forms of a rollout: whom a fault reaches, what a canary can see, how often it cries wolf, who shares a fate.

Error shares are small, requests many and independent, so counts of errors are Poisson and their differences nearly
normal. All tests are one-sided: is the canary worse?
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def _floats(*values: ArrayLike) -> list[FloatArray]:
    return [np.asarray(value, dtype=float) for value in values]


def normal_quantile(share: ArrayLike) -> FloatArray:
    """Where the standard normal distribution has this share below; numpy has no such function.

    Examples
    --------
    >>> normal_quantile([0.5, 0.95]).round(3).tolist()
    [0.0, 1.645]
    """
    values, place = np.unique(np.asarray(share, dtype=float), return_inverse=True)
    found = np.array([NormalDist().inv_cdf(value) for value in values])
    return found[place].reshape(np.shape(share))


# -- whom a fault reaches --------------------------------------------------------------------------------------------


def harmed(error_share: float, rate: float, shares: ArrayLike, seconds: ArrayLike) -> FloatArray:
    """Requests harmed until the fault is stopped: ``p λ Σ f_i T_i``.

    Parameters
    ----------
    error_share : float
        Requests to the new version that it harms.
    rate : float
        Requests/s of the whole fleet.
    shares, seconds : array_like, shape (stages,)
        Share of the fleet in each stage, and how long the stage lasted; the last until the fault is stopped.

    Examples
    --------
    >>> float(harmed(0.02, 1000, [0.01], [300])), float(harmed(0.02, 1000, [1.0], [300]))
    (60.0, 6000.0)
    >>> round(float(harmed(0.02, 1000, [0.01, 0.1, 0.5], [1800, 1800, 300])))
    6960
    """
    shares, seconds = _floats(shares, seconds)
    return np.asarray(error_share * rate * np.sum(shares * seconds))


def reached(push_time: ArrayLike, reaction: ArrayLike) -> FloatArray:
    """Share of the fleet that an even push has reached when it is stopped: ``min(1, t_r / P)``.

    Examples
    --------
    >>> float(reached(3, 600)), round(float(reached(12_000, 600)), 3)
    (1.0, 0.05)
    """
    push, reaction = _floats(push_time, reaction)
    return np.minimum(1.0, reaction / np.maximum(push, 1e-300))


def slowest_push(share: ArrayLike, reaction: ArrayLike) -> FloatArray:
    """How long an even push must take, s, so that no more than `share` has it when it is stopped.

    Examples
    --------
    >>> float(slowest_push(0.05, 600)) / 60
    200.0
    """
    share, reaction = _floats(share, reaction)
    return reaction / share


def crossing(share: ArrayLike) -> FloatArray:
    """Share of two-hop calls that cross versions when `share` of the fleet has the new one: ``2 x (1 - x)``.

    Examples
    --------
    >>> crossing([0.01, 0.5, 1.0]).round(4).tolist()
    [0.0198, 0.5, 0.0]
    """
    (x,) = _floats(share)
    return 2.0 * x * (1.0 - x)


# -- what a canary can see -------------------------------------------------------------------------------------------


def chance_of_error(error_share: ArrayLike, requests: ArrayLike) -> FloatArray:
    """Chance that at least one of so many requests fails: ``1 - (1 - p)^n``.

    Examples
    --------
    >>> chance_of_error(0.01, 299).round(3).item()
    0.95
    """
    share, requests = _floats(error_share, requests)
    return -np.expm1(requests * np.log1p(-share))


def requests_for_an_error(error_share: ArrayLike, chance: ArrayLike = 0.95) -> FloatArray:
    """Requests after which an error has been seen with this chance, about ``3 / p`` for 95 %; whole.

    Examples
    --------
    >>> requests_for_an_error([0.001, 0.01, 0.05]).tolist()
    [2995.0, 299.0, 59.0]
    """
    share, chance = _floats(error_share, chance)
    return np.ceil(np.log1p(-chance) / np.log1p(-share))


def requests_per_arm(
    usual: ArrayLike, worse: ArrayLike, false_alarm: ArrayLike = 0.05, power: ArrayLike = 0.9
) -> FloatArray:
    """Requests that canary and control each need to tell two error shares apart.

    Parameters
    ----------
    usual, worse : array_like
        Error share of the control, and the share of a canary that must be found.
    false_alarm : array_like
        Chance that a canary as good as the control is taken for worse.
    power : array_like
        Chance that the worse one is found.

    Returns
    -------
    ndarray
        ``(z_α + z_β)² (p₀ q₀ + p₁ q₁) / (p₁ - p₀)²``, rounded up.

    Examples
    --------
    >>> requests_per_arm(0.001, [0.005, 0.002]).tolist()
    [3198.0, 25649.0]
    """
    usual, worse = _floats(usual, worse)
    both = normal_quantile(1.0 - np.asarray(false_alarm)) + normal_quantile(power)
    spread = usual * (1.0 - usual) + worse * (1.0 - worse)
    return np.ceil(both * both * spread / ((worse - usual) * (worse - usual)))


def bake_time(requests: ArrayLike, share: ArrayLike, rate: ArrayLike) -> FloatArray:
    """Seconds until a canary of this share of the traffic has seen so many requests.

    Examples
    --------
    >>> bake_time(3198, 0.01, 1000).item(), bake_time(25_649, 0.01, 1000).item()
    (319.8, 2564.9)
    """
    requests, share, rate = _floats(requests, share, rate)
    return requests / (share * rate)


def found_by_bake(bake: ArrayLike, mean_onset: ArrayLike) -> FloatArray:
    """Chance that a fault that wakes after an exponential time wakes within the bake: ``1 - e^(-T / τ)``.

    Examples
    --------
    >>> found_by_bake(1800, 3600).round(3).item()
    0.393
    """
    bake, onset = _floats(bake, mean_onset)
    return -np.expm1(-bake / onset)


# -- how often it cries wolf -----------------------------------------------------------------------------------------


def false_rollback(false_alarm: ArrayLike, stages: ArrayLike, metrics: ArrayLike) -> FloatArray:
    """Chance that a good change is rolled back: ``1 - (1 - α)^(m g)``, for independent tests.

    Examples
    --------
    >>> false_rollback(0.01, 4, 10).round(2).item()
    0.33
    """
    alarm, stages, metrics = _floats(false_alarm, stages, metrics)
    return -np.expm1(stages * metrics * np.log1p(-alarm))


def false_alarm_of_looks(false_alarm: float, looks: int, cells: int = 400) -> float:
    """Chance of a false alarm when a fixed test is made after each of so many equal parts of the sample.

    The sum of what was seen is a random walk; what has not crossed yet is carried from look to look as a density on a
    grid (Armitage, McPherson and Rowe, 1969).

    Examples
    --------
    >>> [round(false_alarm_of_looks(0.05, looks), 3) for looks in (1, 2, 10, 30)]
    [0.05, 0.08, 0.172, 0.24]
    """
    bound, low = float(normal_quantile(1.0 - false_alarm)), -8.0 * math.sqrt(looks)
    step = (bound * math.sqrt(looks) - low) / cells
    edges = low + step * np.arange(cells + 1)
    by_distance = np.diff(_cdf(step * (np.arange(-cells, cells + 1) - 0.5)))
    moves = by_distance[np.arange(cells) - np.arange(cells)[:, None] + cells]
    density, crossed = np.diff(_cdf(np.minimum(edges, bound))), 1.0 - float(_cdf(np.array([bound]))[0])
    for look in range(2, looks + 1):
        limit = bound * math.sqrt(look)
        density = density @ moves
        stays = np.clip((limit - edges[:-1]) / step, 0.0, 1.0)
        density = density * stays
        crossed = 1.0 - float(density.sum())
    return crossed


def _cdf(z: FloatArray) -> FloatArray:
    return 0.5 * (1.0 + np.vectorize(math.erf)(z / math.sqrt(2.0)))


def evidence(worse_by: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """What an error is worth to a sequential test of two arms of one size: in the canary, and in the control.

    Each error is in the canary with chance 1/2 if both are alike, and ``R / (1 + R)`` if the canary errs `worse_by` R
    times as often. The logarithms of the ratios add up; a sum that reaches ``ln(1 / α)`` is a false alarm with chance
    α at most, however often one looks (Wald; Ville's inequality).

    Examples
    --------
    >>> [value.round(3).item() for value in evidence(5)]
    [0.511, -1.099]
    """
    (ratio,) = _floats(worse_by)
    return np.log(2.0 * ratio / (1.0 + ratio)), np.log(2.0 / (1.0 + ratio))


# -- who shares a fate -----------------------------------------------------------------------------------------------


def shards(workers: int, size: int) -> int:
    """Different shards of `size` out of so many workers.

    Examples
    --------
    >>> shards(8, 2), shards(100, 5), f"{shards(2048, 4):.4g}", shards(54, 4)
    (28, 75287520, '7.309e+11', 316251)
    """
    return math.comb(int(workers), int(size))


def overlap(workers: int, size: int) -> FloatArray:
    """Chance that two random shards share 0, 1, ... `size` workers; hypergeometric.

    Examples
    --------
    >>> overlap(8, 2).round(3).tolist(), overlap(54, 4)[1:].round(5).tolist()
    ([0.536, 0.429, 0.036], [0.2479, 0.02324, 0.00063, 0.0])
    """
    whole = shards(workers, size)
    ways = [math.comb(size, j) * math.comb(workers - size, size - j) for j in range(size + 1)]
    return np.array([way / whole for way in ways])


def lost_by_overlap(size: int, tries: int = 1) -> FloatArray:
    """Requests lost by a customer of whose `size` workers 0, 1, ... are dead, in `tries` tries at different workers.

    Examples
    --------
    >>> lost_by_overlap(4).tolist(), lost_by_overlap(4, 4).tolist()
    ([0.0, 0.25, 0.5, 0.75, 1.0], [0.0, 0.0, 0.0, 0.0, 1.0])
    """
    dead = np.arange(size + 1.0)
    lost = np.ones(size + 1)
    for i in range(min(tries, size)):
        lost = lost * np.maximum(dead - i, 0.0) / (size - i)
    return lost


def workers_lost(rate: ArrayLike, deliveries: ArrayLike, restart: ArrayLike) -> FloatArray:
    """Workers that a poison message keeps down, on average: ``q m t_r``, while there are as many.

    Examples
    --------
    >>> workers_lost(0.05, 5, 60).item()
    15.0
    """
    rate, deliveries, restart = _floats(rate, deliveries, restart)
    return rate * deliveries * restart
