"""What a finished run of partitions shows: whose operations they were, how busy sites were, how long answers took.

Within a site and a tick all attempts are admitted alike, so whose they were is told apart after the run. Arrays are
(ticks, members), with sites or the hot key's groups of sub-keys between where there are several.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from course_lib.models.exact import FloatArray, later, power, ratio, total
from course_lib.theory.hashing import MOST_SPENT_REJECTING

if TYPE_CHECKING:
    from course_lib.models.hot_partition import Run

FASTEST, OCTAVES, HALVINGS = 2.0**-11, 18, 11  # latencies are found by bisection between 0.5 ms and 128 s, to 1 %


class Flows:
    """A finished run, told apart by whose operations they were; arrays (ticks, members), the hot key's by sub-key."""

    def __init__(self, run: Run) -> None:
        self.run, seen, sites = run, run.seen, run.partitions
        self.attempts, self.rejected = total(sites.attempts, axis=1), total(sites.attempts * sites.refused, axis=1)
        self.fresh = total(sites.fresh, axis=1)
        self._follow_hot_key()
        hot_good, hot_lost = total(self.hot_good, axis=1), total(self.hot_lost, axis=1)
        good = np.maximum(self.attempts - self.rejected - hot_good, 0.0)
        lost = np.maximum(total(run.clients.lost, axis=1) - hot_lost, 0.0)
        self.rest = _answered(good, lost, _part(seen["writes"], seen["fan_out"]), seen["fan_out"])
        self.hot = self._hot_answered(hot_good, hot_lost)

    def _follow_hot_key(self) -> None:
        """The hot key's attempts, tick by tick and retry by retry, at its sites."""
        run = self.run
        refused, fresh = at_home(run, run.partitions.refused), at_home(run, run.partitions.fresh) * run.keys.hot_part
        self.hot_attempts, self.hot_good, self.hot_lost = (np.zeros_like(fresh) for _ in range(3))
        for k, sent in enumerate(attempts_by_number(run, fresh, refused)):
            self.hot_attempts += sent
            self.hot_good += sent * (1.0 - refused)
            self.hot_lost += sent * refused * (k >= run.clients.allowed)[:, None]

    def _hot_answered(self, good: FloatArray, lost: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The hot key's requests answered and failed: a read needs all its sub-keys, or a cache."""
        seen = self.run.seen
        part = ratio(seen["writes"], seen["writes"] + (1.0 - seen["writes"]) * seen["asked"] * seen["salts"])
        found = ratio(self.hot_good, self.hot_good + self.hot_lost, empty=1.0)
        all_found = power(found[:, 0], self.run.keys.copied[:, 0])
        for place in range(1, found.shape[1]):
            all_found = all_found * power(found[:, place], self.run.keys.copied[:, place])
        self.hot_found = all_found  # share of the hot key's reads that asked and were answered
        reads = (good + lost) * (1.0 - part) / seen["salts"]
        cached = seen["offered"] * seen["viral"] * (1.0 - seen["writes"]) * (1.0 - seen["asked"])
        return good * part + reads * all_found + cached, lost * part + reads * (1.0 - all_found)


def _answered(
    good: FloatArray, lost: FloatArray, part: FloatArray, fan_out: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Requests answered and failed; `part` of the operations are writes, the others reads in `fan_out` pieces."""
    all_found = power(ratio(good, good + lost, empty=1.0), fan_out)
    reads = (good + lost) * (1.0 - part) / fan_out
    return good * part + reads * all_found, lost * part + reads * (1.0 - all_found)


def _part(writes: FloatArray, fan_out: FloatArray) -> FloatArray:
    return ratio(writes, writes + (1.0 - writes) * fan_out)


def attempts_by_number(run: Run, fresh: FloatArray, refused: FloatArray) -> Iterator[FloatArray]:
    """First attempts, first retries, ... of a stream (ticks, sites, members) that meets these refusals."""
    sent = fresh
    for k, delay in enumerate(run.clients.delays):
        yield sent
        sent = later(sent * refused * (k < run.clients.allowed)[:, None], delay)
    yield sent


def at_home(run: Run, by_site: FloatArray) -> FloatArray:
    """What the hot key's sub-keys meet at their sites, shape (ticks, sub-keys, members)."""
    by_site, day = np.broadcast_to(by_site, run.partitions.attempts.shape), run.day
    if not day.splits:
        return by_site[:, run.keys.first_home, day.members]
    return by_site[np.arange(day.ticks)[:, None, None], run.keys.home, day.members]


def busy_by_site(run: Run) -> FloatArray:
    """Work done in each tick at each site, serving and rejecting, (ticks, sites, members)."""
    sites, able = run.partitions, run.day.able
    rejected = sites.attempts * sites.refused
    served = sites.queue[:-1] - sites.queue[1:]
    served += sites.attempts
    served -= rejected
    served += np.minimum(rejected * run.day.batch.rejection_cost, MOST_SPENT_REJECTING * able)
    return np.minimum(np.maximum(served, 0.0, out=served), able, out=served)


def queued(run: Run) -> FloatArray:
    """Operations at each site at the end of each tick, waiting or in service, (ticks + 1, sites, members).

    Where a site ran empty within the tick it is M/M/1's number; the walk is the work that the next one meets, which is
    one operation more.
    """
    sites, queue = run.partitions, run.partitions.queue.copy()
    ran_empty = queue[1:] > queue[:-1] + (sites.attempts - run.day.able)
    queue[1:] *= np.where(ran_empty, np.minimum(ratio(sites.attempts, run.day.able), 1.0), 1.0)
    return queue


# -- latency ---------------------------------------------------------------------------------------------------------


class Waits:
    """How long operations take from their first attempt, at some sites: a share late for any number of seconds.

    Within a tick a first attempt meets the queue of the walk: ``P(queue > y) = exp(-y (y - net) / (c dt))`` above where
    the tick would end without its reflection, which for a partition with room is M/M/1's exponential sojourn. A retry
    is met only where the queue is long: its wait is the queue's length.
    """

    def __init__(self, run: Run, pick: Callable[[FloatArray], FloatArray]) -> None:
        day, sites, attempts = run.day, run.partitions, pick(run.partitions.attempts)
        spent = sites.attempts * sites.refused * day.batch.rejection_cost
        self.scale, self.limit = day.rated, day.batch.queue_limit
        spent = np.minimum(spent, MOST_SPENT_REJECTING * np.minimum(day.able, day.rated[:, None]))
        self.drain = (day.rated[:, None] - pick(spent)) / day.dt
        self.net = attempts - pick(day.able)
        self.floor = pick(sites.queue[:-1]) + self.net
        self.wait = pick(sites.queue[1:]) / self.drain
        sent = attempts_by_number(run, pick(sites.fresh), pick(sites.refused))
        self.retried = [ratio(retries, attempts) for k, retries in enumerate(sent) if k]
        self.first = 1.0 - functools.reduce(np.add, self.retried, np.zeros_like(attempts))
        self.any_retried = (self.first < 1.0).any(axis=(0, 2))
        self.before = list(itertools.accumulate(delay * day.dt for delay in run.clients.delays))

    def late(self, seconds: FloatArray, site: int) -> FloatArray:
        """Share of the operations at one site that take longer than `seconds`, both (ticks, members)."""
        y = seconds * self.drain[:, site]
        late = np.exp(np.minimum(y * (self.net[:, site] - y) / self.scale, 0.0))
        late = np.where(y < self.floor[:, site], 1.0, late) * (y < self.limit)
        if self.any_retried[site]:
            late *= self.first[:, site]
            for share, before in zip(self.retried, self.before, strict=True):
                late += share[:, site] * (self.wait[:, site] + before > seconds)
        return late


def quantile_of(run: Run, late: Callable[[FloatArray], FloatArray], share: float) -> FloatArray:
    """Seconds that only `share` of a tick's answered requests exceed, by bisection on a logarithmic scale."""
    scale = FASTEST * 2.0 ** np.linspace(0, OCTAVES, 2**HALVINGS + 1)
    low = np.zeros((run.day.ticks, run.day.batch.size), dtype=np.int64)
    for halving in range(1, HALVINGS + 1):
        middle = low + 2 ** (HALVINGS - halving)
        low = np.where(late(scale[middle]) > share, middle, low)
    return scale[low]


def hot_late(run: Run) -> Callable[[FloatArray], FloatArray]:
    """Late share of the hot key's requests: a write waits for one sub-key, a read for the slowest of all."""
    waits, seen = Waits(run, functools.partial(at_home, run)), run.seen
    copies, writes = run.keys.copied, seen["writes"]

    def late(seconds: FloatArray) -> FloatArray:
        one, all_in_time = np.zeros_like(seconds), np.ones_like(seconds)
        for place in range(copies.shape[1]):
            here = waits.late(seconds, place)
            one += here * copies[:, place]
            all_in_time *= power(1.0 - here, copies[:, place])
        return writes * one / seen["salts"] + (1.0 - writes) * seen["asked"] * (1.0 - all_in_time)

    return late


def rest_late(run: Run) -> Callable[[FloatArray], FloatArray]:
    """Late share of all other keys' requests, the hot key's neighbours among them."""
    waits, seen = Waits(run, lambda by_site: np.broadcast_to(by_site, run.partitions.attempts.shape)), run.seen
    admitted = run.partitions.attempts * (1.0 - run.partitions.refused)
    taken = at_home(run, admitted) * run.keys.hot_part
    where = np.arange(run.day.ticks)[:, None, None], run.keys.home, run.day.members
    admitted[where] = np.maximum(admitted[where] - taken, 0.0)
    whole, writes = total(admitted, axis=1), seen["writes"]

    def late(seconds: FloatArray) -> FloatArray:
        one = np.zeros_like(seconds)
        for site in range(run.day.sites):
            one += waits.late(seconds, site) * admitted[:, site]
        one = ratio(one, whole)
        return writes * one + (1.0 - writes) * (1.0 - power(1.0 - one, seen["fan_out"]))

    return late
