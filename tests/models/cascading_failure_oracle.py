"""An independent chain of services: one request after the other through a small event loop, no ticks, no fluid.

Used by tests and the benchmark only. Each request at a tier is an object that holds a worker, calls the tier below,
waits, gives up, tries again. It shares no code with the model.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from dataclasses import dataclass

import numpy as np

GATEWAY, SHOP, STOCK, DATABASE, REVIEWS = range(5)
WINDOW = 10  # s


@dataclass
class Scenario:
    """One run; names and units as in ``cascading_failure.Parameters``."""

    arrival_rate: float = 100.0
    trigger: str = "database"
    slowdown: float = 2.0
    trigger_start: float = 30.0
    trigger_duration: float = 60.0
    error_share: float = 0.0
    gateway_workers: int = 300
    shop_workers: int = 240
    stock_workers: int = 200
    database_workers: int = 12
    gateway_work: float = 0.01
    shop_work: float = 0.03
    stock_work: float = 0.03
    database_work: float = 0.08
    user_timeout: float = 10.0
    gateway_timeout: float = 8.0
    shop_timeout: float = 5.0
    stock_timeout: float = 2.0
    max_retries: int = 1
    reload_share: float = 0.5
    shed_threshold: float = 1.0
    bulkhead: float = float("inf")
    queue_limit: float = float("inf")
    breaker: str = "off"
    breaker_threshold: float = 0.5
    breaker_window: float = 10.0
    breaker_open: float = 5.0
    feature: str = "required"
    feature_share: float = 0.01
    feature_timeout: float = 30.0
    until: float = 150.0
    retry_wait: float = 0.5


class Breaker:
    """Closed, open for a while, then a few calls to see; counts calls that ended."""

    def __init__(self, scenario: Scenario) -> None:
        self.s, self.state, self.since = scenario, "closed", 0.0
        self.seen: deque[tuple[float, bool]] = deque()

    def admits(self, now: float) -> bool:
        if self.s.breaker == "off" or self.state == "closed":
            return True
        if self.state == "open":
            if now - self.since < self.s.breaker_open:
                return False
            self.state, self.since, self.tried = "trying", now, 0
            self.seen.clear()
        self.tried += 1
        return self.tried <= 10

    def note(self, now: float, failed: bool) -> None:
        if self.s.breaker == "off" or self.state == "open":
            return
        self.seen.append((now, failed))
        if self.state == "closed":
            while self.seen[0][0] < now - self.s.breaker_window:
                self.seen.popleft()
        enough = 20 if self.state == "closed" else 10
        if len(self.seen) < enough:
            return
        ill = sum(fail for _, fail in self.seen) >= self.s.breaker_threshold * len(self.seen)
        if ill or self.state == "trying":
            self.state, self.since = ("open" if ill else "closed"), now
            self.seen.clear()


class Request:
    """What a tier works on: who waits for it, and how often it has called below."""

    __slots__ = ("arrived", "attempt", "call", "caller", "feature", "over", "tier", "wanted")

    def __init__(self, tier: int, caller, feature: bool, now: float) -> None:
        self.tier, self.caller, self.feature, self.arrived = tier, caller, feature, now
        self.attempt, self.call, self.wanted, self.over = 0, None, True, False


class Loop:
    """The event loop."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        s = self.s = scenario
        self.draw, self.heap, self.order, self.now = random.Random(int(seed)), [], itertools.count(), 0.0
        self.pool = [s.gateway_workers, s.shop_workers, s.stock_workers, s.database_workers]
        self.work = [s.gateway_work, s.shop_work, s.stock_work]
        self.timeout = [s.gateway_timeout, s.shop_timeout, s.stock_timeout]
        self.line = [deque() for _ in range(4)]
        self.busy, self.flying = [0] * 4, [0] * 5
        self.breakers = [Breaker(s) for _ in range(5)]
        self.hanging: list[Request] = []
        self.seen: dict[str, list[float]] = {name: [] for name in ("fresh", "asked", "good", "failed", "served")}
        self.answers: list[tuple[float, float]] = []
        self.samples: list[tuple[float, ...]] = []
        self.events = 0

    # -- the clock -----------------------------------------------------------------------------------------------------

    def at(self, when: float, act, *what) -> None:
        heapq.heappush(self.heap, (when, next(self.order), act, what))

    def run(self) -> Loop:
        s = self.s
        self.at(self.draw.expovariate(s.arrival_rate), self.come)
        self.at(0.25, self.look)
        if s.trigger == "feature":
            self.at(s.trigger_start + s.trigger_duration, self.release)
        while self.heap and self.heap[0][0] < s.until:
            self.now, _, act, what = heapq.heappop(self.heap)
            self.events += 1
            act(*what)
        return self

    def look(self) -> None:
        self.samples.append((*self.busy, *(len(line) for line in self.line)))
        self.at(self.now + 0.5, self.look)

    def ill(self) -> bool:
        return self.s.trigger_start <= self.now < self.s.trigger_start + self.s.trigger_duration

    # -- users ---------------------------------------------------------------------------------------------------------

    def come(self) -> None:
        self.at(self.now + self.draw.expovariate(self.s.arrival_rate), self.come)
        self.seen["fresh"].append(self.now)
        self.ask(self.draw.random() < self.s.feature_share)

    def ask(self, feature: bool) -> None:
        s = self.s
        self.seen["asked"].append(self.now)
        request = Request(GATEWAY, None, feature, self.now)
        if s.shed_threshold < 1 and self.busy[GATEWAY] >= s.shed_threshold * self.pool[GATEWAY]:
            self.lose(request)
        elif self.enter(request):
            self.at(self.now + s.user_timeout, self.user_leaves, request)
        else:
            self.lose(request)

    def user_leaves(self, request: Request) -> None:
        if request.wanted:
            request.wanted = False
            self.lose(request)

    def lose(self, request: Request) -> None:
        self.seen["failed"].append(self.now)
        if self.draw.random() < self.s.reload_share:
            self.at(self.now + 1.0, self.ask, request.feature)

    # -- a tier --------------------------------------------------------------------------------------------------------

    def enter(self, request: Request) -> bool:
        tier = request.tier
        if self.busy[tier] >= self.pool[tier] and len(self.line[tier]) >= self.s.queue_limit:
            return False
        self.line[tier].append(request)
        self.start(tier)
        return True

    def start(self, tier: int) -> None:
        while self.line[tier] and self.busy[tier] < self.pool[tier]:
            request = self.line[tier].popleft()
            self.busy[tier] += 1
            if tier == DATABASE:
                slow = self.s.slowdown if self.s.trigger == "database" and self.ill() else 1.0
                self.at(self.now + self.draw.expovariate(1 / (self.s.database_work * slow)), self.served, request)
            else:
                self.at(self.now + self.work[tier], self.call_below, request)

    def served(self, request: Request) -> None:
        self.seen["served"].append(self.now)
        self.end(request, self.draw.random() >= self.s.error_share)

    def end(self, request: Request, good: bool) -> None:
        """A worker is free, and whoever still waits hears of it."""
        self.busy[request.tier] -= 1
        request.over = True
        if request.wanted:
            request.wanted = False
            if request.caller is not None:
                self.hear(request.caller, request.tier, good)
            elif good:
                self.seen["good"].append(self.now)
                self.answers.append((self.now, self.now - request.arrived))
            else:
                self.lose(request)
        self.start(request.tier)

    # -- calling below -------------------------------------------------------------------------------------------------

    def call_below(self, request: Request) -> None:
        if request.feature and request.tier == GATEWAY:
            self.call_reviews(request)
            return
        below = request.tier + 1
        if self.flying[below] >= self.s.bulkhead or not self.breakers[below].admits(self.now):
            self.fail(request)
            return
        call = Request(below, request, request.feature, self.now)
        self.flying[below] += 1
        request.call = call
        if self.enter(call):
            self.at(self.now + self.timeout[request.tier], self.time_out, request, call)
        else:
            self.hear(request, below, False)

    def time_out(self, request: Request, call: Request) -> None:
        if call.wanted and request.call is call:
            call.wanted = False
            self.hear(request, call.tier, False)

    def hear(self, request: Request, below: int, good: bool) -> None:
        request.call = None
        self.flying[below] -= 1
        self.breakers[below].note(self.now, not good)
        if good:
            self.end(request, True)
        else:
            self.fail(request)

    def fail(self, request: Request) -> None:
        if request.attempt < self.s.max_retries:
            request.attempt += 1
            self.at(self.now + self.s.retry_wait, self.call_below, request)
        else:
            self.end(request, False)

    # -- the feature ---------------------------------------------------------------------------------------------------

    def call_reviews(self, request: Request) -> None:
        s, spared = self.s, self.s.feature != "required"
        if s.feature == "off":
            self.end(request, True)
        elif self.flying[REVIEWS] >= s.bulkhead or not self.breakers[REVIEWS].admits(self.now):
            self.end(request, spared)
        elif s.trigger == "feature" and self.ill():
            self.flying[REVIEWS] += 1
            self.hanging.append(request)
            self.at(self.now + s.feature_timeout, self.forget, request)
        else:
            self.breakers[REVIEWS].note(self.now, False)
            self.end(request, True)

    def forget(self, request: Request) -> None:
        if not request.over:
            self.flying[REVIEWS] -= 1
            self.breakers[REVIEWS].note(self.now, True)
            self.end(request, self.s.feature != "required")

    def release(self) -> None:
        for request in self.hanging:
            if not request.over:
                self.flying[REVIEWS] -= 1
                self.breakers[REVIEWS].note(self.now, False)
                self.end(request, True)


def measure(scenario: Scenario, seed: int) -> dict:
    """Counts in windows of ten seconds, mean workers held and queues in them, when each tier was full, and totals."""
    loop = Loop(scenario, int(seed)).run()
    edges = np.arange(0, scenario.until + 1e-9, WINDOW)
    seen: dict = {name: np.histogram(times, edges)[0] for name, times in loop.seen.items()}
    samples = np.asarray(loop.samples, dtype=float)
    per = int(WINDOW / 0.5)
    means = samples[: len(samples) // per * per].reshape(-1, per, 8).mean(axis=1)
    for i, name in enumerate(("gateway", "shop", "stock", "database")):
        seen[f"{name}_held"], seen[f"{name}_queue"] = means[:, i], means[:, 4 + i]
        whole = 0.95 * loop.pool[i]
        lasting = np.array([samples[k, i] >= whole <= samples[k : k + 10, i].mean() for k in range(len(samples) - 9)])
        seen[f"{name}_full"] = float(lasting.argmax() * 0.5) if lasting.any() else float("nan")
    return seen
