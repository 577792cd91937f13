"""An independent gray failure: pages, their calls, hosts with workers, one by one through an event loop.

Used by tests and the benchmark only; it shares no code with the model. A page takes as long as the longest of its
calls, which are sent within a second, so that hosts see calls of many pages mixed and no bursts; a call picks a host,
may be followed by a copy to another, and fails at its timeout. Hosts serve first come, first served. Checkers probe
each host, a judge counts what callers saw of it.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import deque
from dataclasses import dataclass, field

INF = math.inf
BURST = 20.0  # copies that a budget lets through at once
SCATTER = 1.0  # seconds within which a page's calls are sent


@dataclass
class Scenario:
    """One run; names and units as in ``gray_failure.Parameters``, scaled down."""

    request_rate: float = 24.0
    fan_out: int = 10
    hosts: int = 6
    replicas: int = 128
    workers: int = 16
    median_time: float = 0.05
    spread: float = 0.5
    fault: str = "limping"
    impaired_hosts: int = 1
    slow_fraction: float = 0.2
    slow_time: float = 1.0
    work_factor: float = 4.8
    fail_time: float = 0.002
    dependence: float = 0.0
    fault_start: float = 20.0
    fault_duration: float = 30.0
    balancer: str = "round_robin"
    error_penalty: float = 0.0
    hedge: str = "hedged"
    hedge_delay: float = INF
    hedge_budget: float = 1.0
    ejection_cap: float = 0.0
    ejection_rule: str = "peers"
    outlier_share: float = 0.05
    ejection_volume: float = 50.0
    ejection_interval: float = 10.0
    ejection_time: float = 20.0
    probation: float = 0.1
    check_depth: float = 0.0
    check_interval: float = 10.0
    check_failures: int = 3
    check_timeout: float = 0.5
    objective: float = 0.5
    timeout: float = 4.0
    until: float = 70.0


class Host:
    """Its queue and workers, and what others think of it."""

    def __init__(self, place: int, impaired: bool) -> None:
        self.place, self.impaired = place, impaired
        self.queue: deque = deque()
        self.busy, self.outstanding = 0, 0
        self.red, self.row = False, 0  # what its checks say, failures in a row
        self.out_until, self.times, self.trial = -1.0, 0, False
        self.sent, self.bad = 0, 0


class Call:
    """One call of a page."""

    __slots__ = ("answered", "began", "failed", "page", "slow", "started")

    def __init__(self, page: int, began: float) -> None:
        self.page, self.began = page, began
        self.answered, self.failed, self.started, self.slow = INF, False, False, False


class Try:
    """A call, or its copy, at one host."""

    __slots__ = ("call", "good", "host", "open", "primary", "queued", "work")

    def __init__(self, call: Call, host: Host, primary: bool) -> None:
        self.call, self.host, self.primary = call, host, primary
        self.open, self.good, self.queued, self.work = True, False, False, 0.0


@dataclass
class Result:
    """Pages as (arrival, seconds, failed), calls alike; counts of tries by (time, impaired host, copy, error)."""

    pages: list[list] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    tries: list[tuple[float, bool, bool, bool]] = field(default_factory=list)
    looks: list[tuple[float, ...]] = field(default_factory=list)
    events: int = 0


class Loop:
    """The event loop."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.s, self.draw, self.out = scenario, random.Random(seed), Result()
        self.heap: list[tuple] = []
        self.order = itertools.count()
        self.hosts = [Host(i, i < scenario.impaired_hosts) for i in range(scenario.hosts)]
        self.tokens = 0.0

    def _push(self, time: float, call, *more) -> None:
        heapq.heappush(self.heap, (time, next(self.order), call, more))

    def run(self) -> Result:
        s = self.s
        self._push(self.draw.expovariate(s.request_rate), self._page)
        for interval, what in ((s.check_interval, self._check), (s.ejection_interval, self._judge)):
            self._push(interval, what, interval)
        self._push(0.5, self._look, 1.0)
        while self.heap:
            now, _, call, more = heapq.heappop(self.heap)
            if now > s.until + s.timeout + SCATTER:
                break
            self.out.events += 1
            call(now, *more)
        return self.out

    def _ill(self, host: Host, now: float) -> bool:
        s = self.s
        return host.impaired and s.fault_start <= now < s.fault_start + s.fault_duration

    def _took(self, median: float) -> float:
        return median * math.exp(self.s.spread * self.draw.gauss(0, 1))

    # -- pages and calls

    def _page(self, now: float) -> None:
        if now < self.s.until:
            self._push(now + self.draw.expovariate(self.s.request_rate), self._page)
        number = len(self.out.pages)
        self.out.pages.append([now, self.s.fan_out, 0.0, False])
        for _ in range(self.s.fan_out):
            self._push(now + self.draw.uniform(0, SCATTER), self._call, number)

    def _call(self, now: float, number: int) -> None:
        call = Call(number, now)
        self.out.calls.append(call)
        self.tokens = min(self.tokens + self.s.hedge_budget, BURST)
        held = self._set()
        host = self._choose(held)
        if host is None:
            self._end(call, now, failed=True)
            return
        if self.s.hedge_delay < INF:
            self._push(now + self.s.hedge_delay, self._copy, call, host, held)
        self._push(now + self.s.timeout, self._give_up, call)
        self._send(now, Try(call, host, True))

    def _set(self) -> list[Host]:
        """Hosts that hold what the call wants: some of those in rotation; one on trial only now and then."""
        there = [h for h in self.hosts if not h.red and h.out_until < 0]
        there = [h for h in there if not h.trial or self.draw.random() < self.s.probation]
        return there if self.s.replicas >= len(there) else self.draw.sample(there, self.s.replicas)

    def _choose(self, held: list[Host], but: Host | None = None) -> Host | None:
        some = [h for h in held if h is not but]
        if not some:
            return None
        if self.s.balancer == "two_choices" and len(some) > 2:
            some = self.draw.sample(some, 2)
        if self.s.balancer == "round_robin":
            return self.draw.choice(some)
        least = min(h.outstanding for h in some)
        return self.draw.choice([h for h in some if h.outstanding == least])

    def _copy(self, now: float, call: Call, first: Host, held: list[Host]) -> None:
        s = self.s
        waiting = not call.started if s.hedge == "tied" else True
        if call.answered < INF or not waiting:
            return
        if s.hedge_budget < 1.0:
            if self.tokens < 1.0:
                return
            self.tokens -= 1.0
        host = self._choose(held, but=first)
        if host is not None:
            self._send(now, Try(call, host, False))

    def _send(self, now: float, one: Try) -> None:
        s, host, call = self.s, one.host, one.call
        host.outstanding += 1
        host.sent += 1
        ill = self._ill(host, now)
        self._push(now + s.objective, self._judged, one)
        error = ill and s.fault == "sinkhole"
        self.out.tries.append((now, host.impaired, not one.primary, error))
        if error:
            call.started = True
            self._push(now + s.fail_time, self._refused, one)
            return
        self._push(now + s.timeout, self._close, one)
        slow = ill and s.fault in ("limping", "lossy") and self.draw.random() < s.slow_fraction
        if not one.primary and call.slow and self.draw.random() < s.dependence:
            slow = True
        if one.primary:
            call.slow = slow
        if slow and s.fault == "lossy":
            return
        one.work = self._took(s.median_time) * (s.work_factor if ill and s.fault == "heavy" else 1.0)
        one.queued = True
        host.queue.append((one, slow))
        self._serve(now, host)

    def _serve(self, now: float, host: Host) -> None:
        while host.busy < self.s.workers and host.queue:
            one, slow = host.queue.popleft()
            if self.s.hedge == "tied" and self.s.hedge_delay < INF and one.call.started:
                self._close(now, one)  # the other began first
                continue
            one.call.started = True
            host.busy += 1
            self._push(now + one.work, self._free, host)
            took = self._took(self.s.slow_time) if slow else one.work
            self._push(now + took, self._answer, one)

    def _free(self, now: float, host: Host) -> None:
        host.busy -= 1
        self._serve(now, host)

    def _answer(self, now: float, one: Try) -> None:
        one.good = True
        self._close(now, one)
        if one.call.answered == INF:
            self._end(one.call, now)

    def _close(self, now: float, one: Try) -> None:
        if one.open:
            one.open = False
            one.host.outstanding -= 1

    def _refused(self, now: float, one: Try) -> None:
        self._push(max(now, now - self.s.fail_time + self.s.error_penalty), self._close, one)
        if one.primary and one.call.answered == INF:
            self._end(one.call, now, failed=True)

    def _give_up(self, now: float, call: Call) -> None:
        if call.answered == INF:
            self._end(call, now, failed=True)

    def _end(self, call: Call, now: float, failed: bool = False) -> None:
        call.answered, call.failed = now, failed
        page = self.out.pages[call.page]
        page[1] -= 1
        page[2] = max(page[2], self.s.timeout if failed else now - call.began)
        page[3] = page[3] or failed

    # -- observers

    def _judged(self, now: float, one: Try) -> None:
        one.host.bad += not one.good

    def _check(self, now: float, interval: float) -> None:
        self._push(now + interval, self._check, interval)
        s = self.s
        for host in self.hosts:
            ill, deep = self._ill(host, now), self.draw.random() < s.check_depth
            wait = sum(one.work for one, _ in host.queue) / s.workers
            took = wait + self._took(s.median_time) * (s.work_factor if ill and s.fault == "heavy" else 1.0)
            hit = ill and self.draw.random() < s.slow_fraction
            if hit and s.fault == "limping":
                took = wait + self._took(s.slow_time)
            fails = deep and (took > s.check_timeout or (ill and s.fault == "sinkhole"))
            fails = fails or (hit and s.fault == "lossy")
            host.row = host.row + 1 if fails else 0
            host.red = host.row >= s.check_failures or (host.red and fails)

    def _judge(self, now: float, interval: float) -> None:
        self._push(now + interval, self._judge, interval)
        s = self.s
        for host in self.hosts:
            if 0 <= host.out_until <= now + 1e-9:
                host.out_until, host.trial, host.sent, host.bad = -1.0, True, 0, 0
        seen = [h for h in self.hosts if h.out_until < 0 and h.sent >= s.ejection_volume]
        shares = {h: h.bad / h.sent for h in seen}
        ordered = sorted(shares.values())
        usual = ordered[(len(ordered) - 1) // 2] if ordered and s.ejection_rule == "peers" else 0.0
        ill = [h for h in seen if shares[h] > usual + s.outlier_share]
        most = max(math.floor(s.ejection_cap * s.hosts + 1e-9), 1) if s.ejection_cap > 0 else 0
        room = most - sum(h.out_until >= 0 for h in self.hosts)
        ill.sort(key=lambda h: (-shares[h], h.place))
        for host in ill[: max(room, 0)]:
            host.times += 1
            host.out_until, host.trial = now + s.ejection_time * host.times, False
        for host in seen:
            if host not in ill:
                host.trial, host.times = False, max(host.times - 1, 0)
            host.sent, host.bad = 0, 0

    def _look(self, now: float, interval: float) -> None:
        self._push(now + interval, self._look, interval)
        out = sum(h.out_until >= 0 for h in self.hosts) / len(self.hosts)
        red = sum(h.red for h in self.hosts) / len(self.hosts)
        kinds = [
            [h.busy for h in self.hosts if h.impaired is kind and not h.red and h.out_until < 0]
            for kind in (True, False)
        ]
        busy = [sum(kind) / len(kind) / self.s.workers if kind else 0.0 for kind in kinds]
        self.out.looks.append((now, out, red, *busy))


def measure(run: Result, scenario: Scenario, begin: float, end: float) -> dict[str, float]:
    """Means of what arrived in a window, named as in the model."""
    pages = [p for p in run.pages if begin < p[0] <= end]
    calls = sorted(scenario.timeout if c.failed else c.answered - c.began for c in run.calls if begin < c.began <= end)
    tries = [t for t in run.tries if begin < t[0] <= end]
    firsts = [t for t in tries if not t[2]]
    looks = [look for look in run.looks if begin < look[0] <= end]
    took = sorted(p[2] for p in pages)
    at = lambda values, q: values[min(math.ceil(q * len(values)) - 1, len(values) - 1)] if values else 0.0  # noqa: E731
    mean = lambda k: sum(look[k] for look in looks) / max(len(looks), 1)  # noqa: E731
    return {
        "slow_pages": sum(p[2] > scenario.objective or p[3] for p in pages) / len(pages),
        "page_errors": sum(p[3] for p in pages) / len(pages),
        "page_p50": at(took, 0.5),
        "page_p90": at(took, 0.9),
        "leaf_p50": at(calls, 0.5),
        "leaf_p99": at(calls, 0.99),
        "impaired_share": sum(t[1] for t in firsts) / max(len(firsts), 1),
        "hedge_share": (len(tries) - len(firsts)) / max(len(calls), 1),
        "server_errors": sum(t[3] for t in tries) / max(len(tries), 1),
        "ejected_share": mean(1),
        "red_share": mean(2),
        "utilisation": max(mean(3), mean(4)),
        "events": float(run.events),
    }
