"""An independent discovery failure: instances, a registry and clients one by one through an event loop.

Used by tests and the benchmark only; it shares no code with the model. An instance has an address, sends heartbeats and
dies; the registry keeps leases, sweeps, and answers polls from a cached list; a client keeps what it was told, one
connection, and the rule by which it picks an address. Requests flow over open connections at a steady rate.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import deque
from dataclasses import dataclass, field

LOOK = 2.0  # seconds between two looks at everything, which lie between the seconds at which much happens at once
INF = math.inf


@dataclass
class Scenario:
    """One run; names and units as in ``discovery_failure.Parameters``, scaled down."""

    arrival_rate: float = 1200.0
    instances: int = 20
    instance_capacity: float = 100.0
    overload: str = "shed"
    churn: float = 6.0
    crash_share: float = 0.5
    deploy_start: float = INF
    deploy_duration: float = 300.0
    deploy_freeze: str = "off"
    trigger: str = "dead"
    outage_start: float = 240.0
    outage_duration: float = 240.0
    failing_share: float = 0.6
    answer_delay: float = 120.0
    catalogue: str = "kept"
    heartbeat: float = 30.0
    lease: float = 90.0
    sweep: float = 60.0
    self_preservation: str = "off"
    response_cache: float = 30.0
    poll_interval: float = 30.0
    cache_life: float = 3600.0
    panic_threshold: float = 0.0
    other_hosts: int = 0
    ejection_cap: float = 0.0
    connection_life: float = 120.0
    clients: int = 800
    snapshot_rate: float = 80.0
    admission_rate: float = INF
    answer_timeout: float = 20.0
    until: float = 600.0


class Instance:
    """An address and who is behind it."""

    __slots__ = ("alive", "ill", "known", "lease", "left", "listed", "next_beat", "open", "slot")

    def __init__(self, slot: int) -> None:
        self.slot, self.alive, self.ill, self.open = slot, True, False, 0
        self.known = self.left = self.listed = False  # registered, said goodbye, healthy to the registry
        self.lease = self.next_beat = 0.0


class Client:
    """What one client was told, when, and where it is connected."""

    __slots__ = ("at", "here", "list", "panic", "polled", "seen")

    def __init__(self) -> None:
        self.list: list[Instance] = []
        self.seen: dict[Instance, float] = {}
        self.at: Instance | None = None
        self.here, self.polled, self.panic = 0, 0.0, False  # which connection, when it last had an answer


@dataclass
class Result:
    """Looks, one a moment, and attempts as (time, succeeded)."""

    looks: list[dict[str, float]] = field(default_factory=list)
    attempts: list[tuple[float, bool]] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)  # times at which a client of the herd got through
    events: int = 0


class Loop:
    """The event loop."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.s, self.draw, self.out = scenario, random.Random(seed), Result()
        self.start, self.end = scenario.outage_start, scenario.outage_start + scenario.outage_duration
        self.heap: list[tuple] = []
        self.order = itertools.count()
        self.fleet = [Instance(slot) for slot in range(scenario.instances)]
        self.registry: list[Instance] = []
        self.cached: list[Instance] = []
        self.history: deque[tuple[float, list[Instance]]] = deque()
        self.clients = [Client() for _ in range(scenario.clients)]
        self.work, self.looked, self.active = 0.0, 0.0, deque()  # the herd's transfers share the registry

    # -- plumbing

    def _in(self, now: float) -> bool:
        return self.start <= now < self.end

    def _push(self, time: float, call, *more) -> None:
        if time <= self.s.until:
            heapq.heappush(self.heap, (time, next(self.order), call, more))

    def run(self) -> Result:
        s, u = self.s, self.draw.random
        for one in self.fleet:
            self._register(one, 0.0)
            one.next_beat = u() * s.heartbeat
            one.lease = one.next_beat - s.heartbeat + s.lease
            self._push(one.next_beat, self._beat, one)
            self._live(one, 0.0)
        self._push(u() * s.sweep, self._sweep) if s.sweep else None
        self._refresh(0.0, again=False)
        self._push(u() * s.response_cache, self._refresh) if s.response_cache else None
        for client in self.clients:
            self._told(client, self.cached, -u() * s.poll_interval)
            self._push(client.polled + s.poll_interval, self._poll, client)
            self._open(client, self.fleet[self.draw.randrange(s.instances)], 0.0)
        self._days()
        self._push(LOOK / 2, self._look)
        while self.heap:
            now, _, call, more = heapq.heappop(self.heap)
            self.out.events += 1
            call(now, *more)
        return self.out

    def _days(self) -> None:
        s = self.s
        if s.trigger == "hosts":
            self._push(self.start, self._fall_ill, True)
            self._push(self.end, self._fall_ill, False)
        if s.trigger == "dead":
            self._push(self.end, self._return)
        if s.trigger == "forged":
            self._push(self.start, self._forge)
        order = list(range(s.instances))
        self.draw.shuffle(order)
        for rank, slot in enumerate(order):
            when = s.deploy_start + (rank + 0.5) / s.instances * s.deploy_duration
            if s.deploy_freeze == "on" and s.trigger == "dead":
                if self.start <= s.deploy_start < self.end:
                    when += self.end - s.deploy_start
                elif s.deploy_start < self.start <= when:
                    when += self.end - self.start
            self._push(when, self._replace_slot, slot)

    def _forge(self, now: float) -> None:
        """Addresses that somebody else registers, and that run out when he stops."""
        for _ in range(round(self.s.failing_share * self.s.instances)):
            false = Instance(-1)
            false.alive = False
            self._register(false, now)
            false.lease = INF
            self._push(self.end, self._withdraw, false)
        self._changed(now)

    def _withdraw(self, now: float, false: Instance) -> None:
        self.registry.remove(false)
        self._changed(now)

    # -- instances

    def _live(self, one: Instance, now: float) -> None:
        if self.s.churn:
            self._push(now + self.draw.expovariate(self.s.churn / 3600), self._die, one)

    def _replace_slot(self, now: float, slot: int) -> None:
        self._die(now, self.fleet[slot], deploy=True)

    def _die(self, now: float, one: Instance, deploy: bool = False) -> None:
        if not one.alive:
            return
        one.alive = False
        if (deploy or self.draw.random() >= self.s.crash_share) and self._hears(now):
            one.left, one.known = True, False
            self.registry.remove(one) if one in self.registry else None
            self._changed(now)
        young = self.fleet[one.slot] = Instance(one.slot)
        young.ill = self.s.trigger == "hosts" and self._in(now) and self._hit(young)
        young.next_beat = now + self.draw.random() * self.s.heartbeat
        self._push(young.next_beat, self._beat, young)
        if self._hears(now):
            self._register(young, now)
            self._changed(now)
        self._live(young, now)
        for client in self.clients:
            if client.at is one:
                self._closed(now, client, client.here)

    def _hit(self, one: Instance) -> bool:
        return one.slot < round(self.s.failing_share * self.s.instances)

    def _fall_ill(self, now: float, ill: bool) -> None:
        for one in self.fleet:
            one.ill = ill and self._hit(one)

    # -- the registry

    def _hears(self, now: float) -> bool:
        return not (self.s.trigger in ("dead", "deaf") and self._in(now))

    def _register(self, one: Instance, now: float) -> None:
        one.known, one.lease = True, now + self.s.lease
        one.listed = True
        if one not in self.registry:
            self.registry.append(one)

    def _beat(self, now: float, one: Instance) -> None:
        if not one.alive:
            return
        if self._hears(now):
            if not one.known:
                self._register(one, now)
            one.lease = now + self.s.lease
            one.listed = not (self.s.trigger in ("checks", "hosts") and self._in(now) and self._hit(one))
            self._changed(now)
        self._push(now + self.s.heartbeat, self._beat, one)

    def _sweep(self, now: float) -> None:
        s = self.s
        keeps = s.trigger == "deaf" and s.self_preservation == "on" and self.start <= now < self.end + s.heartbeat
        if not keeps and not (s.trigger == "dead" and self._in(now)):
            for one in [one for one in self.registry if one.lease <= now]:
                self.registry.remove(one)
                one.known = False
            self._changed(now)
        self._push(now + s.sweep, self._sweep)

    def _changed(self, now: float) -> None:
        if not self.s.response_cache:
            self._refresh(now, again=False)

    def _refresh(self, now: float, again: bool = True) -> None:
        self.cached = [one for one in self.registry if one.listed]
        self.history.append((now, self.cached))
        if again:
            self._push(now + self.s.response_cache, self._refresh)

    def _answer(self, now: float) -> list[Instance]:
        s = self.s
        if s.trigger == "empty" and self._in(now):
            return []
        if s.trigger == "late" and self._in(now):
            past = max(self.start, now - s.answer_delay)
            return next(told for when, told in reversed(self.history) if when <= past)
        return self.cached

    # -- clients and what they know

    def _poll(self, now: float, client: Client, herd: bool = False) -> None:
        if self.s.trigger == "dead" and self._in(now):
            return
        if self.s.trigger == "dead" and now >= self.end and not herd and client.polled < self.end:
            return  # it waits its turn in the herd
        self._told(client, self._answer(now), now)
        self._push(now + self.s.poll_interval, self._poll, client)

    def _told(self, client: Client, told: list[Instance], now: float) -> None:
        s = self.s
        client.list, client.polled = told, now
        client.seen.update(dict.fromkeys(told, now))
        client.seen = {one: at for one, at in client.seen.items() if not one.left and now - at <= s.cache_life}
        client.panic = len(told) < s.panic_threshold * len(client.seen)

    def _return(self, now: float) -> None:
        s = self.s
        if s.catalogue == "lost":
            for one in self.registry:
                one.known = False
            self.registry = []
        for one in self.registry:
            one.lease = max(one.lease, now + s.lease)
        self._refresh(now, again=False)
        self.waiting = deque(self.draw.sample(self.clients, len(self.clients)))
        self.looked = now
        if s.admission_rate == INF:
            self._admit_all(now)
        else:
            self._push(now + 1 / s.admission_rate, self._admit)

    def _admit_all(self, now: float) -> None:
        while self.waiting:
            self._begin(now, self.waiting.popleft())

    def _admit(self, now: float) -> None:
        if self.waiting:
            self._begin(now, self.waiting.popleft())
        self._push(now + 1 / self.s.admission_rate, self._admit)

    def _share(self, now: float) -> None:
        """Everyone under way has got an equal part since the last look."""
        if self.active:
            self.work += (now - self.looked) * self.s.snapshot_rate / len(self.active)
        self.looked = now

    def _begin(self, now: float, client: Client) -> None:
        self._share(now)
        self.active.append((self.work, now, client))
        self._push(now + self.s.answer_timeout, self._give_up, client, now)
        self._plan(now)

    def _plan(self, now: float) -> None:
        if self.active:
            left = self.active[0][0] + 1 - self.work
            self._push(now + left * len(self.active) / self.s.snapshot_rate, self._transferred, self.active[0])

    def _transferred(self, now: float, who: tuple) -> None:
        if not self.active or self.active[0] is not who:
            return
        self._share(now)
        if self.active[0][0] + 1 - self.work > 1e-9:
            self._plan(now)
            return
        while self.active and self.active[0][0] + 1 - self.work <= 1e-9:
            client = self.active.popleft()[2]
            self.out.answers.append(now)
            self._poll(now, client, herd=True)
        self._plan(now)

    def _give_up(self, now: float, client: Client, began: float) -> None:
        if self.active and self.active[0][2] is client and self.active[0][1] == began:
            self._share(now)
            self.active.popleft()
            if self.s.admission_rate == INF:
                self._begin(now, client)
            else:
                self.waiting.append(client)
            self._plan(now)

    # -- connections

    def _open(self, client: Client, one: Instance, now: float) -> None:
        client.at, client.here = one, client.here + 1
        one.open += 1
        self._push(now + self.draw.expovariate(1 / self.s.connection_life), self._closed, client, client.here)

    def _closed(self, now: float, client: Client, which: int) -> None:
        if client.at is None or client.here != which:
            return
        client.at.open -= 1
        client.at = None
        self._attempt(now, client)

    def _attempt(self, now: float, client: Client) -> None:
        found = next((one for one in self._picks(now, client) if one.alive), None)
        self.out.attempts.append((now, found is not None))
        if found:
            self._open(client, found, now)
        else:
            self._push(now + self.draw.expovariate(1.0), self._attempt, client)

    def _usable(self, now: float, client: Client) -> list[Instance]:
        s = self.s
        if client.panic:
            return [one for one, at in client.seen.items() if now - at <= s.cache_life]
        return client.list if now - client.polled <= s.cache_life else []

    def _picks(self, now: float, client: Client) -> list[Instance]:
        s, pool = self.s, self._usable(now, client)
        room = s.ejection_cap * len(pool)
        dead = sum(not one.alive for one in pool)
        share = min(room, dead) / dead if dead else 0.0
        pool = [one for one in pool if one.alive or self.draw.random() >= share]
        return self.draw.sample(pool, min(len(pool), 1 + s.other_hosts))

    # -- what is seen

    def _look(self, now: float) -> None:
        s, out = self.s, {}
        each = s.arrival_rate / s.clients
        most = s.instance_capacity / each
        good = sum(self._serves(one.open, most) for one in self.fleet if not one.ill)
        listed = [self._usable(now, client) for client in self.clients[:100]]
        dead = [sum(not one.alive for one in pool) for pool in listed]
        out["time"] = now
        out["open_share"] = sum(client.at is not None for client in self.clients) / s.clients
        out["goodput"] = each * good
        out["listed"] = sum(map(len, listed)) / len(listed)
        out["listed_dead"] = sum(dead) / len(dead)
        out["empty_share"] = sum(not pool for pool in listed) / len(listed)
        out["endpoint_age"] = sum(now - client.polled for client in self.clients) / s.clients
        self.out.looks.append(out)
        self._push(now + LOOK, self._look)

    def _serves(self, connections: int, most: float) -> float:
        return min(connections, most) if self.s.overload == "shed" or connections <= most else 0.0


def measure(out: Result, begin: float, end: float) -> dict[str, float]:
    """Means between two times, named as the model's signals."""
    looks = [look for look in out.looks if begin < look["time"] <= end]
    tried = [good for time, good in out.attempts if begin < time <= end]
    means = {name: sum(look[name] for look in looks) / len(looks) for name in looks[0] if name != "time"}
    return means | {"new_success": sum(tried) / max(len(tried), 1), "attempt_rate": len(tried) / (end - begin)}
