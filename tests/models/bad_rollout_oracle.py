"""An independent rollout: one request after the other through a small event loop, no ticks, no expected values.

Used by tests and the benchmark only. It knows requests with a region and a customer, units that get the new version one
after the other, a canary's and a control's logs, somebody who reads the fleet's error graph, and workers that a poison
message kills. Nothing here knows an integral, a quantile of a count, or an overlap's distribution.
"""

from __future__ import annotations

import bisect
import heapq
import math
import random
from dataclasses import dataclass
from statistics import NormalDist


@dataclass
class Scenario:
    """One run; names and units as in ``bad_rollout.Parameters``, scaled down."""

    arrival_rate: float = 200.0
    baseline: float = 0.002
    region_share: float = 0.2
    region_baseline: float = 0.002
    canary_mix: float = 0.2
    fault: str = "at_once"
    fault_place: str = "everywhere"
    fault_share: float = 0.1
    load_needed: float = 0.3
    onset: float = 200.0
    rollout_start: float = 60.0
    canary_share: float = 0.02
    second_share: float = 0.1
    third_share: float = 0.5
    bake_time: float = 300.0
    push_time: float = 0.0
    cells: int = 1
    control_ratio: float = 1.0
    gate: str = "sequential"
    strata: str = "pooled"
    false_alarm: float = 0.01
    gate_ratio: float = 5.0
    gate_above: float = 0.01
    look_every: float = 30.0
    metrics: int = 1
    alarm_above: float = 0.025
    alarm_delay: float = 100.0
    rollback_time: float = 60.0
    workers: int = 20
    shard_size: int = 4
    sharding: str = "all"
    tries: int = 1
    poison_rate: float = 0.0
    poison_start: float = 200.0
    poison_duration: float = 300.0
    deliveries: int = 3
    restart_time: float = 30.0
    until: float = 1300.0
    window: float = 10.0


class Plan:
    """When each part of the fleet gets the new version, if nobody stops it."""

    def __init__(self, s: Scenario) -> None:
        self.pieces: list[tuple[float, float, float, float]] = []  # from, to, share before, share after
        self.stages: list[tuple[float, float, float]] = []  # begins, ends, share: those that can be compared
        now, share = s.rollout_start, 0.0
        for wanted in (s.canary_share, s.second_share, s.third_share, 1.0):
            target = max(share, math.ceil(wanted * s.cells - 1e-9) / s.cells if s.cells > 1 else wanted)
            if target <= share:
                continue
            ramp = (target - share) * s.push_time
            self.pieces.append((now, now + ramp, share, target))
            if target < 1.0:
                self.stages.append((now, now + ramp + s.bake_time, target))
                now += ramp + s.bake_time
            share = target
        self.delivered = self.pieces[-1][1]

    def share(self, time: float) -> float:
        share = 0.0
        for start, end, before, after in self.pieces:
            if time >= end:
                share = after
            elif time >= start:
                share = before + (after - before) * (time - start) / (end - start)
        return share

    def got_it(self, place: float) -> float:
        """When the unit at this place of the order got the new version."""
        for start, end, before, after in self.pieces:
            if place <= after:
                return start + (end - start) * max(place - before, 0.0) / (after - before)
        return math.inf


class Loop:
    """The event loop."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.s, self.draw, self.plan = scenario, random.Random(seed), Plan(scenario)
        self.stopped = math.inf  # rollback ordered
        self.by_gate = self.by_alarm = math.inf
        self.wakes = scenario.rollout_start + scenario.onset * self.draw.expovariate(1.0)
        need = scenario.load_needed
        self.loaded = next(
            (begins + max(need - before, 0.0) * scenario.push_time for begins, _, before, after in self.plan.pieces
             if after >= need), math.inf)  # fmt: skip
        self.fresh()
        self.log_likelihood = {}
        self.rows: list[tuple[float, int, int, int]] = []  # window's end, requests, good, harmed
        self.window = [0, 0, 0]
        self.excess = 0
        self.dead: list[float] = []  # when each dead worker of the poison's shard is back
        self.waiting = 0
        self.poison = self._poison_times()

    def fresh(self) -> None:
        """Begin a stage: nothing seen yet, of canary and control, by region."""
        self.seen = {(arm, region): [0, 0] for arm in ("canary", "control") for region in (0, 1)}
        self.evidence = [0.0, 0.0, 0.0]  # rest, region, both

    def _poison_times(self) -> list[float]:
        s, times, now = self.s, [], self.s.poison_start
        while s.poison_rate > 0:
            now += self.draw.expovariate(s.poison_rate)
            if now > s.poison_start + s.poison_duration:
                break
            times.append(now)
        return times[::-1]

    # -- one request ---------------------------------------------------------------------------------------------

    def share(self, now: float) -> float:
        if now >= self.stopped + self.s.rollback_time:
            return 0.0
        return self.plan.share(min(now, self.stopped))

    def exposed_in(self, region: int, share: float) -> float:
        s = self.s
        least = max(0.0, (share - (1 - s.region_share)) / s.region_share) if s.region_share > 0 else 0.0
        inside = min(1.0, max(least, share * s.canary_mix / s.region_share)) if s.region_share > 0 else 0.0
        if region:
            return inside
        rest = (share - s.region_share * inside) / (1 - s.region_share) if s.region_share < 1 else 0.0
        return min(max(rest, 0.0), 1.0)

    def awake(self, now: float, share: float) -> bool:
        s = self.s
        if s.fault == "load":
            return s.cells > 1 or now >= self.loaded
        if s.fault == "latent":
            return now >= self.wakes
        if s.fault == "leak":
            return now - self.plan.got_it(self.draw.random() * share) >= s.onset
        return True

    def request(self, now: float) -> None:
        s, draw = self.s, self.draw
        share = self.share(now)
        region = int(draw.random() < s.region_share)
        new = draw.random() < self.exposed_in(region, share)
        harmed = False
        if s.fault == "skew":
            callee = draw.random() < share
            harmed = s.cells == 1 and callee != new and draw.random() < s.fault_share
        elif new and (region or s.fault_place == "everywhere") and self.awake(now, share):
            harmed = draw.random() < s.fault_share
        by_change = harmed
        if s.poison_rate and not self.served(now):
            harmed = True
        failed = draw.random() < (s.region_baseline if region else s.baseline)
        self.window[0] += 1
        self.window[1] += not (harmed or failed)
        self.window[2] += harmed
        self.excess += by_change
        if now < self.stopped:
            self.log(share, new, region, by_change or failed)

    def log(self, share: float, new: bool, region: int, failed: bool) -> None:
        s = self.s
        kept = min(1.0, s.control_ratio * share / (1.0 - share)) if share < 1.0 else 0.0
        if not new and self.draw.random() >= kept:
            return
        counts = self.seen["canary" if new else "control", region]
        counts[0] += 1
        counts[1] += failed
        if failed and 0 < share < 1:
            for place, arms in ((region, self.arms(share, kept, region)), (2, self.arms(share, kept, None))):
                usual = arms[0] / (arms[0] + arms[1])
                worse = s.gate_ratio * arms[0] / (s.gate_ratio * arms[0] + arms[1])
                told = worse / usual if new else (1 - worse) / (1 - usual) if usual < 1 else 1.0
                self.evidence[place] += math.log(told)

    def arms(self, share: float, kept: float, region: int | None) -> tuple[float, float]:
        if region is None:
            return share, kept * (1 - share)
        inside = self.exposed_in(region, share)
        return inside, kept * (1 - inside)

    def served(self, now: float) -> bool:
        """Whether one of the tries meets a living worker."""
        s, draw = self.s, self.draw
        self.bring_back(now)
        pool = s.workers if s.sharding == "all" else s.shard_size
        if s.sharding == "cells" and draw.random() >= s.shard_size / s.workers:
            return True
        dead = set(range(len(self.dead)))  # the poison's shard is workers 0 ... pool - 1, those down come first
        mine = draw.sample(range(s.workers), s.shard_size) if s.sharding == "shuffle" else list(range(pool))
        return any(worker not in dead for worker in draw.sample(mine, min(s.tries, len(mine))))

    def bring_back(self, now: float) -> None:
        """Restarts and poison messages up to now, in their order."""
        s = self.s
        pool = s.workers if s.sharding == "all" else s.shard_size
        while True:
            back = self.dead[0] if self.dead else math.inf
            comes = self.poison[-1] if self.poison else math.inf
            when = min(back, comes)
            if when > now:
                return
            if comes <= back:
                self.poison.pop()
                self.waiting += s.deliveries
            else:
                heapq.heappop(self.dead)
            while self.waiting and len(self.dead) < pool:
                self.waiting -= 1
                heapq.heappush(self.dead, when + s.restart_time)

    # -- who looks -----------------------------------------------------------------------------------------------

    def look(self, now: float, last: bool) -> None:
        s = self.s
        if s.gate == "none" or now >= self.stopped:
            return
        if (s.gate != "fixed" or last) and self.worse(now):
            self.by_gate = now
        others = 1.0 - (1.0 - s.false_alarm) ** (s.metrics - 1)
        if last and self.draw.random() < others:
            self.by_gate = now
        self.stopped = min(self.stopped, self.by_gate)

    def worse(self, now: float) -> bool:
        s = self.s
        if s.gate == "threshold":
            n, errors = (sum(self.seen["canary", region][i] for region in (0, 1)) for i in (0, 1))
            return n >= 100 and errors > s.gate_above * n
        by_region = s.strata == "by region"
        alarm = s.false_alarm / (2 if by_region else 1)
        if s.gate == "sequential":
            return max(self.evidence[:2] if by_region else self.evidence[2:]) >= math.log(1 / alarm)
        limit = NormalDist().inv_cdf(1 - alarm)
        return max(self.z(regions) for regions in (((0,), (1,)) if by_region else ((0, 1),))) > limit

    def z(self, regions: tuple[int, ...]) -> float:
        n, x, m, y = (sum(self.seen[arm, r][i] for r in regions) for arm in ("canary", "control") for i in (0, 1))
        if n + m == 0 or x + y == 0:
            return 0.0
        usual = n / (n + m)
        spread = (x + y) * usual * (1 - usual)
        return (x - (x + y) * usual) / math.sqrt(spread) if spread > 0 else 0.0

    def alarm(self, start: float) -> None:
        """Somebody reads the graph of the window that began at `start`: the fleet's, or the cell's."""
        s = self.s
        requests = self.window[0] * (self.share(start) if s.cells > 1 else 1.0)
        if self.by_alarm == math.inf and self.excess and self.excess >= s.alarm_above * requests:
            self.by_alarm = start + s.alarm_delay

    # -- the clock -----------------------------------------------------------------------------------------------

    def run(self) -> Loop:
        """All requests up to the end, with looks and windows in between."""
        s = self.s
        looks: list[tuple[float, int, bool]] = []
        for number, (begins, ends, _) in enumerate(self.plan.stages):
            count = int((ends - begins) / s.look_every + 1e-9)
            times = {begins + s.look_every * (i + 1) for i in range(count)} | {ends}
            on_time = (ends - begins) % s.look_every < 1e-6 or s.gate == "fixed" or s.metrics > 1
            looks += [(t, number, t == ends) for t in sorted(times) if t != ends or on_time]
        begins = [stage[0] for stage in self.plan.stages]
        stops = sorted([(t, 1, last) for t, _, last in looks] + [(t, 2, False) for t in begins]
                       + [((i + 1) * s.window, 0, False) for i in range(round(s.until / s.window))])  # fmt: skip
        now = self.draw.expovariate(s.arrival_rate)
        for when, kind, last in stops:
            while now < when:
                if now >= self.by_alarm:
                    self.stopped = min(self.stopped, self.by_alarm)
                self.request(now)
                now += self.draw.expovariate(s.arrival_rate)
            if when >= self.by_alarm:
                self.stopped = min(self.stopped, self.by_alarm)
            if kind == 0:
                self.alarm(when - s.window)
                self.rows.append((when, *self.window))
                self.window, self.excess = [0, 0, 0], 0
            elif kind == 1:
                self.look(when, last)
            else:
                self.fresh()
        return self


def measure(loop: Loop, begin: float, end: float) -> dict[str, float]:
    """Shares of the requests between two moments, and how many were harmed until the second."""
    rows = loop.rows
    times = [row[0] for row in rows]
    first, last = bisect.bisect_right(times, begin + 1e-9), bisect.bisect_right(times, end + 1e-9)
    n, good, harmed = (sum(row[i] for row in rows[first:last]) for i in (1, 2, 3))
    return {
        "error_ratio": 1.0 - good / n if n else 0.0,
        "goodput": good / (end - begin),
        "harmed_share": harmed / n if n else 0.0,
        "harmed": float(sum(row[3] for row in rows[:last])),
    }
