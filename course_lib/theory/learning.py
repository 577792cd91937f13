"""Closed forms of incidents that come back: repeats before a fix, what a fix leaves, what piles up, what counts say.

A cause brings incidents as a Poisson process of rate λ; its fix is finished after an exponential time of rate γ and
removes a share e of the rate. Rates and times are in one unit of time, whichever. FACTS 12b7 to 12b13; what alerts do
stands in `detection`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def _floats(*values: ArrayLike) -> list[FloatArray]:
    return [np.asarray(value, dtype=float) for value in values]


# -- one incident ----------------------------------------------------------------------------------------------------


def harm(
    rate: ArrayLike, error_ratio: ArrayLike, detect: ArrayLike, acknowledge: ArrayLike, mitigate: ArrayLike
) -> FloatArray:
    """Requests that one incident fails: ``λ e (t_detect + t_ack + t_mitigate)``. FACTS 12b7.

    Examples
    --------
    >>> float(harm(100, 0.05, 1000, 300, 2700))
    20000.0
    """
    rate, e, detect, acknowledge, mitigate = _floats(rate, error_ratio, detect, acknowledge, mitigate)
    return rate * e * (detect + acknowledge + mitigate)


def found_after(alert: ArrayLike, customers: ArrayLike) -> FloatArray:
    """Mean seconds until somebody knows: the alert, or a customer if one is quicker; ``c (1 - exp(-a / c))``.

    Parameters
    ----------
    alert : array_like
        Seconds until an alert fires; infinity for never.
    customers : array_like
        Mean of the exponential time until a customer has complained.

    Examples
    --------
    >>> found_after([600.0, np.inf], 1000.0).round(1).tolist()
    [451.2, 1000.0]
    """
    alert, customers = _floats(alert, customers)
    return -customers * np.expm1(-alert / customers)


def found_by_customers(alert: ArrayLike, customers: ArrayLike) -> FloatArray:
    """Share of incidents that a customer tells of before the alert fires.

    Examples
    --------
    >>> found_by_customers([600.0, np.inf], 1000.0).round(3).tolist()
    [0.451, 1.0]
    """
    alert, customers = _floats(alert, customers)
    return -np.expm1(-alert / customers)


# -- again, until it is fixed ----------------------------------------------------------------------------------------


def repeats_before_fix(recurrence: ArrayLike, fixing: ArrayLike) -> FloatArray:
    """Mean number of repeats before the fix is finished, ``λ / γ``; the number is geometric. FACTS 12b8.

    Examples
    --------
    >>> float(repeats_before_fix(1 / 30, 1 / 45))
    1.5
    """
    recurrence, fixing = _floats(recurrence, fixing)
    return recurrence / fixing


def chance_of_repeat(recurrence: ArrayLike, fixing: ArrayLike, count: ArrayLike = 1) -> FloatArray:
    """Chance of at least `count` repeats before the fix is finished: ``(λ / (λ + γ))^count``. FACTS 12b8.

    Examples
    --------
    >>> chance_of_repeat(1 / 30, 1 / 45, [1, 2]).round(2).tolist()
    [0.6, 0.36]
    """
    recurrence, fixing, count = _floats(recurrence, fixing, count)
    return (recurrence / (recurrence + fixing)) ** count


def repeats_with_fix(recurrence: ArrayLike, fixing: ArrayLike, effect: ArrayLike, horizon: ArrayLike) -> FloatArray:
    """Mean number of repeats within a horizon: ``λ E[min(D, H)] + λ (1 - e) (H - E[min(D, H)])``. FACTS 12b9.

    Examples
    --------
    >>> repeats_with_fix(1 / 30, 1 / 45, [0.0, 0.8], 365).round(2).tolist()
    [12.17, 3.63]
    """
    recurrence, fixing, effect, horizon = _floats(recurrence, fixing, effect, horizon)
    open_for = -np.expm1(-fixing * horizon) / fixing
    return recurrence * (open_for + (1.0 - effect) * (horizon - open_for))


def residual_rate(recurrence: ArrayLike, effects: ArrayLike, finished: ArrayLike) -> FloatArray:
    """Rate left when items remove independent shares of it: ``λ Π (1 - e_i c_i)``, items on the last axis. FACTS 12b10.

    Examples
    --------
    >>> round(float(residual_rate(12.0, [0.8, 0.5], [0.5, 1.0])), 2)
    3.6
    """
    recurrence, effects, finished = _floats(recurrence, effects, finished)
    return recurrence * np.prod(1.0 - effects * finished, axis=-1)


def layered_rate(trigger: ArrayLike, holes: ArrayLike) -> FloatArray:
    """Rate of incidents that need all defences to fail: ``λ Π q_i``, layers on the last axis. FACTS 12b10.

    Examples
    --------
    >>> round(float(layered_rate(50.0, [0.1, 0.2, 0.5])), 2)
    0.5
    """
    trigger, holes = _floats(trigger, holes)
    return trigger * np.prod(holes, axis=-1)


# -- what piles up ---------------------------------------------------------------------------------------------------


def open_items(incidents: ArrayLike, items_each: ArrayLike, age: ArrayLike) -> FloatArray:
    """Open action items by Little's law: incidents a month, items of each, mean age in months. FACTS 12b11.

    Examples
    --------
    >>> float(open_items(4, 5, 3))
    60.0
    """
    incidents, items_each, age = _floats(incidents, items_each, age)
    return incidents * items_each * age


def settled_backlog(arriving: ArrayLike, fixing: ArrayLike, capacity: ArrayLike) -> FloatArray:
    """Items open in the long run: ``arriving / γ``; infinite where more arrive than can be carried.

    Parameters
    ----------
    arriving, capacity : array_like
        Items a unit of time that are written, and that the team can finish.
    fixing : array_like
        Rate at which an item is finished while there are hands for all.

    Examples
    --------
    >>> settled_backlog([4.0, 8.0], 1 / 1.5, 6.0).tolist()
    [6.0, inf]
    """
    arriving, fixing, capacity = np.broadcast_arrays(*_floats(arriving, fixing, capacity))
    return np.where(arriving < capacity, arriving / fixing, np.inf)


def finished_by(due: ArrayLike, fixing: ArrayLike) -> FloatArray:
    """Share of items finished by their due date: ``1 - exp(-γ t)``. FACTS 12b12.

    Examples
    --------
    >>> finished_by([30, 56], 1 / 45).round(2).tolist()
    [0.49, 0.71]
    """
    due, fixing = _floats(due, fixing)
    return -np.expm1(-fixing * due)


# -- what a handful of numbers says ----------------------------------------------------------------------------------


def variance_of_counts(mean: ArrayLike, shape: ArrayLike) -> FloatArray:
    """Variance of counts whose rate varies as a gamma of this shape: ``m + m² / r``; Poisson at infinity. FACTS 12b13.

    Examples
    --------
    >>> variance_of_counts(12.0, [3.0, np.inf]).tolist()
    [60.0, 12.0]
    """
    mean, shape = _floats(mean, shape)
    return mean + mean * mean / shape


def counts_between(mean: float, shape: float, share: float = 0.9) -> tuple[int, int]:
    """Counts between which a share of all periods lies, the same left out on either side.

    Parameters
    ----------
    mean : float
    shape : float
        Of the gamma by which the rate varies; infinity for Poisson.
    share : float

    Examples
    --------
    >>> counts_between(12.0, math.inf), counts_between(12.0, 3.0)
    ((7, 18), (2, 27))
    """
    below, count, found = 0.0, 0, []
    for level in ((1.0 - share) / 2.0, (1.0 + share) / 2.0):
        while below + chance_of_count(count, mean, shape) < level:
            below += chance_of_count(count, mean, shape)
            count += 1
        found.append(count)
    return found[0], found[1]


def chance_of_count(count: int, mean: float, shape: float) -> float:
    """Chance of so many incidents in a period: negative binomial, or Poisson where the shape is infinite.

    Examples
    --------
    >>> round(chance_of_count(0, 2.0, math.inf), 4), round(chance_of_count(0, 2.0, 1.0), 4)
    (0.1353, 0.3333)
    """
    if math.isinf(shape):
        return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
    ways = math.lgamma(count + shape) - math.lgamma(shape) - math.lgamma(count + 1)
    return math.exp(ways + shape * math.log(shape / (shape + mean)) + count * math.log(mean / (shape + mean)))


def spread_of_mean(sigma: ArrayLike, incidents: ArrayLike) -> FloatArray:
    """Standard deviation of a mean time to resolve, as a share of it; durations are lognormal.

    Examples
    --------
    >>> spread_of_mean(1.2, [10, 100]).round(2).tolist()
    [0.57, 0.18]
    """
    sigma, incidents = _floats(sigma, incidents)
    return np.sqrt(np.expm1(sigma * sigma) / incidents)
