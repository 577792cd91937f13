"""Closed forms for quorums and leaders: who may be elected, how long two may overlap, and what that costs.

Times are in seconds, rates per second, shares in [0, 1]. A *majority* is more than half of all voters.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


# -- majorities ------------------------------------------------------------------------------------------------------


def majority(nodes: ArrayLike) -> IntArray:
    """Votes that are more than half: ``floor(N / 2) + 1``. Any two such sets share a node.

    Examples
    --------
    >>> majority(np.array([3, 4, 5, 6, 7])).tolist()
    [2, 3, 3, 4, 4]
    """
    return np.asarray(nodes, dtype=np.int64) // 2 + 1


def tolerated(nodes: ArrayLike) -> IntArray:
    """Nodes that may fail while a majority is left: ``floor((N - 1) / 2)``; an even one more buys nothing.

    Examples
    --------
    >>> tolerated(np.array([3, 4, 5, 6, 7])).tolist()
    [1, 1, 2, 2, 3]
    """
    return (np.asarray(nodes, dtype=np.int64) - 1) // 2


def majority_up(nodes: int, available: float) -> float:
    """Chance that a majority is up, of nodes that are up independently: a binomial tail.

    Examples
    --------
    >>> [round(majority_up(n, 0.99), 8) for n in (3, 4, 5)]
    [0.999702, 0.99940797, 0.99999015]
    """
    least = int(majority(nodes))
    return sum(
        math.comb(nodes, k) * available**k * (1.0 - available) ** (nodes - k) for k in range(least, nodes + 1)
    )  # fmt: skip


def intersect(one: ArrayLike, other: ArrayLike, nodes: ArrayLike) -> NDArray[np.bool_]:
    """Whether every set of the one size shares a node with every set of the other: ``R + W > N``.

    Examples
    --------
    >>> intersect(np.array([1, 3, 1]), np.array([3, 3, 5]), 5).tolist()
    [False, True, True]
    """
    return np.asarray(one) + np.asarray(other) > np.asarray(nodes)


def majority_in_split(nodes: int, ways: int = 2) -> float:
    """Chance that some part has a majority, each node falling into one of so many parts at random.

    Examples
    --------
    >>> [majority_in_split(n) for n in (3, 4, 5, 6)]
    [1.0, 0.625, 1.0, 0.6875]
    >>> [round(majority_in_split(n, 3), 3) for n in (3, 5, 7)]
    [0.778, 0.63, 0.52]
    """
    return ways * sum(
        math.comb(nodes, k) * (ways - 1) ** (nodes - k) for k in range(int(majority(nodes)), nodes + 1)
    ) / ways**nodes  # fmt: skip


def larger_side(nodes: int) -> float:
    """Expected share of the nodes on the larger side of a random two-way split.

    Examples
    --------
    >>> [round(larger_side(n), 5) for n in (3, 5, 7, 9)]
    [0.75, 0.6875, 0.65625, 0.63672]
    """
    return sum(math.comb(nodes, k) * max(k, nodes - k) for k in range(nodes + 1)) / nodes / 2**nodes


def survives_loss(placement: ArrayLike) -> NDArray[np.bool_]:
    """Whether a majority is left when any one site is lost.

    Parameters
    ----------
    placement : array_like of int, shape (..., sites)
        Voters at each site.

    Returns
    -------
    ndarray of bool, shape (..., sites)
        For each site: what is left without it is more than half.

    Examples
    --------
    >>> survives_loss([2, 2, 1]).tolist(), survives_loss([3, 2]).tolist()
    ([True, True, True], [False, True])
    """
    voters = np.asarray(placement, dtype=np.int64)
    whole = voters.sum(axis=-1, keepdims=True)
    return 2 * (whole - voters) > whole


# -- elections -------------------------------------------------------------------------------------------------------


def clean_election(candidates: ArrayLike, timeout: ArrayLike, delay: ArrayLike) -> FloatArray:
    """Chance that nobody else stands before the first one's call arrives: ``(1 - d / T) ** n``.

    Timeouts are uniform on [T, 2 T], the call takes d.

    Examples
    --------
    >>> clean_election(5, 0.15, np.array([0.015, 0.010])).round(3).tolist()
    [0.59, 0.708]
    """
    gap = np.asarray(delay, dtype=float) / np.asarray(timeout, dtype=float)
    return np.maximum(1.0 - gap, 0.0) ** np.asarray(candidates, dtype=float)


def first_to_notice(candidates: ArrayLike, timeout: ArrayLike) -> FloatArray:
    """Mean time until the first of n timeouts, uniform on [T, 2 T], runs out: ``T (1 + 1 / (n + 1))``.

    Examples
    --------
    >>> round(float(first_to_notice(2, 10)), 2)
    13.33
    """
    return np.asarray(timeout, dtype=float) * (1.0 + 1.0 / (np.asarray(candidates, dtype=float) + 1.0))


def false_alarm_time(loss: ArrayLike, misses: ArrayLike, heartbeat: ArrayLike = 1.0) -> FloatArray:
    """Mean seconds until so many heartbeats in a row are lost although nobody died: ``h (1 - p^m) / ((1 - p) p^m)``.

    Examples
    --------
    >>> round(float(false_alarm_time(0.01, 3)) / 86_400, 1), round(float(false_alarm_time(0.01, 2)) / 3600, 1)
    (11.7, 2.8)
    """
    p, run = np.asarray(loss, dtype=float), np.asarray(loss, dtype=float) ** np.asarray(misses, dtype=float)
    return np.asarray(heartbeat, dtype=float) * (1.0 - run) / ((1.0 - p) * run)


# -- leases and overlap ----------------------------------------------------------------------------------------------


def lease_wait(lease: ArrayLike, clock_error: ArrayLike = 0.0) -> FloatArray:
    """Seconds on its own clock that a successor must wait after the last renewal: ``L (1 + e) / (1 - e)``.

    The holder's clock may be slow by a share e, the successor's fast by as much.

    Examples
    --------
    >>> round(float(lease_wait(10, 200e-6)), 3)
    10.004
    """
    error = np.asarray(clock_error, dtype=float)
    return np.asarray(lease, dtype=float) * (1.0 + error) / (1.0 - error)


def overlap(old_stops: ArrayLike, new_starts: ArrayLike) -> FloatArray:
    """Seconds for which both lead: ``max(0, t_old_stops - t_new_starts)``.

    Examples
    --------
    >>> overlap(np.array([43.0, 10.0]), 14.0).tolist()
    [29.0, 0.0]
    """
    return np.maximum(np.asarray(old_stops, dtype=float) - np.asarray(new_starts, dtype=float), 0.0)


# -- what was written twice ------------------------------------------------------------------------------------------


def conflicting_keys(keys: ArrayLike, one: ArrayLike, other: ArrayLike) -> FloatArray:
    """Keys that both sides wrote to, mean: ``K (1 - e^(-a / K)) (1 - e^(-b / K))``, about ``a b / K``.

    Examples
    --------
    >>> round(float(conflicting_keys(1e5, 2000, 3000)), 1)
    58.5
    """
    k = np.asarray(keys, dtype=float)
    return k * np.expm1(-np.asarray(one, dtype=float) / k) * np.expm1(-np.asarray(other, dtype=float) / k)


def failover_loss(
    rate: ArrayLike, near_share: ArrayLike, lag: ArrayLike, cut: ArrayLike
) -> FloatArray:  # fmt: skip
    """Writes lost when the far side was promoted and the near side wrote on until the cut was over.

    The last `lag` seconds of everybody's writes had not been copied, and the near clients' writes of the whole cut are
    in the old leader's log alone.

    Examples
    --------
    >>> failover_loss(rate=300, near_share=np.array([0.0, 0.5]), lag=3, cut=43).tolist()
    [900.0, 7350.0]
    """
    return np.asarray(rate, dtype=float) * (
        np.asarray(lag, dtype=float) + np.asarray(near_share, dtype=float) * np.asarray(cut, dtype=float)
    )


def seconds_saved(cut: ArrayLike, failover: ArrayLike) -> FloatArray:
    """Seconds of unavailability that a failover spares those who lost their leader: ``max(0, cut - failover)``.

    Examples
    --------
    >>> seconds_saved(43, np.array([15.0, 45.0])).tolist()
    [28.0, 0.0]
    """
    return np.maximum(np.asarray(cut, dtype=float) - np.asarray(failover, dtype=float), 0.0)
