"""An independent chain: one request after the other through a small event loop, no ticks, no shared code.

Used by tests only. The three callers are nested functions of a request's state, inventory is one server with a queue.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from dataclasses import dataclass, field

ARRIVE, CALL, TIMEOUT, DONE, FAILED = range(5)


@dataclass
class Scenario:
    """One run; names and units as in ``retry_chain.Parameters``."""

    arrival_rate: float = 100.0
    service_rate: float = 150.0
    timeout: float = 1.0
    queue_limit: float = 600.0
    max_retries: int = 3
    layers: int = 3
    errors: tuple[float, float, float] = (30.0, 60.0, 0.5)  # start, end, share
    budget_ratio: float = math.inf
    budget_burst: float = 20.0
    until: float = 120.0
    hop: float = 0.1  # a failure is seen this much later by orders, and again by each layer above


@dataclass
class Result:
    """Times at which things happened."""

    offered: list[float] = field(default_factory=list)
    good: list[float] = field(default_factory=list)
    calls: dict[str, list[float]] = field(default_factory=lambda: {"gateway": [], "orders": [], "inventory": []})
    longest_queue: int = 0

    def count(self, times: list[float], start: float, end: float) -> int:
        return sum(start < time <= end for time in times)

    def recovered(self, end: float, until: float) -> float:
        for second in range(int(end), int(until) - 4):
            seconds = range(second, second + 5)
            if all(self.count(self.good, s, s + 1) >= 0.95 * self.count(self.offered, s, s + 1) for s in seconds):
                return float(second)
        return math.nan


class Call:
    """One call of inventory on behalf of a request; `tries` are the attempts of app, gateway and orders."""

    def __init__(self, tries: tuple[int, int, int]) -> None:
        self.tries, self.open = tries, True


class Loop:
    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.s, self.random, self.out = scenario, random.Random(seed), Result()
        self.events: list[tuple] = []
        self.order, self.busy, self.now = 0, False, 0.0
        self.queue: deque[Call] = deque()
        self.tokens = [scenario.budget_burst] * 3

    def at(self, time: float, kind: int, what: object = None) -> None:
        self.order += 1
        heapq.heappush(self.events, (time, self.order, kind, what))

    def run(self) -> Result:
        self.at(self.random.expovariate(self.s.arrival_rate), ARRIVE)
        actions = {ARRIVE: self.arrive, CALL: self.call, TIMEOUT: self.time_out, DONE: self.done, FAILED: self.failed}
        while self.events and self.events[0][0] <= self.s.until:
            self.now, _, kind, what = heapq.heappop(self.events)
            actions[kind](what)
        return self.out

    def arrive(self, _: None) -> None:
        self.out.offered.append(self.now)
        self.at(self.now + self.random.expovariate(self.s.arrival_rate), ARRIVE)
        self.call((0, 0, 0))

    def call(self, tries: tuple[int, int, int]) -> None:
        """A call goes down the chain; whoever makes a first attempt earns."""
        app, gateway, orders = tries
        firsts = (app == gateway == orders == 0, gateway == orders == 0, orders == 0)
        for layer, first in enumerate(firsts):
            if first:
                self.tokens[layer] = min(self.tokens[layer] + self.s.budget_ratio, self.s.budget_burst)
        for name, reached in zip(("gateway", "orders", "inventory"), (*firsts[1:], True), strict=True):
            if reached:
                self.out.calls[name].append(self.now)
        call = Call(tries)
        if len(self.queue) >= self.s.queue_limit:
            self.at(self.now + self.s.hop, FAILED, (2, tries))
            return
        self.queue.append(call)
        self.out.longest_queue = max(self.out.longest_queue, len(self.queue))
        self.at(self.now + self.s.timeout, TIMEOUT, call)
        if not self.busy:
            self.serve()

    def serve(self) -> None:
        self.busy = True
        self.at(self.now + self.random.expovariate(self.s.service_rate), DONE)

    def done(self, _: None) -> None:
        call = self.queue.popleft()
        if call.open:
            call.open = False
            start, end, share = self.s.errors
            if start <= self.now < end and self.random.random() < share:
                self.at(self.now + self.s.hop, FAILED, (2, call.tries))
            else:
                self.out.good.append(self.now)
        self.busy = False
        if self.queue:
            self.serve()

    def time_out(self, call: Call) -> None:
        if call.open:
            call.open = False
            self.at(self.now + self.s.hop, FAILED, (2, call.tries))

    def failed(self, what: tuple[int, tuple[int, int, int]]) -> None:
        """A layer's callee has failed: retry, or fail in turn."""
        layer, tries = what
        retries = self.s.max_retries if 2 - layer < self.s.layers else 0
        if tries[layer] < retries and self.pay(layer):
            self.call((*tries[:layer], tries[layer] + 1, *(0,) * (2 - layer)))
        elif layer > 0:
            self.at(self.now + self.s.hop, FAILED, (layer - 1, tries))

    def pay(self, layer: int) -> bool:
        if math.isinf(self.s.budget_ratio):
            return True
        if self.tokens[layer] < 1:
            return False
        self.tokens[layer] -= 1
        return True
