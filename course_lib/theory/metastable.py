"""Closed forms of metastable failures: two capacities, the fixed points between them, and the way back.

A station works off `service_rate` attempts a second; a failed attempt is made again up to `max_retries` times. An
attempt fails when it takes longer than `deadline`: in an M/M/1 queue at x attempts a second that is ``exp(-(mu - x)
D)``, and every one from mu on. So the attempts that a load makes are a fixed point of ``x = load (1 + f + ... + f^R)``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
HALVINGS = 50  # of an interval: to the last digits of a number
FINE, GRID, COARSE = 8001, 2001, 401  # attempts looked at: for an answer, to begin a search, to draw


def hidden_capacity(
    service_rate: ArrayLike,
    max_retries: ArrayLike = 0,
    budget: ArrayLike = np.inf,
    degradation: ArrayLike = 0.0,
) -> FloatArray:
    """Load from which a station comes back whatever has happened: what is left of it, over what failing multiplies.

    Parameters
    ----------
    service_rate : array_like
        Attempts/s while healthy.
    max_retries : array_like
        Tries after the first.
    budget : array_like
        Retries allowed per first attempt; infinite is none.
    degradation : array_like, in [0, 1]
        Share of the capacity that is lost while the queue is full.

    Returns
    -------
    ndarray
        ``mu (1 - g) / (1 + min(R, b))``: Huang et al. (OSDI 2022) write C / (w_L w_C).

    Examples
    --------
    >>> hidden_capacity(300, 1).item(), hidden_capacity(300, 1, budget=0.2).item()
    (150.0, 250.0)
    >>> hidden_capacity(100, [0, 3], degradation=0.6).tolist()
    [40.0, 10.0]
    """
    more = np.minimum(np.asarray(max_retries, dtype=float), budget)
    return np.asarray(service_rate, dtype=float) * (1.0 - np.asarray(degradation, dtype=float)) / (1.0 + more)


def cache_capacities(origin_capacity: ArrayLike, hit_ratio: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Hidden and advertised capacity of a service behind a look-aside cache: ``C`` and ``C / (1 - h)``.

    Examples
    --------
    >>> hidden, advertised = cache_capacities(300, [0.9, 0.95])
    >>> hidden.tolist(), advertised.round().tolist()
    ([300.0, 300.0], [3000.0, 6000.0])
    """
    capacity, missed = np.broadcast_arrays(np.asarray(origin_capacity, dtype=float), 1.0 - np.asarray(hit_ratio))
    return capacity.copy(), capacity / missed


def late(attempts: ArrayLike, service_rate: ArrayLike, deadline: ArrayLike) -> FloatArray:
    """Share of attempts that take longer than the deadline: ``exp(-(mu - x) D)`` below capacity, all from there on.

    Examples
    --------
    >>> late([50, 93, 120], 100, 0.1).round(3).tolist()
    [0.007, 0.497, 1.0]
    """
    spare = np.maximum(np.asarray(service_rate, dtype=float) - attempts, 0.0)
    return np.exp(-spare * np.asarray(deadline, dtype=float))


def attempts_per_request(failing: ArrayLike, max_retries: ArrayLike, budget: ArrayLike = np.inf) -> FloatArray:
    """``1 + f + ... + f**R``, the retries at most `budget` a request.

    Examples
    --------
    >>> attempts_per_request([0.0, 0.5, 1.0], 3).tolist(), attempts_per_request(1.0, 3, budget=0.2).item()
    ([1.0, 1.875, 4.0], 1.2)
    """
    f, r = np.broadcast_arrays(np.asarray(failing, dtype=float), np.asarray(max_retries))
    again, term = np.zeros(f.shape), np.ones(f.shape)
    for k in range(int(np.max(r, initial=0))):
        term = term * np.where(r > k, f, 0.0)
        again = again + term
    return 1.0 + np.minimum(again, budget)


def held_load(
    attempts: ArrayLike,
    service_rate: ArrayLike,
    max_retries: ArrayLike,
    deadline: ArrayLike,
    budget: ArrayLike = np.inf,
) -> FloatArray:
    """The load that makes just these attempts: every fixed point at once, with no equation to solve.

    Examples
    --------
    >>> held_load([50.35, 92.95, 200], 100, 3, 0.1).round().tolist()
    [50.0, 50.0, 50.0]
    """
    failing = late(attempts, service_rate, deadline)
    return np.asarray(attempts, dtype=float) / attempts_per_request(failing, max_retries, budget)


def hysteresis(
    load: ArrayLike,
    service_rate: ArrayLike,
    max_retries: ArrayLike,
    deadline: ArrayLike,
    budget: ArrayLike = np.inf,
    degradation: ArrayLike = 0.0,
) -> tuple[FloatArray, FloatArray]:
    """Goodput of a load that climbed slowly from nothing, and of one that comes back slowly from collapse.

    Parameters
    ----------
    load : array_like, shape (loads,)
    service_rate, max_retries, deadline, budget, degradation : array_like
        Settings, broadcast to one axis.

    Returns
    -------
    climbing, returning : ndarray, shape (loads, settings)
        From one grid of attempts, whose held loads are all fixed points at once: a climbing load sits at the lowest.

    Examples
    --------
    >>> up, down = hysteresis([20, 40, 60, 80], 100, 3, 0.1)
    >>> up[:, 0].round().tolist(), down[:, 0].round().tolist()
    ([20.0, 40.0, 60.0, 0.0], [20.0, 0.0, 0.0, 0.0])
    """
    told = (np.asarray(x, dtype=float) for x in (service_rate, max_retries, deadline, budget, degradation))
    mu, r, d, b, g = np.broadcast_arrays(*map(np.atleast_1d, told))
    load = np.asarray(load, dtype=float)[:, None]
    x = np.linspace(0.0, 1.0, COARSE)[:, None] * mu
    held = np.maximum.accumulate(held_load(x, mu, r, d, b), axis=0)
    place = (held[None] < load[:, None]).sum(axis=1)
    answered = np.take_along_axis(x * (1.0 - late(x, mu, d)), np.minimum(place, COARSE - 1), axis=0)
    climbing = np.where(place < COARSE, np.minimum(answered, load), 0.0)
    return climbing, np.where(load <= hidden_capacity(mu, r, b, g), climbing, 0.0)


def upper_fold(service_rate: ArrayLike, max_retries: ArrayLike, deadline: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """The highest load with a healthy state, the advertised capacity, and the attempts that it makes there.

    Examples
    --------
    >>> [upper_fold(100, 3, deadline)[0].round(1).item() for deadline in (0.05, 0.1, 1)]
    [54.5, 69.4, 94.4]
    """
    mu, r, d = np.broadcast_arrays(*(np.asarray(one, dtype=float) for one in (service_rate, max_retries, deadline)))
    grid = np.linspace(0.0, 1.0, GRID).reshape(-1, *(1,) * mu.ndim) * mu
    loads = held_load(grid, mu, r, d)
    place = loads.argmax(axis=0)
    step = mu / (GRID - 1)
    low, high = np.maximum((place - 1) * step, 0.0), np.minimum((place + 1) * step, mu)
    for _ in range(HALVINGS):  # the load rises and falls once: a third of the interval goes each time
        one, other = low + (high - low) / 3, high - (high - low) / 3
        rises = held_load(one, mu, r, d) < held_load(other, mu, r, d)
        low, high = np.where(rises, one, low), np.where(rises, high, other)
    return held_load(low, mu, r, d), low


def fixed_points(
    load: ArrayLike, service_rate: ArrayLike, max_retries: ArrayLike, deadline: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Attempts/s at which a load can stay: healthy, tipping (unstable) and failed; NaN for a state that is not there.

    Returns
    -------
    low, tipping, high : ndarray, broadcast shape

    Examples
    --------
    >>> [round(x.item(), 2) for x in fixed_points(50, 100, 3, 0.1)]
    [50.35, 92.95, 200.0]
    >>> [round(x.item(), 2) for x in fixed_points([20.0], 100, 3, 0.1)]
    [20.01, nan, nan]
    """
    told = (np.asarray(x, dtype=float) for x in (load, service_rate, max_retries, deadline))
    load, mu, r, d = np.broadcast_arrays(*told)
    fold, at_fold = upper_fold(mu, r, d)
    healthy, sustained = load <= fold, load * (r + 1.0) > mu
    low = _crossing(load, mu, r, d, np.zeros(load.shape), at_fold)
    tipping = _crossing(load, mu, r, d, mu, at_fold)
    return (
        np.where(healthy, low, np.nan),
        np.where(healthy & sustained, tipping, np.nan),
        np.where(sustained, load * (r + 1.0), np.nan),
    )


def _crossing(
    load: FloatArray, mu: FloatArray, r: FloatArray, d: FloatArray, below: FloatArray, above: FloatArray
) -> FloatArray:
    """Where the held load comes to `load`, between attempts that hold less and attempts that hold more."""
    for _ in range(HALVINGS):
        middle = (below + above) / 2
        less = held_load(middle, mu, r, d) < load
        below, above = np.where(less, middle, below), np.where(less, above, middle)
    return (below + above) / 2


def tipping_distance(
    load: ArrayLike, service_rate: ArrayLike, max_retries: ArrayLike, deadline: ArrayLike
) -> FloatArray:
    """Attempts/s by which a trigger must lift a healthy state to tip it; infinite where nothing tips it.

    Examples
    --------
    >>> tipping_distance([20, 26, 50, 60, 70], 100, 3, 0.1).round(1).tolist()
    [inf, 73.7, 42.6, 27.8, 0.0]
    """
    low, tipping, high = fixed_points(load, service_rate, max_retries, deadline)
    return np.where(np.isnan(high), np.inf, np.where(np.isnan(low), 0.0, tipping - low))


def safe_load(kick: ArrayLike, service_rate: ArrayLike, max_retries: ArrayLike, deadline: ArrayLike) -> FloatArray:
    """The highest load that a trigger which lifts the attempts by `kick` does not tip.

    Examples
    --------
    >>> safe_load([0, 27.8, 42.6, 500], 100, 3, 0.1).round().tolist()
    [69.0, 60.0, 50.0, 25.0]
    """
    told = (np.asarray(x, dtype=float) for x in (kick, service_rate, max_retries, deadline))
    kick, mu, r, d = np.broadcast_arrays(*told)
    x = np.linspace(0.0, 1.0, FINE).reshape(-1, *(1,) * mu.ndim) * mu
    healthy, kicked = held_load(x, mu, r, d), held_load(np.minimum(x + kick, mu), mu, r, d)
    stands = (x + kick < mu) & (kicked >= healthy)  # of a larger load: attempts fall back
    return np.maximum(np.where(stands, healthy, 0.0).max(axis=0), mu / (r + 1.0))


def recovery_time(backlog: ArrayLike, service_rate: ArrayLike, admitted: ArrayLike) -> FloatArray:
    """Seconds to work a backlog off while `admitted` attempts/s still come: ``backlog / (mu - admitted)``, or never.

    Examples
    --------
    >>> recovery_time(3000, 300, [0, 150, 300]).tolist()
    [10.0, 20.0, inf]
    """
    spare = np.asarray(service_rate, dtype=float) - admitted
    return np.where(spare > 0, np.asarray(backlog, dtype=float) / np.where(spare > 0, spare, 1.0), np.inf)


def degraded_tipping(load: ArrayLike, service_rate: ArrayLike, degradation: ArrayLike) -> FloatArray:
    """Fill of a queue, as a share of its limit, from which a capacity that falls with it is below the load.

    ``(1 - load / mu) / g``; infinite where even a full queue leaves enough.

    Examples
    --------
    >>> degraded_tipping([30, 70, 90], 100, 0.6).round(3).tolist()
    [inf, 0.5, 0.167]
    """
    fill = (1.0 - np.asarray(load, dtype=float) / service_rate) / np.asarray(degradation, dtype=float)
    return np.where(fill < 1.0, np.maximum(fill, 0.0), np.inf)
