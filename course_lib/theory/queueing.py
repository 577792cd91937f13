"""Closed forms of queues: waits, blocking, overload, and how long a deadline lasts.

Times are in the unit in which rates are given; waits exclude service unless they say otherwise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def erlang_c(arrival_rate: ArrayLike, service_rate: ArrayLike, servers: ArrayLike) -> FloatArray:
    """Probability that an arrival has to wait for one of several servers (M/M/c).

    Parameters
    ----------
    arrival_rate, service_rate : array_like, >= 0
        Arrivals, and what one server can do, in the same unit.
    servers : array_like of int, >= 1

    Returns
    -------
    ndarray, broadcast shape
        1 where the servers cannot keep up.

    Notes
    -----
    Erlang's recursion ``B = a B / (k + a B)`` up to c servers, then ``C = B / (1 - rho (1 - B))``: no factorials, so no
    overflow.

    Examples
    --------
    >>> erlang_c([8, 9, 90], 1, [10, 10, 100]).round(4).tolist()
    [0.4092, 0.6687, 0.2169]
    """
    load, c = np.broadcast_arrays(_ratio(arrival_rate, service_rate), np.asarray(servers, dtype=float))
    blocked, result = np.ones(load.shape), np.ones(load.shape)
    for k in range(1, int(c.max()) + 1):
        blocked = load * blocked / (k + load * blocked)
        waits = blocked / (1.0 - np.minimum(load / k, 1.0) * (1.0 - blocked))
        result = np.where(c == k, waits, result)
    return np.where(load >= c, 1.0, result)


def wait_mean(arrival_rate: ArrayLike, service_rate: ArrayLike, servers: ArrayLike = 1) -> FloatArray:
    """Mean wait in an M/M/c queue: Erlang's C over the spare rate; infinite where there is none.

    Examples
    --------
    >>> wait_mean([0.5, 0.9], 1).round(3).tolist(), wait_mean(9, 1, 10).round(3).item()
    ([1.0, 9.0], 0.669)
    """
    spare = np.asarray(servers, dtype=float) * np.asarray(service_rate, dtype=float) - np.asarray(arrival_rate, float)
    waits = erlang_c(arrival_rate, service_rate, servers)
    return np.divide(waits, spare, out=np.full(np.shape(waits), np.inf), where=spare > 0)


def wait_quantile(
    quantile: ArrayLike, arrival_rate: ArrayLike, service_rate: ArrayLike, servers: ArrayLike = 1
) -> FloatArray:
    """Wait that a share of the arrivals of an M/M/c queue does not exceed.

    Parameters
    ----------
    quantile : array_like, in [0, 1)
    arrival_rate, service_rate, servers : array_like
        As for `erlang_c`.

    Returns
    -------
    ndarray, broadcast shape
        0 where more than the share does not wait at all; infinite where the servers cannot keep up.

    Notes
    -----
    Waits exceed t with probability ``C exp(-(c mu - lambda) t)``.

    Examples
    --------
    >>> wait_quantile(0.99, 0.9, 1).round(1).item(), wait_quantile(0.99, 5, 1, 10).round(3).item()
    (45.0, 0.257)
    """
    spare = np.asarray(servers, dtype=float) * np.asarray(service_rate, dtype=float) - np.asarray(arrival_rate, float)
    waits = erlang_c(arrival_rate, service_rate, servers)
    share, spare, waits = np.broadcast_arrays(1.0 - np.asarray(quantile, dtype=float), spare, waits)
    longer = np.log(np.maximum(waits / share, 1.0))
    return np.divide(longer, spare, out=np.full(waits.shape, np.inf), where=spare > 0)


def sojourn_quantile(quantile: ArrayLike, arrival_rate: ArrayLike, service_rate: ArrayLike) -> FloatArray:
    """Time from arrival to answer that a share of an M/M/1 queue's requests does not exceed.

    Examples
    --------
    >>> sojourn_quantile(0.99, [0.5, 0.8, 0.9, 0.95, 0.99], 1).round(1).tolist()
    [9.2, 23.0, 46.1, 92.1, 460.5]
    """
    spare = np.asarray(service_rate, dtype=float) - np.asarray(arrival_rate, dtype=float)
    longer = -np.log1p(-np.asarray(quantile, dtype=float)) + 0.0 * spare
    return np.divide(longer, spare, out=np.full(longer.shape, np.inf), where=spare > 0)


def general_wait(arrival_rate: ArrayLike, service_mean: ArrayLike, service_variation: ArrayLike) -> FloatArray:
    """Mean wait in an M/G/1 queue (Pollaczek and Khinchine).

    Parameters
    ----------
    arrival_rate : array_like, >= 0
    service_mean : array_like, > 0
    service_variation : array_like, >= 0
        Standard deviation over mean: 1 for exponential service, 0 for constant.

    Returns
    -------
    ndarray, broadcast shape
        ``lambda E[S**2] / (2 (1 - rho))``; infinite from utilisation 1 on.

    Examples
    --------
    >>> general_wait(0.9, 1.0, [0.0, 1.0, 3.0]).round(1).tolist()
    [4.5, 9.0, 45.0]
    """
    rate, mean = np.asarray(arrival_rate, dtype=float), np.asarray(service_mean, dtype=float)
    square = mean**2 * (1.0 + np.asarray(service_variation, dtype=float) ** 2)
    work, spare = np.broadcast_arrays(rate * square / 2.0, 1.0 - rate * mean + 0.0 * square)
    return np.divide(work, spare, out=np.full(work.shape, np.inf), where=spare > 0)


def blocking(utilisation: ArrayLike, room: ArrayLike) -> FloatArray:
    """Share of arrivals that find an M/M/1/K system full.

    Parameters
    ----------
    utilisation : array_like, >= 0
    room : array_like of int, >= 1
        K, with the one being served.

    Returns
    -------
    ndarray, broadcast shape
        ``(1 - rho) rho**K / (1 - rho**(K + 1))``, and ``1 / (K + 1)`` at 1.

    Examples
    --------
    >>> blocking([0.9, 0.9, 1.0, 1.5], [10, 50, 10, 10]).round(5).tolist()
    [0.05081, 0.00052, 0.09091, 0.33723]
    """
    rho, k = np.broadcast_arrays(np.asarray(utilisation, dtype=float), np.asarray(room, dtype=float))
    # Above 1 the powers grow without bound: divide them out.
    small = np.where(rho > 1.0, 1.0 / np.maximum(rho, 1e-300), rho)
    even = small == 1.0
    below = np.where(even, 1.0, 1.0 - small ** (k + 1.0))
    full = np.where(rho > 1.0, 1.0 - small, (1.0 - small) * small**k) / below
    return np.where(even, 1.0 / (k + 1.0), full)


def first_doomed(arrival_rate: ArrayLike, service_rate: ArrayLike, deadline: ArrayLike) -> FloatArray:
    """Seconds into an overload at which the first message *arrives* that a FIFO queue will answer too late.

    Returns
    -------
    ndarray, broadcast shape
        ``mu D / (lambda - mu)``; infinite without an overload. The first late *answer* comes one deadline later.

    Examples
    --------
    >>> first_doomed(1200, 1000, 1.0).item()
    5.0
    """
    excess = np.asarray(arrival_rate, dtype=float) - np.asarray(service_rate, dtype=float)
    ahead = np.asarray(service_rate, dtype=float) * np.asarray(deadline, dtype=float) + 0.0 * excess
    return np.divide(ahead, excess, out=np.full(ahead.shape, np.inf), where=excess > 0)


def late_answers(
    burst_rate: ArrayLike,
    burst_duration: ArrayLike,
    usual_rate: ArrayLike,
    service_rate: ArrayLike,
    deadline: ArrayLike,
) -> tuple[FloatArray, FloatArray]:
    """Seconds after a burst's start between which every answer of an unbounded FIFO queue is late.

    Returns
    -------
    first, last : ndarray, broadcast shape
        ``lambda D / (lambda - mu)``, and one deadline after the arrival that finds just ``mu D`` ahead of it. Both NaN
        where the burst leaves less than a deadline of work.

    Examples
    --------
    >>> [round(float(t), 1) for t in late_answers(1600, 120, 800, 1000, 10)]
    [26.7, 440.0]
    """
    burst, duration, usual, mu, limit = np.broadcast_arrays(
        *(np.asarray(x, dtype=float) for x in (burst_rate, burst_duration, usual_rate, service_rate, deadline))
    )
    backlog, worth = np.maximum(burst - mu, 0.0) * duration, mu * limit
    collapses = backlog > worth
    first = first_doomed(burst, mu, limit) + limit
    last = duration + overload_drain(np.maximum(backlog - worth, 0.0), usual, mu) + limit
    return np.where(collapses, first, np.nan), np.where(collapses, last, np.nan)


def overload_drain(backlog: ArrayLike, arrival_rate: ArrayLike, service_rate: ArrayLike) -> FloatArray:
    """Seconds until a backlog is worked off at the spare rate; infinite where there is none.

    Examples
    --------
    >>> overload_drain(12_000, 800, 1000).item()
    60.0
    """
    backlog, spare = np.broadcast_arrays(
        np.asarray(backlog, dtype=float), np.asarray(service_rate, dtype=float) - np.asarray(arrival_rate, dtype=float)
    )
    return np.divide(backlog, spare, out=np.where(backlog > 0, np.inf, 0.0), where=spare > 0)


def time_to_full(depth: ArrayLike, bound: ArrayLike, arrival_rate: ArrayLike, service_rate: ArrayLike) -> FloatArray:
    """Seconds until a queue that grows at the present rate reaches its bound; infinite while it shrinks.

    Examples
    --------
    >>> time_to_full(4000, 10_000, 1200, [1000, 1300]).tolist()
    [30.0, inf]
    """
    growth = np.asarray(arrival_rate, dtype=float) - np.asarray(service_rate, dtype=float)
    room = np.maximum(np.asarray(bound, dtype=float) - np.asarray(depth, dtype=float), 0.0) + 0.0 * growth
    return np.divide(room, growth, out=np.full(room.shape, np.inf), where=growth > 0)


def oldest_age(depth: ArrayLike, arrival_rate: ArrayLike) -> FloatArray:
    """Age of the oldest message of a FIFO queue that grows under constant arrivals.

    It came when those behind it began to come, and they came at the arrival rate.

    Examples
    --------
    >>> oldest_age(6000, 1200).item()
    5.0
    """
    return np.asarray(depth, dtype=float) / np.asarray(arrival_rate, dtype=float)


def shed_goodput(arrival_rate: ArrayLike, service_rate: ArrayLike, rejection_cost: ArrayLike) -> FloatArray:
    """Messages a service still does when turning one away costs a share of doing it.

    Parameters
    ----------
    arrival_rate, service_rate : array_like
    rejection_cost : array_like, in [0, 1)
        Work of one rejection, as a share of a message's.

    Returns
    -------
    ndarray, broadcast shape
        ``(mu - k lambda) / (1 - k)`` under overload: 0 once rejections alone fill the service.

    Examples
    --------
    >>> shed_goodput([500, 5000, 12_000], 1000, 0.1).round(1).tolist()
    [500.0, 555.6, 0.0]
    """
    rate, mu, cost = (np.asarray(x, dtype=float) for x in (arrival_rate, service_rate, rejection_cost))
    return np.where(rate <= mu, rate, np.maximum(mu - cost * rate, 0.0) / (1.0 - cost))


def redelivered_work(arrival_rate: ArrayLike, poison_share: ArrayLike, max_deliveries: ArrayLike) -> FloatArray:
    """Deliveries per second when some messages fail each time and go to the dead-letter queue after a few.

    Returns
    -------
    ndarray, broadcast shape
        ``lambda (1 + q (m - 1))``.

    Examples
    --------
    >>> redelivered_work(800, [0.0, 0.05], 5).tolist()
    [800.0, 960.0]
    """
    extra = np.asarray(poison_share, dtype=float) * (np.asarray(max_deliveries, dtype=float) - 1.0)
    return np.asarray(arrival_rate, dtype=float) * (1.0 + extra)


def _ratio(part: ArrayLike, whole: ArrayLike) -> FloatArray:
    part, whole = np.broadcast_arrays(np.asarray(part, dtype=float), np.asarray(whole, dtype=float))
    return np.divide(part, whole, out=np.where(part > 0, np.inf, 0.0), where=whole > 0)
