"""An independent event loop of a fleet with retries: every attempt has its own arrival, worker, deadline and retry.

Written from the definitions. Users' requests come as a Poisson stream, and a valve lets some in. Each attempt goes to
a worker at random, which works first come, first served, its service times exponential. Who has no answer after the
deadline gives up, the worker does not; a full queue refuses at once. A failed attempt is made again after an
exponential time, unless it was the last or the budget is spent. Shares no code with the model.
"""

from __future__ import annotations

import dataclasses
import heapq
import random
from collections import deque

import numpy as np

BURST = 1.0  # seconds of first attempts whose earnings the budget's bucket holds


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One setting; names and meanings as in the model's parameters."""

    arrival_rate: float = 600.0
    workers: int = 12
    worker_rate: float = 100.0
    deadline: float = 0.1
    max_retries: int = 3
    retry_delay: float = 5.0
    retry_budget: float = float("inf")
    degradation: float = 0.0
    queue_limit: float = 1.0
    trigger: str = "outage"
    trigger_size: float = 1.0
    trigger_start: float = 30.0
    trigger_duration: float = 10.0
    shut: tuple[float, float, float] = (0.0, 0.0, 1.0)  # from, until, share let in meanwhile
    until: float = 120.0


class Loop:
    """One run; counts by whole seconds."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.s, self.draw = scenario, random.Random(seed)
        self.queues: list[deque[list]] = [deque() for _ in range(scenario.workers)]
        self.waiting = 0
        self.room = max(scenario.queue_limit, 2 * scenario.deadline) * scenario.worker_rate
        self.deadlines: deque[tuple[float, list]] = deque()
        self.retries: list[tuple[float, int, int]] = []
        self.tokens, self.tie = 0.0, 0
        if scenario.retry_budget < float("inf"):
            self.tokens = scenario.retry_budget * scenario.arrival_rate * BURST
        seconds = int(scenario.until)
        names = ("first", "attempts", "good", "served", "lost", "shed", "queue", "orbit")
        self.count = {name: np.zeros(seconds) for name in names}

    def run(self) -> Loop:
        """All events in order of time."""
        s, draw = self.s, self.draw
        most = s.arrival_rate + (s.trigger_size * s.workers * s.worker_rate if s.trigger == "spike" else 0.0)
        work, looked = s.workers * s.worker_rate, 0
        arrival, service = draw.expovariate(most), draw.expovariate(work)
        while True:
            due = self.deadlines[0][0] if self.deadlines else np.inf
            again = self.retries[0][0] if self.retries else np.inf
            now = min(arrival, service, due, again)
            while looked < min(now, s.until):
                looked = self._look(looked)
            if now >= s.until:
                self._look(looked)
                return self
            if now == service:
                self._serve(now)
                service = now + draw.expovariate(work)
            elif now == arrival:
                if draw.random() * most < self._rate(now):
                    self._request(now)
                arrival = now + draw.expovariate(most)
            elif now == due:
                attempt = self.deadlines.popleft()[1]
                if not attempt[1]:
                    self._fail(now, attempt[0])
            else:
                _, _, number = heapq.heappop(self.retries)
                self._attempt(now, number)

    def _on(self, now: float) -> bool:
        return self.s.trigger_start <= now < self.s.trigger_start + self.s.trigger_duration

    def _rate(self, now: float) -> float:
        extra = self.s.trigger_size * self.s.workers * self.s.worker_rate
        return self.s.arrival_rate + (extra if self.s.trigger == "spike" and self._on(now) else 0.0)

    def _add(self, name: str, now: float) -> None:
        self.count[name][int(now)] += 1

    def _look(self, second: int) -> int:
        """State at the end of a second."""
        if second > 0:
            self.count["queue"][second - 1] = self.waiting
            self.count["orbit"][second - 1] = len(self.retries)
        return second + 1

    def _request(self, now: float) -> None:
        self._add("first", now)
        begin, end, share = self.s.shut
        if begin <= now < end and self.draw.random() >= share:
            self._add("shed", now)
            return
        if self.s.retry_budget < float("inf"):
            most = max(self.s.retry_budget * self.s.arrival_rate * BURST, 1.0)
            self.tokens = min(self.tokens + self.s.retry_budget, most)
        self._attempt(now, 0)

    def _attempt(self, now: float, number: int) -> None:
        self._add("attempts", now)
        queue = self.queues[self.draw.randrange(self.s.workers)]
        if len(queue) >= self.room:
            self._fail(now, number)
            return
        attempt = [number, False]
        queue.append(attempt)
        self.waiting += 1
        self.deadlines.append((now + self.s.deadline, attempt))
        attempt.append(now + self.s.deadline)

    def _serve(self, now: float) -> None:
        """A worker at random ends what it works on, if it works, and is not slowed down just then."""
        worker = self.queues[self.draw.randrange(self.s.workers)]
        if not worker:
            return
        whole = 1.0 - self.s.trigger_size if self.s.trigger == "outage" and self._on(now) else 1.0
        if np.isfinite(self.room):
            whole *= 1.0 - self.s.degradation * min(self.waiting / (self.room * self.s.workers), 1.0)
        if self.draw.random() >= whole:
            return
        attempt = worker.popleft()
        self.waiting -= 1
        self._add("served", now)
        if now <= attempt[2]:
            attempt[1] = True
            self._add("good", now)

    def _fail(self, now: float, number: int) -> None:
        if number >= self.s.max_retries:
            self._add("lost", now)
            return
        if self.s.retry_budget < float("inf"):
            if self.tokens < 1.0:
                self._add("lost", now)
                return
            self.tokens -= 1.0
        self.tie += 1
        wait = self.draw.expovariate(1.0 / self.s.retry_delay)
        heapq.heappush(self.retries, (now + wait, self.tie, number + 1))
