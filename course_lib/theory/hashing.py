"""Closed forms for skew and placement: Zipf, hashing, salting, balls in bins, rings, and one overloaded partition.

Shares are fractions of all requests. `imbalance` is the busiest partition's load divided by the mean.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
MOST_SPENT_REJECTING = 0.9  # of a partition's capacity; past it, connections are dropped at no cost
SLOTS = 16384  # hash slots that partitions divide among themselves, as in the Redis Cluster specification


# -- popularity ------------------------------------------------------------------------------------------------------


def zipf_shares(keys: int, exponent: float) -> FloatArray:
    """Share of each key, most popular first: ``k**-s / H(N, s)``, shape (keys,).

    Examples
    --------
    >>> shares = zipf_shares(10_000, 1.0)
    >>> round(float(shares[0]), 4), round(float(shares[:10].sum()), 4), round(float(shares[:100].sum()), 2)
    (0.1022, 0.2993, 0.53)
    """
    weights = np.arange(1, keys + 1, dtype=float) ** -exponent
    return weights / weights.sum()


def usable_partitions(heaviest_share: ArrayLike) -> FloatArray:
    """How many partitions' worth of throughput is usable, however many exist: ``1 / p_1``.

    The fullest partition holds at least the heaviest key, and the system is full when its fullest partition is.

    Examples
    --------
    >>> round(float(usable_partitions(zipf_shares(1_000_000, 1.0)[0])), 1)
    14.4
    """
    return 1.0 / np.asarray(heaviest_share, dtype=float)


def hot_share(key_share: ArrayLike, partitions: ArrayLike) -> FloatArray:
    """Expected share of the partition that holds one hot key, ``s + (1 - s) / P``.

    Examples
    --------
    >>> p = zipf_shares(100_000, 1.0)[0]
    >>> [round(float(hot_share(p, n) * n), 2) for n in (8, 32, 128, 512)]
    [1.58, 3.56, 11.5, 43.27]
    """
    s, n = np.asarray(key_share, dtype=float), np.asarray(partitions, dtype=float)
    return s + (1.0 - s) / n


def idle_share(hot: ArrayLike, partitions: ArrayLike) -> FloatArray:
    """Capacity idle when the hottest partition is full: ``1 - (1 / P) / w``, with w its share of the load.

    Examples
    --------
    >>> float(idle_share(hot=0.125, partitions=32))
    0.75
    """
    return 1.0 - 1.0 / (np.asarray(partitions, dtype=float) * np.asarray(hot, dtype=float))


# -- salting ---------------------------------------------------------------------------------------------------------


def smallest_salts(key_share: ArrayLike, partitions: ArrayLike, imbalance: ArrayLike) -> FloatArray:
    """Fewest sub-keys that keep each sub-key below `imbalance` times the mean partition: ``ceil(P p / c)``.

    It counts writes alone, and neither the unsalted keys nor the reads.

    Examples
    --------
    >>> float(smallest_salts(key_share=0.1, partitions=32, imbalance=0.5))
    7.0
    """
    exact = np.asarray(partitions, dtype=float) * key_share / imbalance
    return np.maximum(np.ceil(exact - 1e-9), 1.0)


def salted_load(key_rate: ArrayLike, write_share: ArrayLike, salts: ArrayLike, partitions: ArrayLike) -> FloatArray:
    """Operations/s that one salted key puts on its busiest partition.

    A write goes to one of N sub-keys, a read asks all of them: a partition with n of the N takes
    ``n (w / N + 1 - w)`` of the key's rate. Sub-keys lie on distinct partitions while they can: ``n = ceil(N / P)``.

    Examples
    --------
    >>> [round(float(salted_load(2000, 0.9, n, 32)), 2) for n in (1, 10, 32, 64)]
    [2000.0, 380.0, 256.25, 456.25]
    """
    n, w = np.asarray(salts, dtype=float), np.asarray(write_share, dtype=float)
    return np.ceil(n / partitions) * (w / n + 1.0 - w) * key_rate


def salts_that_fit(key_rate: float, write_share: float, partitions: int, room: float, most: int = 512) -> list[int]:
    """Numbers of salts with which the key fits into `room` operations/s on each of its partitions.

    Too few leave the writes together, too many ask every partition on every read; at times none fits.

    Examples
    --------
    >>> fit = salts_that_fit(key_rate=2000, write_share=0.9, partitions=32, room=1000 - 562.5)
    >>> fit[0], fit[-1]
    (8, 32)
    >>> salts_that_fit(key_rate=2000, write_share=0.5, partitions=32, room=437.5)
    []
    """
    salts = np.arange(1, most + 1)
    return [int(n) for n in salts[salted_load(key_rate, write_share, salts, partitions) <= room]]


def reads_per_read(write_share: ArrayLike, salts: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Lookups for one logical read, and all operations for one request, of a salted key.

    Examples
    --------
    >>> [round(float(x), 3) for x in reads_per_read(write_share=0.9, salts=16)]
    [16.0, 2.5]
    """
    n, w = np.asarray(salts, dtype=float), np.asarray(write_share, dtype=float)
    return n, w + (1.0 - w) * n


# -- one overloaded partition ----------------------------------------------------------------------------------------


def sojourn(arrival_rate: ArrayLike, capacity: ArrayLike, quantile: float | None = None) -> FloatArray:
    """Mean time (s) in an M/M/1 partition, ``1 / (mu - lambda)``, or a quantile of it; infinite when overloaded.

    Examples
    --------
    >>> float(sojourn(625, 1000)), round(float(sojourn(625, 1000, 0.99)), 4)
    (0.0026666666666666666, 0.0123)
    """
    spare = np.asarray(capacity, dtype=float) - arrival_rate
    scale = 1.0 if quantile is None else -math.log1p(-quantile)
    return np.where(spare > 0, scale / np.where(spare > 0, spare, 1.0), np.inf)


def throttled(demand: float, capacity: float, retries: int, rejection_cost: float = 0.0) -> tuple[float, float]:
    """Steady attempts/s and admitted operations/s of a partition that throttles `demand` operations/s.

    Of a first attempts, ``a (1 - g**(R + 1)) / (1 - g)`` attempts are made when a share g is rejected; a rejection
    costs a part of a request's work. Solved for the g at which admitted and rejected work fill the capacity.

    Examples
    --------
    >>> attempts, admitted = throttled(demand=2500, capacity=1000, retries=0)
    >>> round(attempts), round(admitted)
    (2500, 1000)
    >>> attempts, admitted = throttled(demand=2500, capacity=1000, retries=3, rejection_cost=0.05)
    >>> round(attempts), round(admitted)
    (9092, 574)
    """
    if demand <= capacity:
        return demand, demand
    low, high = 0.0, 1.0
    for _ in range(60):
        g = (low + high) / 2
        attempts = demand * sum(g**k for k in range(retries + 1))
        work = attempts * (1.0 - g) + min(rejection_cost * attempts * g, MOST_SPENT_REJECTING * capacity)
        low, high = (g, high) if work > capacity else (low, g)
    return attempts, attempts * (1.0 - g)


# -- balls in bins ---------------------------------------------------------------------------------------------------


def busiest_bin(balls: float, bins: int) -> float:
    """Expected maximum of random placement, bins taken as independent Poisson counts (exact as `bins` grows).

    Examples
    --------
    >>> round(busiest_bin(1000, 1000), 1), round(busiest_bin(1_000_000, 1000))
    (5.5, 1104)
    """
    mean = balls / bins
    top = int(mean + 20 * math.sqrt(mean) + 40)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, top)))])
    cdf = np.minimum(np.cumsum(np.exp(np.arange(top) * math.log(mean) - mean - log_factorial)), 1.0)
    return float((1.0 - cdf**bins).sum())


def busiest_bin_leading(balls: float, bins: int) -> float:
    """Leading terms of the same: ``ln n / ln ln n`` for m = n, ``m/n + sqrt(2 (m/n) ln n)`` for m much above n ln n.

    Source: Raab and Steger 1998. The first is far too small for any n met in practice.

    Examples
    --------
    >>> round(busiest_bin_leading(1000, 1000), 1), round(busiest_bin_leading(1_000_000, 1000))
    (3.6, 1118)
    """
    mean, log = balls / bins, math.log(bins)
    return mean + math.sqrt(2 * mean * log) if balls > bins * log else log / math.log(log)


def busiest_of_two_choices(balls: float, bins: int) -> float:
    """Leading terms of the maximum when each ball takes the emptier of two bins: ``m/n + ln ln n / ln 2``.

    A constant, O(1), is left out. Source: Azar et al. 1994, Mitzenmacher 2001.

    Examples
    --------
    >>> round(busiest_of_two_choices(100_000, 1000), 1)
    102.8
    """
    return balls / bins + math.log(math.log(bins)) / math.log(2)


# -- rings -----------------------------------------------------------------------------------------------------------


def virtual_node_spread(virtual_nodes: ArrayLike) -> FloatArray:
    """Relative standard deviation of a server's share of a ring, about ``1 / sqrt(V)``.

    Examples
    --------
    >>> float(virtual_node_spread(100))
    0.1
    """
    return 1.0 / np.sqrt(np.asarray(virtual_nodes, dtype=float))


def busiest_on_ring(servers: int, virtual_nodes: int) -> float:
    """Expected busiest / mean share of a ring: the largest of N independent Gamma(V) variables over their mean V.

    Examples
    --------
    >>> [round(busiest_on_ring(20, v), 2) for v in (1, 10, 100)]
    [3.6, 1.68, 1.2]
    """
    x = np.linspace(0.0, virtual_nodes + 14 * math.sqrt(virtual_nodes) + 30, 8001)[1:]
    j = np.arange(virtual_nodes)[:, None]
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, virtual_nodes)))])[:, None]
    below = 1.0 - np.exp(j * np.log(x) - x - log_factorial).sum(axis=0)
    return float((x[0] + np.trapezoid(1.0 - below**servers, x)) / virtual_nodes)


def bounded_load(keys: int, servers: int, factor: float) -> int:
    """Most keys a server takes under consistent hashing with bounded loads: ``ceil(c m / n)``.

    Source: Mirrokni, Thorup and Zadimoghaddam 2016.

    Examples
    --------
    >>> bounded_load(keys=10_000, servers=50, factor=1.25)
    250
    """
    return math.ceil(factor * keys / servers - 1e-9)


def ring_placement(
    keys: int, servers: int, virtual_nodes: int, factor: float = math.inf, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Place keys clockwise on a ring, past servers that are at their bound.

    Returns
    -------
    counts, displaced : ndarray
        Keys on each server, and the keys that did not end on the first server they met.

    Examples
    --------
    >>> counts, displaced = ring_placement(10_000, 50, 20, factor=1.25)
    >>> int(counts.max()), int(counts.sum()), len(displaced) < 1000
    (250, 10000, True)
    """
    points = hash64(np.arange(servers * virtual_nodes), 2 * seed)
    order = np.argsort(points)
    owners = np.arange(servers * virtual_nodes)[order] // virtual_nodes
    first = np.searchsorted(points[order], hash64(np.arange(keys), 2 * seed + 1)) % len(owners)
    bound = bounded_load(keys, servers, factor) if math.isfinite(factor) else keys
    counts, displaced = np.zeros(servers, dtype=np.int64), []
    for key, place in enumerate(first):
        spot = place
        while counts[owners[spot]] >= bound:
            spot = (spot + 1) % len(owners)
        counts[owners[spot]] += 1
        if owners[spot] != owners[place]:
            displaced.append(key)
    return counts, np.array(displaced, dtype=np.int64)


# -- a hash, and what partitions make of it --------------------------------------------------------------------------


def hash64(values: ArrayLike, key: int = 0) -> NDArray[np.uint64]:
    """A keyed 64-bit mix of whole numbers (the finaliser of splitmix64): even, quick, not secure.

    Examples
    --------
    >>> (hash64([1, 2, 3], key=7) % np.uint64(100)).tolist() == (hash64([1, 2, 3], key=7) % np.uint64(100)).tolist()
    True
    """
    x = np.atleast_1d(np.asarray(values)).astype(np.uint64) + np.uint64(1)
    x = x * np.uint64(0x9E3779B97F4A7C15) + np.atleast_1d(np.uint64(key)) * np.uint64(0xD1342543DE82EF95)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    return x ^ (x >> np.uint64(31))


def slot_of(values: ArrayLike, key: int = 0) -> NDArray[np.int64]:
    """Hash slot of each key, 0 to `SLOTS` - 1."""
    return (hash64(values, key) >> np.uint64(64 - SLOTS.bit_length() + 1)).astype(np.int64)


def slot_edges(partitions: int) -> NDArray[np.int64]:
    """Where each partition's range of slots begins, and the end; doubling the partitions halves every range.

    Examples
    --------
    >>> slot_edges(4).tolist()
    [0, 4096, 8192, 12288, 16384]
    """
    return np.arange(partitions + 1) * SLOTS // partitions


def partition_of(slots: ArrayLike, partitions: ArrayLike) -> NDArray[np.int64]:
    """Partition whose range holds each slot, by `slot_edges`; slots and partitions broadcast.

    Examples
    --------
    >>> partition_of([0, 4095, 4096, 16383], 4).tolist()
    [0, 0, 1, 3]
    """
    return ((np.asarray(slots, dtype=np.int64) + 1) * np.asarray(partitions, dtype=np.int64) - 1) // SLOTS
