"""Closed forms for service discovery: how a list of addresses decays, how late it learns, and whom to believe.

Times are in seconds, rates per second, shares in [0, 1]. A *snapshot* is a client's copy of the registry's list.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


# -- a snapshot that nobody renews -----------------------------------------------------------------------------------


def valid_share(age: ArrayLike, churn: ArrayLike) -> FloatArray:
    """Share of a snapshot's addresses that still answer: ``exp(-c t)``.

    Examples
    --------
    >>> (1 - valid_share(np.array([60, 600, 3600]), 1 / 3600)).round(4).tolist()
    [0.0165, 0.1535, 0.6321]
    """
    return np.exp(-np.asarray(age, dtype=float) * np.asarray(churn, dtype=float))


def age_at(valid: ArrayLike, churn: ArrayLike) -> FloatArray:
    """Age at which a snapshot's valid share has fallen so far: ``-ln(v) / c``.

    Examples
    --------
    >>> round(float(age_at(0.85, 1 / 3600)) / 60, 2)
    9.75
    """
    return -np.log(np.asarray(valid, dtype=float)) / np.asarray(churn, dtype=float)


def valid_in_deploy(age: ArrayLike, deploy_duration: ArrayLike) -> FloatArray:
    """The same while a rolling deploy replaces everything: ``max(0, 1 - t / T_d)``.

    Examples
    --------
    >>> valid_in_deploy(np.array([150, 300, 900]), 600).tolist()
    [0.75, 0.5, 0.0]
    """
    return np.maximum(0.0, 1.0 - np.asarray(age, dtype=float) / np.asarray(deploy_duration, dtype=float))


def all_picks_dead(dead: ArrayLike, listed: ArrayLike, picks: int = 1) -> FloatArray:
    """Chance that so many picks of *different* addresses are all dead: ``d (d - 1) ... / N (N - 1) ...``.

    Examples
    --------
    >>> [round(float(all_picks_dead(5, 50, k)), 4) for k in (1, 2, 3)], float(all_picks_dead(1, 50, 2))
    ([0.1, 0.0082, 0.0005], 0.0)
    """
    d, n = np.asarray(dead, dtype=float), np.asarray(listed, dtype=float)
    chance = np.ones(np.broadcast_shapes(d.shape, n.shape))
    for j in range(picks):
        chance = chance * np.clip((d - j) / np.maximum(n - j, 1e-12), 0.0, 1.0)
    return chance


# -- how late a list learns ------------------------------------------------------------------------------------------


def detection_delay(
    heartbeat: float, lease: float, sweep: float = 0.0, cache: float = 0.0, poll: float = 0.0
) -> tuple[float, float]:
    """Mean and worst case between a crash and the last client that hears of it.

    A lease runs from the last heartbeat: between ``L - H`` and ``L`` after the crash. Then comes an eviction sweep, the
    registry's response cache, and the client's poll, each uniform over its period.

    Examples
    --------
    >>> detection_delay(30, 90, 60, 30, 30), detection_delay(30, 180, 60, 30, 30)
    ((135.0, 210.0), (225.0, 300.0))
    """
    waits = sweep + cache + poll
    return lease - heartbeat / 2 + waits / 2, float(lease + waits)


# -- whom to believe ---------------------------------------------------------------------------------------------------


def answered(
    healthy: ArrayLike, utilisation: ArrayLike, panic: ArrayLike, *, collapse: bool = False, false: bool = False
) -> FloatArray:
    """Share of requests answered when a share `healthy` of the hosts looks healthy.

    Parameters
    ----------
    healthy, utilisation : array_like
        Share that passes its checks; load over the capacity of all hosts.
    panic : array_like of bool
        Use all hosts (True), or the healthy ones alone.
    collapse : bool
        An overloaded host answers nothing, rather than what it can.
    false : bool
        The checks are wrong and all hosts are fine.

    Examples
    --------
    >>> h = np.array([0.55, 0.4])
    >>> answered(h, 0.6, False).round(3).tolist(), answered(h, 0.6, True).tolist()
    ([0.917, 0.667], [0.55, 0.4])
    >>> answered(h, 0.6, False, collapse=True).tolist(), answered(h, 0.6, True, false=True).tolist()
    ([0.0, 0.0], [1.0, 1.0])
    """
    h, rho = np.broadcast_arrays(np.asarray(healthy, dtype=float), np.asarray(utilisation, dtype=float))
    room = np.divide(h, rho, out=np.full(h.shape, np.inf), where=rho > 0)
    alone = np.where(room >= 1.0, 1.0, 0.0 if collapse else room)
    spread = np.minimum(np.ones(h.shape) if false else h, 1.0)
    at_large = np.where(rho <= 1.0, spread, 0.0 if collapse else spread / np.maximum(rho, 1e-12))
    return np.where(panic, at_large, alone)


def best_threshold(utilisation: ArrayLike, *, collapse: bool, false: bool = False) -> FloatArray:
    """Share of healthy-looking hosts below which using all of them answers more.

    Servers that collapse, or checks that are wrong: the utilisation. Servers that shed and checks that are right: 0.

    Examples
    --------
    >>> best_threshold(np.array([0.3, 0.6, 0.9]), collapse=True).tolist(), float(best_threshold(0.6, collapse=False))
    ([0.3, 0.6, 0.9], 0.0)
    """
    rho = np.asarray(utilisation, dtype=float)
    return np.minimum(rho, 1.0) if collapse or false else np.zeros_like(rho)


# -- the registry's own load -------------------------------------------------------------------------------------------


def watch_egress(services: float, changes: float, subscribers: float, update_size: float) -> float:
    """Bytes/s that a registry pushes: every change of every service to every subscriber.

    Examples
    --------
    >>> watch_egress(200, 0.1, 5000, 1000)
    100000000.0
    """
    return services * changes * subscribers * update_size


def poll_rate(clients: ArrayLike, poll_interval: ArrayLike) -> FloatArray:
    """Requests/s of clients that poll.

    Examples
    --------
    >>> float(poll_rate(6000, 30))
    200.0
    """
    return np.asarray(clients, dtype=float) / np.asarray(poll_interval, dtype=float)


def reconnect_time(
    clients: ArrayLike, snapshot_rate: ArrayLike, admission_rate: ArrayLike = np.inf, timeout: ArrayLike = np.inf
) -> FloatArray:
    """Seconds until the last of a herd of clients has its snapshot; infinity where the herd never gets through.

    Transfers share the registry's bandwidth of `snapshot_rate` (W / B) equally and are given up after `timeout`.
    Admitted no faster than that, the last comes after S / u. Faster, all are done at S / r, if the last admitted can
    wait from S / u until then: S (1/r - 1/u) <= timeout. Otherwise every transfer is given up before its end, and the
    next begins: the registry is busy with nothing.

    Examples
    --------
    >>> float(reconnect_time(1e6, 1e4, 2000))
    500.0
    >>> reconnect_time(6000, np.array([300, 1000]), timeout=10).tolist()
    [inf, 6.0]
    >>> float(reconnect_time(6000, 300, 250, 10))
    24.0
    """
    s, r, u, most = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (
        clients, snapshot_rate, admission_rate, timeout)))  # fmt: skip
    through = np.where(s / r - s / u <= most, s / r, np.inf)
    return np.where(u <= r, s / u, through)


def before_collapse(admission: float, rate: float, timeout: float) -> tuple[float, float]:
    """Clients served before such a herd locks up, and after how long: ``u beta t`` at ``t = timeout / (1 - beta)``.

    While transfers overlap more and more, the one that ends at t began at ``beta t``, where
    ``-ln(beta) / (1 - beta) = u / r``.

    Examples
    --------
    >>> served, lasts = before_collapse(600, 300, 10)
    >>> round(served), round(lasts, 1), before_collapse(math.inf, 300, 10)
    (1530, 12.6, (0.0, 10.0))
    """
    if math.isinf(admission):
        return 0.0, float(timeout)
    low, high = -745.0, -1e-12  # of ln(beta)
    for _ in range(100):
        middle = (low + high) / 2.0
        low, high = (middle, high) if -middle / -math.expm1(middle) > admission / rate else (low, middle)
    lasts = timeout / -math.expm1(low)
    return admission * math.exp(low) * lasts, lasts


# -- a registry that answers by majority -------------------------------------------------------------------------------


def can_write(up: float, nodes: int) -> float:
    """Chance that a majority of the registry's nodes is up, each with chance `up`; reads may be stale and need one.

    Examples
    --------
    >>> round(can_write(0.99, 3), 6), round(can_write(0.99, 5), 6)
    (0.999702, 0.99999)
    """
    need = nodes // 2 + 1
    return sum(math.comb(nodes, k) * up**k * (1 - up) ** (nodes - k) for k in range(need, nodes + 1))


# -- addresses that somebody else gets ---------------------------------------------------------------------------------


def reused_share(age: ArrayLike, churn: ArrayLike, reuse: ArrayLike) -> FloatArray:
    """Share of a snapshot's addresses that belong to somebody else by now.

    An instance leaves at rate c; its address is given to another service at rate r after that.

    Examples
    --------
    >>> reused_share(np.array([0, 3600, 86400]), 1 / 3600, 1 / 7200).round(3).tolist()
    [0.0, 0.155, 1.0]
    """
    t, c, r = (np.asarray(x, dtype=float) for x in (age, churn, reuse))
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = 1.0 - (r * np.exp(-c * t) - c * np.exp(-r * t)) / (r - c)
    return np.where(np.isclose(r, c), 1.0 - (1.0 + c * t) * np.exp(-c * t), apart)
