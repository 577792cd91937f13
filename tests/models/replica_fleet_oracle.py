"""An independent fleet: request after request to one replica object after the other, no arrays, no shared code."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np


@dataclass
class Scenario:
    """One run; names and units as in ``replica_fleet.Parameters``."""

    replicas: int = 10
    utilisation: float = 0.85
    capacity: float = 100.0
    capacity_spread: float = 0.0
    lost: int = 2
    trigger_start: float = 30.0
    trigger_duration: float = 120.0
    overload: str = "killed"
    crash_load: float = 1.0
    patience: float = 15.0
    restart_time: float = 30.0
    warmup: float = 60.0
    cold: float = 0.3
    slow_start: str = "off"
    limit: float = float("inf")
    restart_batch: int = 1000
    until: float = 400.0


class Replica:
    """What a replica knows of itself."""

    def __init__(self, capacity: float, patience: int) -> None:
        self.capacity, self.patience = capacity, patience
        self.up, self.born, self.returns, self.over, self.got, self.credit = True, -1e9, None, 0, 0, 0.0

    def warm(self, s: Scenario, now: int) -> float:
        return min(1.0, s.cold + (1 - s.cold) * (now - self.born) / s.warmup)


def run(s: Scenario, seed: int) -> dict[str, list[float]]:
    """Second after second, request after request."""
    draw = random.Random(int(seed))
    fleet = [Replica(s.capacity * (1 + s.capacity_spread * draw.uniform(-1, 1)),
                     max(round(s.patience * draw.uniform(0.75, 1.25)), 1)) for _ in range(s.replicas)]  # fmt: skip
    seen: dict[str, list[float]] = {name: [] for name in ("offered", "good", "refused", "up", "restarts")}
    arrival = draw.expovariate(rate := s.utilisation * s.replicas * s.capacity) if s.utilisation else float("inf")
    for now in range(int(s.until)):
        restarts = 0
        for i, replica in enumerate(fleet):
            if i < s.lost and now == s.trigger_start:
                replica.up = False
            if replica.returns == now:
                replica.up, replica.born, replica.returns, replica.over = True, now, None, 0
        for i, replica in enumerate(fleet):
            away = i < s.lost and s.trigger_start <= now < s.trigger_start + s.trigger_duration
            busy = sum(r.returns is not None or (r.up and now - r.born < s.warmup) for r in fleet)
            if not replica.up and not away and replica.returns is None and busy < s.restart_batch:
                replica.returns, restarts = now + s.restart_time, restarts + 1
        alive = [r for r in fleet if r.up]
        warm = {id(r): r.warm(s, now) for r in alive}
        weights = [warm[id(r)] if s.slow_start == "on" else 1.0 for r in alive]
        whole, offered, refused, good = sum(weights), 0, 0, 0
        for r in alive:
            r.got = 0
        while arrival < now + 1:
            offered += 1
            arrival += draw.expovariate(rate)
            if not alive:
                refused += 1
                continue
            for r, weight in zip(alive, weights, strict=True):  # smooth weighted round robin
                r.credit += weight
            chosen = max(alive, key=lambda r: r.credit)
            chosen.credit -= whole
            if chosen.got + 1 > s.limit * warm[id(chosen)] * chosen.capacity + 0.5:
                refused += 1
                continue
            chosen.got += 1
            good += chosen.got <= warm[id(chosen)] * chosen.capacity + 0.5
        seen["up"].append(len(alive))
        for r in alive:
            r.over = r.over + 1 if r.got > s.crash_load * warm[id(r)] * r.capacity + 0.5 else 0
            if r.over >= r.patience and s.overload == "killed":
                r.up, r.over = False, 0
        for name, value in (("offered", offered), ("good", good), ("refused", refused), ("restarts", restarts)):
            seen[name].append(value)
    return seen


def measure(scenario: Scenario, seed: int) -> dict:
    """Totals in windows of twenty seconds, replicas up at their ends, when nobody was left."""
    seen = run(scenario, seed)
    found: dict = {n: np.reshape(seen[n], (-1, 20)).sum(axis=1) for n in ("offered", "good", "refused", "restarts")}
    up = np.asarray(seen["up"])
    return found | {"up": up.reshape(-1, 20).mean(axis=1), "felled": float(up.argmin()) if up.min() == 0 else np.nan}
