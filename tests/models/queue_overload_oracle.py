"""An independent queue: one message after the other through a small event loop, no ticks, no fluid, no shared code.

Used by tests and the benchmark only. It knows messages, consumers with exponential service times, producers that look
at an old length, an autoscaler with a clock, and a broker that dies. Message ages are each message's own.
"""

from __future__ import annotations

import bisect
import heapq
import itertools
import random
from collections import deque
from dataclasses import dataclass, field

import numpy as np

DONE, AGAIN, LOOK, START, UP = range(5)
LAST_IN = ("lifo", "adaptive_lifo")
TWO_LIMITS = ("codel", "adaptive_lifo")


@dataclass
class Scenario:
    """One run; names and units as in ``queue_overload.Parameters``, scaled down."""

    producer_rate: float = 80.0
    burst_rate: float = 160.0
    burst_start: float = 30.0
    burst_duration: float = 60.0
    consumers: int = 10
    service_rate: float = 10.0
    partitions: int = 16
    downstream_rate: float = float("inf")
    deadline: float = 10.0
    discipline: str = "fifo"
    codel_target: float = 1.0
    codel_interval: float = 10.0
    expiry: str = "off"
    bound: float = float("inf")
    when_full: str = "reject"
    rejection_cost: float = 0.0
    back_pressure: float = 0.0
    pressure_wait: float = 3.0
    pressure_delay: float = 2.0
    max_consumers: int = 10
    scale_wait: float = 5.0
    scale_interval: float = 15.0
    startup: float = 60.0
    cooldown: float = 300.0
    poison_share: float = 0.0
    max_deliveries: int = 5
    redelivery_delay: float = 30.0
    memory_limit: float = float("inf")
    durable: str = "no"
    restart_time: float = 60.0
    until: float = 300.0


class Message:
    """What waits: when it was sent, when it last entered the queue, and how often it was delivered."""

    __slots__ = ("deliveries", "entered", "poison", "sent")

    def __init__(self, now: float, poison: bool) -> None:
        self.sent = self.entered = now
        self.poison, self.deliveries = poison, 0


@dataclass
class Result:
    """What happened: times, and at every whole second what one would see."""

    sent: list[float] = field(default_factory=list)
    good: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    dropped: list[float] = field(default_factory=list)
    dead: list[float] = field(default_factory=list)
    lost: list[float] = field(default_factory=list)
    served: list[float] = field(default_factory=list)
    depth: list[int] = field(default_factory=list)
    age: list[float] = field(default_factory=list)
    running: list[int] = field(default_factory=list)
    before_drop: list[tuple[int, float]] = field(default_factory=list)  # depth and age as a limit changes
    luck: list[float] = field(default_factory=lambda: [0.0] * 6)
    events: int = 0


class Loop:
    """The event loop."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.s, self.draw, self.out = scenario, random.Random(int(seed)), Result()
        self.heap: list[tuple] = []
        self.order = itertools.count()
        self.line: deque[Message] = deque()
        self.working, self.extra, self.ordered, self.calm = 0, 0, 0, 0.0
        self.debt, self.empty_at, self.full = 0.0, 0.0, float("inf")
        self.up, self.stood = True, False
        self.seen_at: list[float] = [0.0]  # when the length changed, and to what
        self.seen: list[int] = [0]
        base = min(scenario.consumers, scenario.partitions) * scenario.service_rate
        self.base = base
        self.room = scenario.bound * base

    # -- the clock -----------------------------------------------------------------------------------------------------

    def run(self) -> Result:
        s, second = self.s, 1
        if s.max_consumers > s.consumers:
            self._push(0.0, LOOK)
        arrival = self._next_arrival(0.0)
        while True:
            now = min(arrival, self.heap[0][0] if self.heap else arrival)
            while second <= min(now, s.until):
                self._drop_old(second)
                self.out.depth.append(len(self.line))
                self.out.age.append(second - self.line[0].entered if self.line else 0.0)
                self.out.running.append(self._consumers() if self.up else 0)
                second += 1
            if now >= s.until:
                return self.out
            self.out.events += 1
            if now == arrival:
                self.out.luck[self._phase(now)] += 1.0
                self._send(now)
                arrival = self._next_arrival(now)
            else:
                _, _, kind, *more = heapq.heappop(self.heap)
                (self._done, self._again, self._look, self._start, self._come_up)[kind](now, *more)
            if s.back_pressure:
                self.seen_at.append(now)
                self.seen.append(len(self.line))

    def _phase(self, now: float) -> int:
        return (now >= self.s.burst_start) + (now >= self.s.burst_start + self.s.burst_duration)

    def _push(self, time: float, *event) -> None:
        heapq.heappush(self.heap, (time, next(self.order), *event))

    def _next_arrival(self, now: float) -> float:
        """The next arrival of a Poisson process of two rates: at a change of rate it is drawn anew."""
        s = self.s
        edges = (s.burst_start, s.burst_start + s.burst_duration, float("inf"))
        while True:
            rate = s.burst_rate if edges[0] <= now < edges[1] else s.producer_rate
            then = now + self.draw.expovariate(rate)
            edge = next(e for e in edges if e > now)
            if then < edge:
                return then
            now = edge

    # -- producers and the door ----------------------------------------------------------------------------------------

    def _send(self, now: float) -> None:
        s = self.s
        long = s.back_pressure and self._length_before(now - s.pressure_delay) > s.pressure_wait * self.base
        if long and self.draw.random() < s.back_pressure:
            return
        self.out.sent.append(now)
        self._enter(now, Message(now, self.draw.random() < s.poison_share))

    def _length_before(self, then: float) -> int:
        return self.seen[bisect.bisect_right(self.seen_at, then) - 1] if then >= 0 else 0

    def _enter(self, now: float, message: Message) -> None:
        s = self.s
        self._drop_old(now)
        if not self.up:
            self.out.refused.append(now)
            return
        limit = min(self.room if s.when_full != "push_back" else float("inf"), self.full)
        if len(self.line) >= limit:
            if s.when_full == "reject" or self.full < float("inf"):
                self.out.refused.append(now)
                self.debt += s.rejection_cost
                return
            self.line.popleft()
            self.out.dropped.append(now)
        message.entered = now
        self.line.append(message)
        if len(self.line) > s.memory_limit and self.full == float("inf"):
            self._die(now)
        self._serve(now)

    def _die(self, now: float) -> None:
        self.up = False
        if self.s.durable == "yes":
            self.full = self.s.memory_limit
        else:
            self.out.lost += [now] * len(self.line)
            self.line.clear()
        self._push(now + self.s.restart_time, UP)

    def _come_up(self, now: float) -> None:
        self.up = True
        self._serve(now)

    # -- consumers -----------------------------------------------------------------------------------------------------

    def _consumers(self) -> int:
        return min(self.s.consumers + self.extra, self.s.partitions)

    def _serve(self, now: float) -> None:
        self._drop_old(now)
        while self.up and self.line and self.working < self._consumers():
            message = self.line.pop() if self.s.discipline in LAST_IN else self.line.popleft()
            self.working += 1
            work, self.debt = 1.0 + self.debt, 0.0
            rate = min(self.s.service_rate, self.s.downstream_rate / self._consumers())
            drawn = self.draw.expovariate(1.0)
            self.out.luck[3 + self._phase(now)] += drawn - 1.0
            self._push(now + drawn / rate * work, DONE, message, now - message.sent)
        if not self.line:
            self.empty_at = now

    def _done(self, now: float, message: Message, wait: float) -> None:
        self.working -= 1
        self.out.served.append(now)
        message.deliveries += 1
        if not message.poison:
            (self.out.good if wait <= self.s.deadline else self.out.late).append(now)
        elif message.deliveries >= self.s.max_deliveries:
            self.out.dead.append(now)
        elif self.s.discipline in LAST_IN:
            self.line.append(message)
        else:
            self._push(now + self.s.redelivery_delay, AGAIN, message)
        self._serve(now)

    def _again(self, now: float, message: Message) -> None:
        self._enter(now, message)

    def _drop_old(self, now: float) -> None:
        """Whatever has waited longer than it may goes, from the old end."""
        s, limit = self.s, float("inf")
        if s.expiry == "on":
            limit = s.deadline
        if s.discipline in TWO_LIMITS:
            stands = now - self.empty_at >= s.codel_interval
            limit = min(limit, s.codel_target if stands else s.codel_interval)
            if stands and not self.stood and self.line:
                self.out.before_drop.append((len(self.line), now - self.line[0].entered))
            self.stood = stands
        while self.line and now - self.line[0].entered > limit:
            self.line.popleft()
            self.out.dropped.append(now)
        if not self.line:
            self.empty_at = now

    # -- scaling -------------------------------------------------------------------------------------------------------

    def _look(self, now: float) -> None:
        s = self.s
        work = len(self.line) / s.service_rate
        wanted = min(max(-(-work // s.scale_wait), s.consumers), s.max_consumers) - s.consumers
        if wanted >= self.ordered:
            self.calm = now
        for _ in range(int(wanted - self.ordered)):
            self._push(now + s.startup, START)
            self.ordered += 1
        if now - self.calm >= s.cooldown:
            self.ordered = int(wanted)
            self.extra = min(self.extra, self.ordered)
        self._push(now + s.scale_interval, LOOK)

    def _start(self, now: float) -> None:
        self.extra = min(self.extra + 1, self.ordered)
        self._serve(now)


def measure(scenario: Scenario, seed: int) -> dict:
    """Totals, means over the burst's second half, the highest depth and age, and when goodput is back.

    A peak is the highest of what one sees each second and of what was there as a limit changed. `luck` is chance of
    which one knows that its mean is nothing: arrivals more than expected, and unit service times longer than one,
    before, in and after the burst.
    """
    s, out = scenario, Loop(scenario, seed).run()
    names = ("sent", "good", "late", "refused", "dropped", "dead", "lost", "served")
    seen = {name: float(len(getattr(out, name))) for name in names}
    half, end = s.burst_start + s.burst_duration / 2, s.burst_start + s.burst_duration
    for name in ("good", "served"):
        times = np.asarray(getattr(out, name))
        seen[f"{name}_in_burst"] = float(((times >= half) & (times < end)).sum() / (end - half))
    before = zip(*out.before_drop, strict=True) if out.before_drop else ((), ())
    for name, more in zip(("depth", "age"), before, strict=True):
        each = np.asarray(getattr(out, name))
        seen |= {name: float(max(each.max(), *more, 0.0)), f"{name}_in_burst": float(each[int(half) : int(end)].mean())}
    rates = (s.producer_rate * s.burst_start, s.burst_rate * s.burst_duration, s.producer_rate * (s.until - end))
    luck = np.asarray(out.luck) - (*rates, 0.0, 0.0, 0.0)
    return seen | {"consumers": float(np.max(out.running)), "recovered": recovered(s, out), "luck": luck}


def recovered(s: Scenario, out: Result) -> float:
    """First second after the burst from which over ten seconds 95 % of what is sent is done in time."""
    seconds = np.arange(int(s.until) + 1)
    good, sent = (np.histogram(times, seconds)[0] for times in (out.good, out.sent))
    for second in range(int(s.burst_start + s.burst_duration), len(good) - 9):
        ten = slice(second, second + 10)
        if good[ten].sum() >= 0.95 * (1.0 - s.poison_share) * sent[ten].sum():
            return float(second)
    return float("nan")
