"""An independent hot partition: one operation after the other through a small event loop, no ticks, no shared dynamics.

Used by tests and the benchmark only. It knows requests, keys, pods and single servers with exponential service times;
of the model it shares nothing but the hash that says where a key lives, so that both can be asked about the same fleet.
"""

from __future__ import annotations

import bisect
import heapq
import itertools
import random
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from course_lib.theory.hashing import SLOTS, slot_of

DONE, RETRY, ISSUE = range(3)
JITTER = 0.5  # seconds by which clients miss their backoff, either way


@dataclass
class Scenario:
    """One run; names and units as in ``hot_partition.Parameters``, scaled down."""

    arrival_rate: float = 500.0
    partitions: int = 8
    partition_capacity: float = 100.0
    zipf_exponent: float = 0.6
    keys: int = 2000
    write_share: float = 0.9
    viral_start: float = 20.0
    viral_duration: float = 60.0
    viral_share: float = 0.3
    queue_limit: int = 100
    max_retries: int = 3
    retry_delay: float = 1.0
    rejection_cost: float = 0.05
    salts: int = 1
    salted: str = "hot"
    cache_ttl: float = 0.0
    pods: int = 5
    split: str = "off"
    split_delay: float = 10.0
    until: float = 110.0


class Request:
    """A logical request: it is answered when all its operations have been admitted."""

    __slots__ = ("failed", "hot", "left", "open", "pod", "start")

    def __init__(self, start: float, hot: bool, operations: int, pod: int = -1) -> None:
        self.start, self.hot, self.pod, self.failed = start, hot, pod, False
        self.open = self.left = operations  # not yet admitted or lost, not yet served


@dataclass
class Result:
    """What happened, as lists of (time, ...)."""

    good: list[tuple[float, bool]] = field(default_factory=list)
    failed: list[tuple[float, bool]] = field(default_factory=list)
    attempts: list[tuple[float, int, bool]] = field(default_factory=list)  # when, where, refused
    served: list[tuple[float, int]] = field(default_factory=list)
    latency: list[tuple[float, bool, float]] = field(default_factory=list)
    ages: list[tuple[float, float]] = field(default_factory=list)
    queue: list[list[int]] = field(default_factory=list)  # at every whole second
    reads: list[tuple[float, int]] = field(default_factory=list)  # when, lookups
    events: int = 0


class Loop:
    """The event loop."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.s, self.draw, self.out = scenario, random.Random(seed), Result()
        self.seed, sites = seed, 2 * scenario.partitions
        self.heap: list[tuple] = []
        self.order = itertools.count()
        self.lines: list[deque] = [deque() for _ in range(sites)]
        self.done_at, self.spent = [0.0] * sites, [0.0] * sites
        self.asked, self.overloaded = [0] * sites, [0] * sites
        self.split = [False] * scenario.partitions
        self.filled = [-1e9] * scenario.pods
        weights = itertools.accumulate(k**-scenario.zipf_exponent for k in range(1, scenario.keys + 1))
        self.popularity = list(weights)
        self.edges = [p * SLOTS // scenario.partitions for p in range(1, scenario.partitions)]
        self.where = [self._range_of(slot) for slot in slot_of(np.arange(scenario.keys), seed)]
        self.viral_home = self._range_of(slot_of(1 << 40, seed)[0])

    def _range_of(self, slot: int) -> int:
        return bisect.bisect_right(self.edges, int(slot))

    def run(self) -> Result:
        s, second = self.s, 1
        arrival = self.draw.expovariate(s.arrival_rate)
        while True:
            now = min(arrival, self.heap[0][0] if self.heap else arrival)
            while second <= min(now, s.until):
                self._look()
                second += 1
            if now >= s.until:
                return self.out
            self.out.events += 1
            if now == arrival:
                self._request(now)
                arrival = now + self.draw.expovariate(s.arrival_rate)
                continue
            _, _, kind, *more = heapq.heappop(self.heap)
            if kind == DONE:
                self._serve(now, *more)
            else:
                self._attempt(now, *more)

    def _push(self, time: float, *event) -> None:
        heapq.heappush(self.heap, (time, next(self.order), *event))

    def _look(self) -> None:
        """Once a second: queues, the store's watch over busy partitions, and the cost of rejecting starts anew."""
        s = self.s
        self.out.queue.append([len(line) for line in self.lines])
        for p in range(s.partitions):
            self.overloaded[p] = self.overloaded[p] + 1 if self.asked[p] > s.partition_capacity else 0
            if s.split == "on" and self.overloaded[p] >= s.split_delay:
                self.split[p] = True
        self.asked, self.spent = [0] * len(self.asked), [0.0] * len(self.spent)

    def _request(self, now: float) -> None:
        s = self.s
        viral = s.viral_start <= now < s.viral_start + s.viral_duration
        hot = viral and self.draw.random() < s.viral_share
        write = self.draw.random() < s.write_share
        home = self.viral_home if hot else self._ordinary()
        pod = -1
        if not write and hot and s.cache_ttl:
            pod = self.draw.randrange(s.pods)
            if now < self.filled[pod] + s.cache_ttl:
                self.out.ages.append((now, now - self.filled[pod]))
                self.out.reads.append((now, 0))
                self.out.good.append((now, True))
                self.out.latency.append((now, True, 0.0))
                return
        salts = s.salts if hot or s.salted == "every" else 1
        picks = [self.draw.randrange(salts)] if write else range(salts)
        request = Request(now, hot, len(picks), pod)
        if not write:
            self.out.reads.append((now, len(picks)))
        for i in picks:
            site = (home + i) % s.partitions
            if salts > s.partitions and not write:  # several at one partition: not all in the same instant
                self._push(now + self.draw.random() / 2, ISSUE, site, request, 0)
            else:
                self._attempt(now, site, request, 0)

    def _ordinary(self) -> int:
        return self.where[bisect.bisect_left(self.popularity, self.draw.random() * self.popularity[-1])]

    def _attempt(self, now: float, partition: int, request: Request, number: int) -> None:
        s = self.s
        site = partition + s.partitions if request.hot and self.split[partition] else partition
        line = self.lines[site]
        self.asked[site] += 1
        refused = len(line) >= s.queue_limit
        self.out.attempts.append((now, site, refused))
        if not refused:
            line.append((request, now))
            if len(line) == 1:
                self._start(now, site)
            self._ended(now, request, lost=False)
            return
        cost = s.rejection_cost / s.partition_capacity
        if self.spent[site] + cost <= 0.9:
            self.spent[site] += cost
            self.done_at[site] += cost
        if number < s.max_retries:
            backoff = s.retry_delay * 2**number + self.draw.uniform(-JITTER, JITTER)
            self._push(now + max(backoff, 0.0), RETRY, partition, request, number + 1)
        else:
            self._ended(now, request, lost=True)

    def _ended(self, now: float, request: Request, lost: bool) -> None:
        request.open -= 1
        request.failed = request.failed or lost
        if request.open:
            return
        (self.out.failed if request.failed else self.out.good).append((now, request.hot))
        if request.pod >= 0 and not request.failed:
            self.filled[request.pod] = now
            self.out.ages.append((now, 0.0))

    def _start(self, now: float, site: int) -> None:
        self.done_at[site] = now + self.draw.expovariate(self.s.partition_capacity)
        self._push(self.done_at[site], DONE, site)

    def _serve(self, now: float, site: int) -> None:
        if now < self.done_at[site] - 1e-12:  # rejecting has taken some of its time
            self._push(self.done_at[site], DONE, site)
            return
        request, _ = self.lines[site].popleft()
        self.out.served.append((now, site))
        request.left -= 1
        if not request.left and not request.failed:
            self.out.latency.append((now, request.hot, now - request.start))
        if self.lines[site]:
            self._start(now, site)


def measure(out: Result, s: Scenario, begin: float, end: float) -> dict[str, float]:
    """Means between two times, named as the model's signals."""
    count = lambda events, *want: sum(begin <= e[0] < end and all(w(e) for w in want) for e in events)  # noqa: E731
    hot, rest = (lambda e: e[1]), (lambda e: not e[1])
    good, failed = count(out.good), count(out.failed)
    attempts, refused = count(out.attempts), count(out.attempts, lambda e: e[2])
    longest = [max(row) for row in out.queue[int(begin) : int(end)]]
    ages = [age for time, age in out.ages if begin <= time < end]
    lookups = [asked for time, asked in out.reads if begin <= time < end]
    late = {side: [x for t, h, x in out.latency if begin <= t < end and h == side] for side in (True, False)}
    return {
        "goodput": good / (end - begin),
        "error_ratio": failed / max(good + failed, 1),
        "hot_error_ratio": count(out.failed, hot) / max(count(out.failed, hot) + count(out.good, hot), 1),
        "rest_error_ratio": count(out.failed, rest) / max(count(out.failed, rest) + count(out.good, rest), 1),
        "attempt_rate": attempts / (end - begin),
        "throttled_share": refused / max(attempts, 1),
        "served": count(out.served) / (end - begin),
        "longest_queue": sum(longest) / len(longest),
        "reads_per_read": sum(lookups) / max(len(lookups), 1),
        "staleness": float(np.mean(ages)) if ages else 0.0,
        "latency_p99_hot": float(np.quantile(late[True], 0.99)) if late[True] else 0.0,
        "latency_p99_rest": float(np.quantile(late[False], 0.99)) if late[False] else 0.0,
    }
