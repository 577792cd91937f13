"""An independent DNS outage: one lookup after the other through a small event loop, no ticks, no shared dynamics.

Used by tests and the benchmark only. It knows lookups, caches with one entry each, an authority that answers, is late,
is silent or lies, and clients that take what they get. Nothing here knows a share, a flow or a phase.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter
from dataclasses import dataclass, field

OLD, NEW, WRONG = "old", "new", "wrong"
MAIN, OTHER, AGAIN = range(3)


@dataclass
class Scenario:
    """One run; names and units as in ``dns_outage.Parameters``, scaled down."""

    lookup_rate: float = 2.0
    other_rate: float = 0.0
    caches: int = 100
    phase_spread: float = 1.0
    ttl: float = 20.0
    negative_ttl: float = 30.0
    failure_ttl: float = 3.0
    down_ttl: float = 0.0
    patience: float = 2.0
    stale_limit: float = 0.0
    last_known_good: float = 0.0
    outage: str = "dead"
    outage_start: float = 20.0
    outage_duration: float = 60.0
    slow_answer: float = 1.0
    change_time: float = 120.0
    authority_capacity: float = 1e9
    upstream_tries: int = 3
    resolver_capacity: float = 1e9
    client_timeout: float = 5.0
    attempts: int = 2
    app_retries: int = 0
    ndots: int = 5
    dots: int = 2
    search: int = 3
    until: float = 170.0


class Cache:
    """What one cache holds for the name, and what it is waiting for."""

    def __init__(self) -> None:
        self.answer = None  # the last good one: old, new or wrong
        self.expires = self.denied = self.quiet = -1.0  # entry fresh until, "no such name" until, no question until
        self.asking = None  # (when it ends, what it brings, when asked)
        self.tokens, self.filled = 0.0, 0.0


@dataclass
class Result:
    """What happened, as lists of (time, ...)."""

    lookups: list[tuple[float, str, float, float]] = field(default_factory=list)  # when, outcome, waited, stale for
    upstream: list[tuple[float, int]] = field(default_factory=list)
    queries: list[tuple[float, int]] = field(default_factory=list)
    others: list[tuple[float, bool]] = field(default_factory=list)
    denied: list[tuple[float, int]] = field(default_factory=list)
    events: int = 0


class Loop:
    """The event loop."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.s, self.draw, self.out = scenario, random.Random(seed), Result()
        self.heap: list[tuple] = []
        self.order = itertools.count()
        self.tokens, self.filled = 2.0 * self.draw.random(), 0.0  # the authority's: at most a second's worth
        self.each = 2 * (1 + (scenario.search if scenario.dots < scenario.ndots else 0))
        self.caches = [Cache() for _ in range(scenario.caches)]
        common = self.draw.random()
        for number, cache in enumerate(self.caches):
            cycle = scenario.ttl + 1 / scenario.lookup_rate
            left = (common + scenario.phase_spread * self.draw.random()) % 1.0 * cycle
            cache.answer = OLD
            cache.expires = left if left < scenario.ttl else 0.0
            self._next(0.0, MAIN, number)
            if scenario.other_rate:
                self._next(0.0, OTHER, number)

    def _push(self, time: float, *event: int) -> None:
        heapq.heappush(self.heap, (time, next(self.order), *event))

    def _next(self, now: float, kind: int, number: int) -> None:
        rate = self.s.lookup_rate if kind == MAIN else self.s.other_rate
        self._push(now + self.draw.expovariate(rate), kind, number, 0)

    def run(self) -> Result:
        second = 0.5
        while self.heap and self.heap[0][0] < self.s.until:
            now, _, kind, number, attempt = heapq.heappop(self.heap)
            while second <= now:
                self.out.denied.append((second, sum(cache.denied > second for cache in self.caches)))
                second += 1.0
            self.out.events += 1
            if attempt == 0 and kind != AGAIN:
                self._next(now, kind, number)
            {MAIN: self._lookup, OTHER: self._other, AGAIN: self._again}[kind](now, number, attempt)
        return self.out

    # -- the authority -----------------------------------------------------------------------------------------------

    def _ask(self, now: float) -> tuple[float, str | None]:
        """Seconds until the answer, and what it says: an address, "none", or nothing at all."""
        s = self.s
        out = s.outage_start <= now < s.outage_start + s.outage_duration
        mode = s.outage if out else "up"
        late = s.slow_answer if mode == "slow" else 0.0
        if mode == "dead" or late > s.patience or not self._has_room(now):
            self.out.upstream.append((now, 2 * s.upstream_tries))
            return s.patience, None
        self.out.upstream.append((now, 2))
        truth = NEW if now >= s.change_time else OLD
        return late, {"empty": "none", "wrong": WRONG}.get(mode, truth)

    def _has_room(self, now: float) -> bool:
        full = self.s.authority_capacity
        self.tokens = min(self.tokens + (now - self.filled) * full, full)
        self.filled = now
        if self.tokens < 2:
            return False
        self.tokens -= 2
        return True

    # -- a cache -----------------------------------------------------------------------------------------------------

    def _settle(self, cache: Cache, now: float) -> None:
        """Take in what has come back by now."""
        if cache.asking is None or cache.asking[0] > now:
            return
        end, brought = cache.asking
        cache.asking = None
        if brought is None:
            cache.quiet = end + max(self.s.failure_ttl, self.s.down_ttl)
        elif brought == "none":
            cache.denied, cache.expires = end + self.s.negative_ttl, -1e9
        else:
            cache.answer, cache.expires = brought, end + self.s.ttl

    def _lookup(self, now: float, number: int, _: int) -> None:
        cache, s = self.caches[number], self.s
        self._settle(cache, now)
        multiplied = self.each
        if cache.expires > now and cache.denied <= now:
            self._tell(now, cache.answer, 0.001)
        elif cache.denied > now:
            self._give_up(now, cache, 0.001)
            multiplied *= 1 + s.app_retries
        else:
            if cache.asking is None and cache.quiet <= now:
                wait, brought = self._ask(now)
                cache.asking = (now + wait, brought)
                self._settle(cache, now)
            multiplied = self._wait(now, cache)
        self.out.queries.append((now, multiplied))
        if s.resolver_capacity < 1e9:
            for _ in range(multiplied // self.each):  # its retries come one by one, not in a heap
                self._push(now + 10 * self.draw.random(), AGAIN, number, 0)

    def _wait(self, now: float, cache: Cache) -> int:
        """A lookup that finds no live entry; return the queries it makes."""
        s = self.s
        if cache.denied > now:
            self._give_up(now, cache, 0.001)
            return self.each * (1 + s.app_retries)
        if cache.expires > now:
            self._tell(now, cache.answer, 0.001)
            return self.each
        wait, brought = (cache.asking[0] - now, cache.asking[1]) if cache.asking else (0.001, None)
        old = now - cache.expires
        usable = cache.answer is not None and cache.expires > -1e8 and old < s.stale_limit
        if brought in (OLD, NEW, WRONG):
            self._tell(now, brought, wait)
            return self.each
        if usable and brought is None:
            self._tell(now, cache.answer, min(wait, 1.8), old)
            return self.each
        self._give_up(now, cache, min(wait, s.attempts * s.client_timeout))
        again = s.attempts if brought is None else 1
        return (self.each - 2 + 2 * again) * (1 + s.app_retries)

    def _give_up(self, now: float, cache: Cache, waited: float) -> None:
        if cache.answer is not None and self.draw.random() < self.s.last_known_good:
            self._tell(now, cache.answer, waited)
        else:
            self.out.lookups.append((now, "failed", waited, 0.0))

    def _tell(self, now: float, answer: str, waited: float, stale: float = 0.0) -> None:
        right = NEW if now >= self.s.change_time else OLD
        self.out.lookups.append((now, "right" if answer == right else "misled", waited, stale))

    # -- a resolver that can do so much --------------------------------------------------------------------------------

    def _has_tokens(self, cache: Cache, now: float, cost: float) -> bool:
        full = self.s.resolver_capacity
        cache.tokens = min(cache.tokens + (now - cache.filled) * full, full)
        cache.filled = now
        if cache.tokens < cost:
            return False
        cache.tokens -= cost
        return True

    def _again(self, now: float, number: int, _: int) -> None:
        self._has_tokens(self.caches[number], now, self.each)

    def _other(self, now: float, number: int, attempt: int) -> None:
        s = self.s
        if self._has_tokens(self.caches[number], now, self.each):
            self.out.others.append((now, True))
        elif attempt + 1 < s.attempts:
            # not to the instant: the tokens come by the clock, so whoever came too early would come too early again
            self._push(now + s.client_timeout * self.draw.uniform(0.9, 1.1), OTHER, number, attempt + 1)
        else:
            self.out.others.append((now, False))


def recovery(out: Result, s: Scenario) -> float:
    """Whole second after the outage from which five in a row see 99 % answered rightly; NaN for never."""
    asked, good = Counter(), Counter()
    for time, outcome, _, _ in out.lookups:
        asked[int(time)] += 1
        good[int(time)] += outcome == "right"
    end = int(s.outage_start + s.outage_duration)
    for second in range(end, int(s.until) - 4):
        if all(good[k] >= 0.99 * asked[k] for k in range(second, second + 5)):
            return float(second)
    return float("nan")


def measure(out: Result, s: Scenario, begin: float, end: float) -> dict[str, float]:
    """Means between two times, named as the model's signals."""
    seen = [row for row in out.lookups if begin <= row[0] < end]
    count = Counter(row[1] for row in seen)
    stale = [row[3] for row in seen if row[3] > 0]
    waits = sorted(row[2] for row in seen)
    others = [good for time, good in out.others if begin <= time < end]
    denied = [number for time, number in out.denied if begin < time <= end]
    per = end - begin
    return {
        "goodput": count["right"] / per,
        "availability": count["right"] / len(seen),
        "error_ratio": count["failed"] / len(seen),
        "misled_share": count["misled"] / len(seen),
        "stale_share": len(stale) / len(seen),
        "stale_age": sum(stale) / max(len(stale), 1),
        "negative_share": sum(denied) / max(len(denied), 1) / s.caches,
        "upstream_rate": sum(n for time, n in out.upstream if begin <= time < end) / per,
        "query_rate": sum(n for time, n in out.queries if begin <= time < end) / per,
        "other_error_ratio": 1 - sum(others) / max(len(others), 1),
        "lookup_p50": waits[len(waits) // 2],
        "lookup_p99": waits[int(len(waits) * 0.99)],
    }
