"""Closed forms of name resolution: what caches still know, what a lookup costs, and how long a client waits.

Throughout, each of many caches is asked for one name by a Poisson stream of lookups, and keeps an answer for its TTL
from the moment it was fetched. At a random instant a cache holds a live entry with probability λT / (1 + λT), and the
time that entry has left is uniform between 0 and T.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
TYPES = 2  # A and AAAA
MOST_SERVERS = 3  # of resolv.conf


def _floats(*values: ArrayLike) -> list[FloatArray]:
    return [np.asarray(value, dtype=float) for value in values]


def _held(ttl: FloatArray, rate: FloatArray) -> FloatArray:
    """λT / (1 + λT), which is 1 for infinitely many lookups."""
    hits = rate * ttl
    return np.where(np.isinf(hits), 1.0, hits / (1.0 + np.where(np.isinf(hits), 0.0, hits)))


def held_share(ttl: ArrayLike, lookup_rate: ArrayLike = np.inf) -> FloatArray:
    """Share of caches that hold a live entry at a random instant: ``λT / (1 + λT)``.

    Examples
    --------
    >>> held_share(60, 0.1).round(3).item(), held_share(60).item()
    (0.857, 1.0)
    """
    return _held(*_floats(ttl, lookup_rate))


def failing_share(time: ArrayLike, ttl: ArrayLike, lookup_rate: ArrayLike = np.inf) -> FloatArray:
    """Share of lookups that fail `time` seconds after the authority died: ``(1 + λt) / (1 + λT)``, at most 1.

    Parameters
    ----------
    time, ttl : array_like
        Seconds.
    lookup_rate : array_like, optional
        Lookups/s for the name at one cache; infinitely many: ``t / T``.

    Examples
    --------
    >>> failing_share([5, 30, 90], 60).round(3).tolist(), failing_share(5, 60, 0.1).round(3).item()
    ([0.083, 0.5, 1.0], 0.214)
    """
    time, ttl, rate = _floats(time, ttl, lookup_rate)
    return 1.0 - _held(ttl, rate) * np.maximum(1.0 - time / ttl, 0.0)


def mean_failing(outage: ArrayLike, ttl: ArrayLike, lookup_rate: ArrayLike = np.inf) -> FloatArray:
    """Mean share of lookups that fail over a whole outage: ``H / 2T`` up to a TTL, ``1 - T / 2H`` beyond.

    Examples
    --------
    >>> mean_failing([30, 60, 600], 60).tolist()
    [0.25, 0.5, 0.95]
    """
    return lost_in_outage(outage, ttl, lookup_rate) / np.asarray(outage, dtype=float)


def lost_in_outage(
    outage: ArrayLike, ttl: ArrayLike, lookup_rate: ArrayLike = np.inf, stale_limit: ArrayLike = 0.0
) -> FloatArray:
    """Traffic lost in an outage of the authority, in seconds of all traffic.

    Parameters
    ----------
    outage, ttl, lookup_rate
        As for `mean_failing`.
    stale_limit : array_like
        Seconds for which an expired entry may still be answered while its refresh fails. It keeps what is in a cache;
        caches that held nothing when the authority died are counted as if they had held it (λT ≫ 1).

    Examples
    --------
    >>> lost_in_outage(300, [30, 300]).tolist(), lost_in_outage(300, 30, stale_limit=[60, 3600]).tolist()
    ([285.0, 150.0], [225.0, 0.0])
    """
    outage, ttl, rate, stale = _floats(outage, ttl, lookup_rate, stale_limit)
    bitten = np.maximum(outage - stale, 0.0)  # of the outage, what is left once stale answers have run out
    early = np.minimum(bitten, ttl)
    answered = _held(ttl, rate) * (early - early**2 / (2.0 * ttl))
    return bitten - answered


def lost_in_failover(ttl: ArrayLike, lookup_rate: ArrayLike = np.inf) -> FloatArray:
    """Traffic sent to the old address after a change, in seconds of all traffic: ``T / 2`` where all caches hold it.

    Examples
    --------
    >>> lost_in_failover([30, 300]).tolist()
    [15.0, 150.0]
    """
    ttl, rate = _floats(ttl, lookup_rate)
    return _held(ttl, rate) * ttl / 2.0


def failover_time(ttl: ArrayLike, share: ArrayLike = 0.99, lookup_rate: ArrayLike = np.inf) -> FloatArray:
    """Seconds after a change until this share of lookups get the new address.

    Examples
    --------
    >>> failover_time(60, [0.5, 0.99, 1.0]).round(1).tolist()
    [30.0, 59.4, 60.0]
    """
    ttl, share, rate = _floats(ttl, share, lookup_rate)
    return ttl * np.maximum(1.0 - (1.0 - share) / _held(ttl, rate), 0.0)


def ttl_range(
    outage: ArrayLike, availability: ArrayLike, failover: ArrayLike, share: ArrayLike = 0.99
) -> tuple[FloatArray, FloatArray]:
    """Shortest TTL that rides out an outage well enough, and longest that fails over in time; none if they cross.

    Parameters
    ----------
    outage : array_like
        Seconds that the authority is dead.
    availability : array_like, in [0, 1)
        Mean share of lookups to be answered over that outage; no serve-stale, λT ≫ 1.
    failover : array_like
        Seconds within which `share` of the lookups must have the new address.

    Examples
    --------
    >>> [ttl.item() for ttl in ttl_range(300, 0.75, 120)]
    [600.0, 121.21212121212122]
    >>> [ttl.item() for ttl in ttl_range(300, 0.1, 99)]
    [60.0, 100.0]
    """
    outage, wanted, failover, share = _floats(outage, availability, failover, share)
    shortest = np.where(wanted >= 0.5, outage / (2.0 * (1.0 - wanted)), 2.0 * outage * wanted)
    return shortest, failover / share


def negative_ttl(soa_ttl: ArrayLike, soa_minimum: ArrayLike) -> FloatArray:
    """Seconds for which "no such name" may be kept: the smaller of the SOA's own TTL and its last field (RFC 2308).

    Examples
    --------
    >>> negative_ttl(900, 86400).item()
    900.0
    """
    return np.minimum(*_floats(soa_ttl, soa_minimum))


def stuck_share(time: ArrayLike, negative_ttl: ArrayLike) -> FloatArray:
    """Share of negative entries that are still believed `time` seconds after the name is back: ``max(0, 1 - t/T)``.

    Examples
    --------
    >>> stuck_share([0, 225, 900], 900).tolist()
    [1.0, 0.75, 0.0]
    """
    time, ttl = _floats(time, negative_ttl)
    return np.maximum(1.0 - time / ttl, 0.0)


# -- what one lookup waits and costs ---------------------------------------------------------------------------------


def server_timeouts(timeout: ArrayLike, servers: ArrayLike) -> FloatArray:
    """Seconds that glibc waits for each name server of ``resolv.conf`` in one round, on a last axis of three.

    ``timeout`` for the first, then ``timeout * 2**i // servers`` for server i, at least 1 (glibc's res_send.c).

    Examples
    --------
    >>> server_timeouts(5, [1, 2, 3]).tolist()
    [[5.0, 0.0, 0.0], [5.0, 5.0, 0.0], [5.0, 3.0, 6.0]]
    """
    timeout, servers = _floats(timeout, servers)
    each = [np.maximum(np.floor(timeout * 2.0**place / servers), 1.0) for place in range(1, MOST_SERVERS)]
    return np.stack([timeout + 0 * servers, *(np.where(i < servers, t, 0.0) for i, t in enumerate(each, 1))], axis=-1)


def worst_wait(
    timeout: ArrayLike = 5, attempts: ArrayLike = 2, servers: ArrayLike = 1, stub: ArrayLike = "glibc"
) -> FloatArray:
    """Seconds until a lookup that nobody answers fails: 10, 20, 28 for one, two, three servers by default.

    Parameters
    ----------
    timeout, attempts, servers
        As in ``resolv.conf``; `attempts` counts rounds in all.
    stub : {"glibc", "musl"}, or an array of them
        musl asks all servers at once and shares one `timeout` among its attempts.

    Examples
    --------
    >>> worst_wait(servers=[1, 2, 3]).tolist(), worst_wait(servers=3, stub="musl").item()
    ([10.0, 20.0, 28.0], 5.0)
    """
    one_after_the_other = np.asarray(attempts, dtype=float) * _round(server_timeouts(timeout, servers))
    return np.where(np.asarray(stub) == "musl", np.asarray(timeout, dtype=float), one_after_the_other)


def dead_server_wait(
    timeout: ArrayLike = 5, servers: ArrayLike = 2, dead: ArrayLike = 1, stub: ArrayLike = "glibc"
) -> FloatArray:
    """Seconds that every lookup loses to dead servers at the head of the list: +5 s for one by default.

    Examples
    --------
    >>> dead_server_wait().item(), dead_server_wait(servers=3, dead=2).item(), dead_server_wait(stub="musl").item()
    (5.0, 8.0, 0.0)
    """
    lost = np.arange(MOST_SERVERS) < np.asarray(dead, dtype=float)[..., None]
    return np.where(np.asarray(stub) == "musl", 0.0, _round(server_timeouts(timeout, servers) * lost))


def _round(seconds: FloatArray) -> FloatArray:
    """Sum over the servers, one after the other: `sum` would round differently in a batch."""
    return seconds[..., 0] + seconds[..., 1] + seconds[..., 2]


def queries(dots: ArrayLike, ndots: ArrayLike, search: ArrayLike) -> FloatArray:
    """Queries that one lookup of a name costs which exists only as it is written (A and AAAA).

    Parameters
    ----------
    dots : array_like
        Dots in the name; a name that *ends* in a dot is never searched for: give it `ndots` 0.
    ndots : array_like
        With fewer dots than this a name is first tried with each suffix of the search list.
    search : array_like
        Suffixes in the search list.

    Examples
    --------
    >>> queries(2, 5, [3, 4]).tolist(), queries(2, 1, 4).tolist()
    ([8.0, 10.0], 2.0)
    """
    dots, ndots, search = _floats(dots, ndots, search)
    return TYPES * (1.0 + np.where(dots < ndots, search, 0.0))


def upstream_rate(ttl: ArrayLike, lookup_rate: ArrayLike) -> FloatArray:
    """Queries/s that a cache sends upstream for a healthy name: ``1 / (T + 1/λ)``.

    Examples
    --------
    >>> upstream_rate(60, 10).round(5).item()
    0.01664
    """
    ttl, rate = _floats(ttl, lookup_rate)
    return rate / (1.0 + rate * ttl)


def outage_amplification(ttl: ArrayLike, lookup_rate: ArrayLike, tries: ArrayLike) -> FloatArray:
    """Most by which an outage multiplies the queries upstream, if nothing caches failures: ``(λT + 1) A``.

    Examples
    --------
    >>> outage_amplification(60, 10, 2).item()
    1202.0
    """
    return np.asarray(lookup_rate, dtype=float) * np.asarray(tries, dtype=float) / upstream_rate(ttl, lookup_rate)


def served_share(retried: ArrayLike, other: ArrayLike, capacity: ArrayLike, attempts: ArrayLike = 1) -> FloatArray:
    """Share of queries that an overloaded resolver answers, the rest being dropped: s with ``s F + O (1-(1-s)^A) = c``.

    Parameters
    ----------
    retried : array_like
        Queries/s that come however many are answered: lookups of a dead name, with all their retries.
    other : array_like
        First queries/s of names that resolve once they are heard; each is asked up to `attempts` times.
    capacity : array_like
        Queries/s.
    attempts : array_like of int

    Examples
    --------
    >>> served_share(300, 100, 500).item(), served_share(300, 300, 500).round(4).item()
    (1.0, 0.8333)
    >>> served_share(300, 300, 500, 2).round(4).item()
    0.7362
    """
    fixed, fresh, capacity, attempts = _floats(retried, other, capacity, attempts)
    low, high = np.zeros(np.broadcast(fixed, fresh, capacity, attempts).shape), 1.0
    if (fixed + fresh <= capacity).all():
        return low + 1.0
    for _ in range(40):
        middle = (low + high) / 2.0
        fits = middle * fixed + fresh * (1.0 - lost_share(middle, attempts)) <= capacity
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return np.where(fixed + fresh <= capacity, 1.0, low)


def lost_share(served: ArrayLike, attempts: ArrayLike) -> FloatArray:
    """Share of lookups that fail when each query is answered with probability s: ``(1 - s)^A``.

    Examples
    --------
    >>> lost_share(0.75, [1, 2]).tolist()
    [0.25, 0.0625]
    """
    dropped, attempts = 1.0 - np.asarray(served, dtype=float), np.asarray(attempts, dtype=float)
    result = np.ones(np.broadcast(dropped, attempts).shape)
    for k in range(int(np.max(attempts, initial=0))):  # by multiplication: ** rounds differently in a batch
        result = result * np.where(attempts > k, dropped, 1.0)
    return result


def independent_availability(each: ArrayLike, sets: ArrayLike) -> FloatArray:
    """Availability of a name with so many sets of name servers that fail independently: ``1 - (1 - a)^n``.

    Examples
    --------
    >>> independent_availability(0.99, [1, 2]).round(4).tolist()
    [0.99, 0.9999]
    """
    each, sets = _floats(each, sets)
    return 1.0 - (1.0 - each) ** sets


def spoofing_chance(forged: ArrayLike, bits: ArrayLike) -> FloatArray:
    """Chance that one of so many forged replies guesses `bits` random bits: ``1 - (1 - 2^-E)^g`` (RFC 5452).

    Examples
    --------
    >>> spoofing_chance(100, 16).round(4).item(), float(f"{spoofing_chance(100, 32).item():.0e}")
    (0.0015, 2e-08)
    """
    forged, bits = _floats(forged, bits)
    return -np.expm1(forged * np.log1p(-(2.0**-bits)))
