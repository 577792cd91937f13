"""An independent retry storm: one request after the other through a small event loop, no ticks, no shared code.

Used by tests only. It knows clients, attempts and one or more servers; nothing of cumulative curves, cohorts or blocks.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from dataclasses import dataclass, field

ARRIVE, TIMEOUT, RETRY, DONE, LOOK, RATE = range(6)


@dataclass
class Scenario:
    """One run; names and units as in ``retry_storm.Parameters``."""

    arrival_rate: float = 225.0
    service_rate: float = 300.0
    timeout: float = 1.0
    max_retries: int = 3
    brownout: tuple[float, float, float] = (60.0, 90.0, 0.3)
    until: float = 300.0
    backoff: str = "none"
    backoff_base: float = 0.1
    backoff_cap: float = 20.0
    budget: str = "none"
    budget_ratio: float = 0.1
    budget_burst: float = 25.0
    reply_loss: float = 0.0
    servers: int = 1  # they share the service rate
    service: str = "exponential"  # or "constant", or "log-normal" with a coefficient of variation of 1
    deadline_propagation: bool = False
    deadlines_from: float = 0.0  # seconds; switched on in mid-run
    deadline_margin: float = 0.0  # dropped from the queue when less than this is left
    cancels: bool = False  # work in service is given up at its deadline, too
    queue_limit: float = math.inf
    breaker: bool = False
    breaker_window: float = 10.0
    breaker_threshold: float = 0.5
    throttle: bool = False
    throttle_ratio: float = 2.0
    throttle_window: float = 10.0
    population: int = 0
    think_time: float = 10.0
    reaction: float = 0.5


@dataclass
class Result:
    """Events of one run, as lists of times."""

    good: list[float] = field(default_factory=list)
    attempts: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    latency: list[tuple[float, float]] = field(default_factory=list)  # answered, or timed out for good: end, duration
    rejected: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)  # ends of services, wanted or not
    queue: list[int] = field(default_factory=list)  # at every whole tick of 0.1 s
    failed: int = 0

    def per_second(self, times: list[float], until: float) -> list[int]:
        counts = [0] * int(until)
        for time in times:
            if time < until:
                counts[int(time)] += 1
        return counts

    def recovered(self, end: float, until: float) -> float:
        """First second after `end` that opens five seconds each with 95 % answered in time."""
        good, first = self.per_second(self.good, until), self.per_second(self.first, until)
        for second in range(int(end), int(until) - 4):
            if all(good[s] >= 0.95 * first[s] for s in range(second, second + 5)):
                return float(second)
        return math.nan


class Loop:
    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.s, self.random, self.out = scenario, random.Random(seed), Result()
        self.events: list[tuple[float, int, int, int]] = []
        self.order = 0
        self.waiting: deque[list] = deque()
        self.running = 0
        self.rate = scenario.service_rate
        self.tokens = scenario.budget_burst
        self.late_tokens: deque[tuple[float, float]] = deque()
        self.window: deque[tuple[float, int, int, int]] = deque()  # looks: time, asked, good, bad since the last
        self.asked = self.good = self.bad = 0
        self.state, self.since, self.admit = "closed", 0.0, 1.0

    def run(self) -> Result:
        s = self.s
        start, end, share = s.brownout
        self.push(start, RATE, s.service_rate * share)
        self.push(end, RATE, s.service_rate)
        if s.population:
            for _ in range(s.population):
                self.push(self.random.expovariate(1 / s.think_time), ARRIVE, None)
        else:
            self.push(self.random.expovariate(s.arrival_rate), ARRIVE, None)
        self.push(s.reaction, LOOK, None)
        sample = 0.1
        while self.events:
            time, _, kind, what = heapq.heappop(self.events)
            while sample <= time and sample <= s.until + 1e-9:
                self.out.queue.append(len(self.waiting) + self.running)
                sample += 0.1
            if time > s.until:
                break
            self.handle(time, kind, what)
        return self.out

    def push(self, time: float, kind: int, what) -> None:
        self.order += 1
        heapq.heappush(self.events, (time, self.order, kind, what))

    def handle(self, now: float, kind: int, what) -> None:
        if kind == ARRIVE:
            if not self.s.population:
                self.push(now + self.random.expovariate(self.s.arrival_rate), ARRIVE, None)
            self.out.first.append(now)
            self.tokens_earned(now, "first_attempts")
            self.attempt(now, 0, now, 0.0)
        elif kind == RETRY:
            self.attempt(now, *what)
        elif kind == TIMEOUT:
            if what[0] in ("waiting", "running", "unheard"):
                running, what[0] = what[0] == "running", "gone"
                self.bad += 1
                if running and self.s.deadline_propagation and self.s.cancels:
                    what[0] = "cancelled"
                    self.running -= 1
                    self.serve(now)
                self.failure(now, what[1], what[2], what[3], 0.0)
        elif kind == DONE:
            self.finish(now, what)
        elif kind == LOOK:
            self.look(now)
            self.push(now + self.s.reaction, LOOK, None)
        else:
            self.rate = what

    def attempt(self, now: float, number: int, began: float, pause: float) -> None:
        self.asked += 1
        if self.admit < 1.0 and self.random.random() >= self.admit:
            self.request_failed(now)
            return
        self.out.attempts.append(now)
        if len(self.waiting) + self.running >= self.s.queue_limit:
            self.bad += 1
            self.out.rejected.append(now)
            self.failure(now, number, began, pause, self.s.reaction)
            return
        job = ["waiting", number, began, pause, now + self.s.timeout]
        self.waiting.append(job)
        self.push(now + self.s.timeout, TIMEOUT, job)
        self.serve(now)

    def serve(self, now: float) -> None:
        dropping = self.s.deadline_propagation and now >= self.s.deadlines_from
        while dropping and self.waiting and self.waiting[0][4] - now <= self.s.deadline_margin:
            self.waiting.popleft()
        if self.waiting and self.running < self.s.servers:
            job = self.waiting.popleft()
            job[0] = "running" if job[0] == "waiting" else "gone"
            self.running += 1
            self.push(now + self.duration(), DONE, job)

    def duration(self) -> float:
        mean = self.s.servers / self.rate
        if self.s.service == "constant":
            return mean
        if self.s.service == "log-normal":
            return mean * math.exp(self.random.gauss(0.0, math.sqrt(math.log(2))) - math.log(2) / 2)
        return self.random.expovariate(1 / mean)

    def finish(self, now: float, job: list) -> None:
        if job[0] == "cancelled":
            return
        self.running -= 1
        self.out.worked.append(now)
        answered = self.random.random() >= self.s.reply_loss
        if job[0] == "running":
            job[0] = "answered" if answered else "unheard"
        if job[0] == "answered":
            self.good += 1
            self.out.good.append(now)
            self.out.latency.append((now, now - job[2]))
            if self.s.budget == "successes":
                self.late_tokens.append((now + self.s.reaction, self.s.budget_ratio))
            if self.s.population:
                self.push(now + self.random.expovariate(1 / self.s.think_time), ARRIVE, None)
        self.serve(now)

    def failure(self, now: float, number: int, began: float, pause: float, notice: float) -> None:
        if number >= self.s.max_retries or not self.token(now):
            if notice == 0.0:
                self.out.latency.append((now, now - began))
            self.request_failed(now)
            return
        pause = self.pause(number, pause)
        self.push(now + notice + pause, RETRY, (number + 1, began, pause))

    def request_failed(self, now: float) -> None:
        self.out.failed += 1
        if self.s.population:
            self.push(now + self.random.expovariate(1 / self.s.think_time), ARRIVE, None)

    def token(self, now: float) -> bool:
        if self.s.budget == "none":
            return True
        while self.late_tokens and self.late_tokens[0][0] <= now:
            self.tokens = min(self.tokens + self.late_tokens.popleft()[1], self.s.budget_burst)
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True

    def tokens_earned(self, now: float, by: str) -> None:
        if self.s.budget == by:
            self.tokens = min(self.tokens + self.s.budget_ratio, self.s.budget_burst)

    def pause(self, number: int, previous: float) -> float:
        s, ceiling = self.s, min(self.s.backoff_cap, self.s.backoff_base * 2**number)
        if s.backoff == "fixed":
            return s.backoff_base
        if s.backoff == "exponential":
            return ceiling
        if s.backoff == "full_jitter":
            return self.random.uniform(0, ceiling)
        if s.backoff == "decorrelated_jitter":
            return min(s.backoff_cap, self.random.uniform(s.backoff_base, 3 * (previous or s.backoff_base)))
        return 0.0

    def look(self, now: float) -> None:
        self.window.append((now, self.asked, self.good, self.bad))
        self.asked = self.good = self.bad = 0
        while self.window[0][0] < now - max(self.s.breaker_window, self.s.throttle_window):
            self.window.popleft()
        self.admit = self.breaker(now) * self.throttle(now)

    def breaker(self, now: float) -> float:
        if not self.s.breaker:
            return 1.0
        seen = [w for w in self.window if w[0] > now - self.s.breaker_window + 1e-9 and w[0] > self.since + 1e-9]
        good, bad = sum(w[2] for w in seen), sum(w[3] for w in seen)
        failing, age, state = (
            bad > 0 and bad >= self.s.breaker_threshold * (good + bad),
            now - self.since + 1e-9,
            self.state,
        )
        if state == "closed" and failing and age >= self.s.breaker_window:
            state = "open"
        elif state == "open" and age >= 5.0:
            state = "half-open"
        elif state == "half-open" and age > self.s.timeout + 1e-6:
            state = "open" if failing else "closed"
        if state != self.state:
            self.state, self.since = state, now
        return {"closed": 1.0, "open": 0.0, "half-open": 0.05}[state]

    def throttle(self, now: float) -> float:
        if not self.s.throttle:
            return 1.0
        seen = [w for w in self.window if w[0] > now - self.s.throttle_window + 1e-9]
        asked, good = sum(w[1] for w in seen), sum(w[2] for w in seen)
        return 1.0 - max(asked - self.s.throttle_ratio * good, 0.0) / (asked + 1.0)
