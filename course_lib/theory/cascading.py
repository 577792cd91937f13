"""Closed forms for cascading failures: load that moves on, workers that wait, throttles, and restarts.

Times are in seconds, rates per second, shares in [0, 1]. A *pool* is the workers (threads, connections) of one service.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def _floats(*values: ArrayLike) -> list[FloatArray]:
    return [np.asarray(value, dtype=float) for value in values]


# -- load that moves to the survivors --------------------------------------------------------------------------------


def survivor_load(utilisation: ArrayLike, replicas: ArrayLike, lost: ArrayLike) -> FloatArray:
    """Utilisation of each survivor of an equal fleet: ``rho N / (N - k)``.

    Examples
    --------
    >>> float(survivor_load(0.85, 10, 2).round(4))
    1.0625
    """
    rho, n, k = _floats(utilisation, replicas, lost)
    return rho * n / (n - k)


def safe_utilisation(replicas: ArrayLike, lost: ArrayLike) -> FloatArray:
    """Highest utilisation at which an equal fleet can lose so many: ``(N - k) / N``.

    Examples
    --------
    >>> safe_utilisation([4, 10, 3], 1).round(3).tolist()
    [0.75, 0.9, 0.667]
    """
    n, k = _floats(replicas, lost)
    return (n - k) / n


def survivors(replicas: int, utilisation: float, lost: int, most_load: float = 1.0) -> int:
    """Survivors of an equal fleet whose members fail, one after the other, above a load: all that are left, or none.

    Examples
    --------
    >>> survivors(10, 0.85, 1), survivors(10, 0.85, 2)
    (9, 0)
    """
    left = replicas - lost
    while left > 0 and utilisation * replicas > most_load * left:
        left -= 1
    return left


def bundle_survivors(load: ArrayLike) -> FloatArray:
    """Surviving share of a large fleet with capacities uniform on (0, 1): ``(1 + sqrt(1 - 4 s)) / 2``, 0 above 1/4.

    Each survivor carries an equal part of the load, `load` for each original member (the fibre bundle, Daniels 1945).

    Examples
    --------
    >>> bundle_survivors([0.1, 0.2, 0.24, 0.25, 0.26]).round(3).tolist()
    [0.887, 0.724, 0.6, 0.5, 0.0]
    """
    (sigma,) = _floats(load)
    return np.where(sigma <= 0.25, 0.5 * (1 + np.sqrt(np.maximum(1 - 4 * sigma, 0.0))), 0.0)


# -- dependencies ----------------------------------------------------------------------------------------------------


def chain_availability(each: ArrayLike) -> float:
    """Availability of a service that needs all of its dependencies: their product.

    Examples
    --------
    >>> round(chain_availability([0.999] * 30), 4)
    0.9704
    """
    return float(np.prod(np.asarray(each, dtype=float)))


def redundant_availability(each: ArrayLike) -> float:
    """Availability of a service that needs any one of some independent dependencies.

    Examples
    --------
    >>> round(redundant_availability([0.99, 0.99]), 6)
    0.9999
    """
    return float(1 - np.prod(1 - np.asarray(each, dtype=float)))


def busy_workers(rate: ArrayLike, held: ArrayLike, bulkhead: ArrayLike = np.inf) -> FloatArray:
    """Workers that calls to a dependency hold: rate times time held (Little), at most the bulkhead.

    Examples
    --------
    >>> busy_workers(10, [1.0, 20.0, 30.0], 200).tolist()
    [10.0, 200.0, 200.0]
    """
    rate, held, bulkhead = _floats(rate, held, bulkhead)
    return np.minimum(rate * held, bulkhead)


def pool_gone_at(pool: ArrayLike, rate: ArrayLike) -> FloatArray:
    """Latency of a dependency at which its calls hold a whole pool: ``P / lambda``.

    Examples
    --------
    >>> float(pool_gone_at(200, 10))
    20.0
    """
    pool, rate = _floats(pool, rate)
    return pool / rate


def longest_limit(rate: ArrayLike, timeout: ArrayLike) -> FloatArray:
    """Most calls in flight whose last is still answered in time by a service of that rate: ``mu tau``.

    Examples
    --------
    >>> float(longest_limit(80, 2))
    160.0
    """
    rate, timeout = _floats(rate, timeout)
    return rate * timeout


# -- a client that throttles itself ----------------------------------------------------------------------------------


def throttled_share(load: ArrayLike, multiplier: ArrayLike) -> FloatArray:
    """Share of its requests that an adaptive throttle rejects itself: ``1 - K mu / lambda``, `load` in units of mu.

    Examples
    --------
    >>> throttled_share([1.5, 3.0, 10.0], 2.0).round(3).tolist(), float(throttled_share(3.0, 1.1).round(3))
    ([0.0, 0.333, 0.8], 0.633)
    """
    load, k = _floats(load, multiplier)
    return np.maximum(0.0, 1.0 - k / np.maximum(load, 1e-300))


def throttled_goodput(load: ArrayLike, multiplier: ArrayLike, rejection_cost: ArrayLike) -> FloatArray:
    """What a backend accepts, in units of its rate, if a rejection costs it a share of a request.

    ``(1 - k s) / (1 - k)`` of what is sent, s; under the throttle s = K a, hence ``1 / (1 - k + k K)``.

    Examples
    --------
    >>> throttled_goodput(3.0, [2.0, 1.1, np.inf], 0.2).round(3).tolist(), float(throttled_goodput(5.0, np.inf, 0.2))
    ([0.833, 0.98, 0.5], 0.0)
    """
    load, multiplier, cost = np.broadcast_arrays(*_floats(load, multiplier, rejection_cost))
    free = np.maximum((1 - cost * load) / (1 - cost), 0.0)
    throttles = np.minimum(free, load) < load / multiplier
    held = 1 / (1 - cost + cost * np.where(np.isfinite(multiplier), multiplier, 1.0))
    return np.where(load <= 1, load, np.where(throttles & np.isfinite(multiplier), held, free))


def reopening(multiplier: float) -> float:
    """Factor by which a throttle's accepted traffic grows in a window: e to the x of ``(1 - e^-x) / x = 1 / K``.

    Examples
    --------
    >>> [round(reopening(k), 2) for k in (2.0, 1.5, 1.1)]
    [4.92, 2.4, 1.21]
    """
    low, high = 1e-9, 2 * multiplier
    for _ in range(80):
        middle = (low + high) / 2
        if (1 - math.exp(-middle)) / middle > 1 / multiplier:
            low = middle
        else:
            high = middle
    return math.exp(low)


def reopening_time(multiplier: float, window: float = 120.0, first: float = 0.001) -> float:
    """Seconds from a share `first` of the load back to all of it.

    Examples
    --------
    >>> [round(reopening_time(k) / 60, 1) for k in (2.0, 1.5, 1.1)]
    [8.7, 15.8, 71.3]
    """
    return window * math.log(1 / first) / math.log(reopening(multiplier))


# -- restarts, and what grows with the fleet -------------------------------------------------------------------------


def warm_share(age: ArrayLike, warmup: ArrayLike, cold: ArrayLike) -> FloatArray:
    """Share of its capacity that an instance has at an age: ``min(1, f + (1 - f) t / T_w)``.

    Examples
    --------
    >>> warm_share([0, 30, 60, 90], 60, 0.2).round(2).tolist()
    [0.2, 0.6, 1.0, 1.0]
    """
    age, warmup, cold = _floats(age, warmup, cold)
    return np.minimum(1.0, cold + (1.0 - cold) * age / np.maximum(warmup, 1e-300))


def restart_plan(replicas: ArrayLike, batch: ArrayLike, each: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Seconds that a restart in batches takes, ``ceil(N / b) T``, and the share of the fleet that goes on serving.

    Examples
    --------
    >>> [value.tolist() for value in restart_plan(10, [1, 3, 10], 60)]
    [[600.0, 240.0, 60.0], [0.9, 0.7, 0.0]]
    """
    n, b, each = _floats(replicas, batch, each)
    return np.ceil(n / b) * each, np.maximum(n - b, 0.0) / n


def largest_batch(replicas: ArrayLike, utilisation: ArrayLike) -> FloatArray:
    """Most replicas that may be away at once without overloading the others: ``floor(N (1 - rho))``.

    Examples
    --------
    >>> largest_batch([10, 10, 40], [0.72, 0.95, 0.85]).tolist()
    [2.0, 0.0, 6.0]
    """
    n, rho = _floats(replicas, utilisation)
    return np.floor(n * (1 - rho) + 1e-9)


def mesh(nodes: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Connections a node and in all, where each is connected to each: ``N - 1`` and ``N (N - 1)``.

    Examples
    --------
    >>> [float(value) for value in mesh(100)]
    [99.0, 9900.0]
    """
    (n,) = _floats(nodes)
    return n - 1, n * (n - 1)
