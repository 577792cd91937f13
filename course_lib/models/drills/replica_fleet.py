"""The second half of a cascade: replicas that share a load, fail when it is too much for them, and come back cold.

Replicas lie on an axis of their own. A few are lost; the others carry their load, and those that are overloaded for a
while are killed by their health check, so that the rest carry still more. A killed replica restarts, cold, and warms
up. In tick n, with a load λ, of N replicas those that are up, capacities c, warm shares v and weights w:

    1  v = min(1, f + (1 - f) age / T_w);   w = 1, or v with a slow start
    2  load = λ w / sum of w, at most a limit times v c where one is set; what is above it is refused
    3  answered = min(load, v c)
    4  a replica overloaded (load > crash_load v c) for its own patience in a row is killed
    5  the killed restart, at most `restart_batch` of them restarting or warming up at once

Patience differs from replica to replica, since health checks are not in step: between three and five quarters of
`patience`. With capacities that differ (`capacity_spread` 1: uniform between nothing and twice the mean), no restarts
and an even load this is the fibre bundle of Daniels (1945).
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_lib.models import noise, simulation
from course_lib.models.exact import TINY, FloatArray, cumulative, share, total
from course_lib.models.parameters import ParameterSet, choice, fixed, scheduled, swept
from course_lib.models.recovery import trigger_events
from course_lib.models.simulation import Batch, Model
from course_lib.models.trace import Curves, Record, Signal, State, Trace

NEVER = 2**40
FLOWS = ("offered", "good", "refused", "restarts")
LEVELS = ("up", "warm", "load")


@dataclasses.dataclass(frozen=True)
class Parameters(ParameterSet):
    """Parameters of the fleet; see each field's metadata for range, unit and source."""

    # fmt: off
    replicas: Any = swept(10, "replicas", 1, 1000, "N",
        "replicas that share the load", "chosen", integer=True, by="operator")
    utilisation: Any = scheduled(0.85, "of the fleet's capacity", 0, 5, "ρ",
        "load, in units of what the whole fleet can do", "chosen")
    capacity: Any = swept(100.0, "requests/s", 1, 1e5, "c",
        "what a warm replica does, on average", "chosen")
    capacity_spread: Any = swept(0.0, "of the capacity", 0, 1, "δ",
        "half width of the range in which capacities lie", "equal by default")
    lost: Any = swept(2, "replicas", 0, 1000, "k",
        "replicas that leave", "chosen: ten at 85 % lose two", integer=True)
    trigger_start: Any = swept(30.0, "s", 0, 1e5, "t₀",
        "when they leave", "chosen")
    trigger_duration: Any = swept(120.0, "s", 0, 1e5, "d",
        "how long they are away", "chosen")
    overload: Any = choice("killed", ("killed", "sheds"),
        "an overloaded replica is killed by its health check, or refuses what it cannot do", "chosen", by="world")
    crash_load: Any = swept(1.0, "of its capacity", 0.1, 10, "χ",
        "load above which a replica is too slow for its health check", "chosen")
    patience: Any = swept(15.0, "s", 1, 600, "π",
        "how long a replica is overloaded before it is killed", "three checks, one each 5 s")
    restart_time: Any = swept(30.0, "s", 1, 1e5, "T_r",
        "from the kill to the first request", "chosen")
    warmup: Any = swept(60.0, "s", 1, 3600, "T_w",
        "from the first request to full capacity", "chosen")
    cold: Any = swept(0.3, "of its capacity", 0.01, 1, "f",
        "what a replica can do when it starts", "chosen")
    slow_start: Any = choice("off", ("off", "on"),
        "a replica that warms up gets less of the load", "Envoy: off unless configured")
    limit: Any = scheduled(np.inf, "of a replica's capacity", 0.1, np.inf, "L",
        "most load that a replica is given, by what it can do now; the rest is refused", "none by default",
        by="operator")
    restart_batch: Any = swept(1000, "replicas", 1, 1000, "b",
        "replicas that restart or warm up at once, at most", "all by default", integer=True, by="operator")
    dt: Any = fixed(1.0, "s", 0.5, 5, "Δ",
        "length of a tick", "chosen")
    # fmt: on


def simulate(
    parameters: Parameters | None = None,
    seed: ArrayLike = 0,
    *,
    until: float,
    state: State | None = None,
    record: Record | None = None,
) -> Trace:
    """Run the fleet for `until` seconds; see `simulation.simulate` for batches, records and resuming.

    Examples
    --------
    >>> fleet = simulate(Parameters(utilisation=[0.75, 0.85]), seed=1, until=120)
    >>> [bool(lowest > 0) for lowest in fleet["survivors"].min(axis=0)]
    [True, False]
    """
    given = Parameters() if parameters is None else parameters
    return simulation.simulate(MODEL, given, seed, until=until, state=state, record=record)


class Run:
    """One batch on its way through time; replicas on axis 0, those a member does not have are never up."""

    def __init__(self, batch: Batch, ticks: int) -> None:
        self.batch, self.ticks = batch, ticks
        count, size = int(batch.highest("replicas")), batch.size
        number = np.arange(count)[:, None]
        self.exists = (number < batch.replicas) & np.ones((1, size), dtype=bool)
        draw = np.stack([noise.uniform(batch.seeds, f"replica {i}", 2) for i in range(count)])
        self.capacity = batch.capacity * (1.0 + batch.capacity_spread * (2.0 * draw[:, 0] - 1.0)) * self.exists
        self.patience = np.maximum(np.round(batch.patience / batch.dt * (0.75 + 0.5 * draw[:, 1])), 1.0)
        self.up = self.exists.copy()
        self.over = np.zeros((count, size))  # ticks in a row for which a replica has been overloaded
        self.born = np.full((count, size), -NEVER)
        self.ready = np.full((count, size), NEVER)  # when a restart is through
        self.first = self.exists & (number < batch.lost)
        self.leave, self.back = (np.round(np.minimum(t / batch.dt, NEVER)) for t in (
            batch.trigger_start, batch.trigger_start + batch.trigger_duration))  # fmt: skip
        self.restarts, self.warmup = batch.ticks_in(batch.restart_time), batch.warmup / batch.dt
        self.stagger = bool((batch.restart_batch < count).any())
        self.flows = {name: np.zeros((ticks + 1, size)) for name in (*FLOWS, *LEVELS)}
        for name in ("up", "warm"):
            self.flows[name][0] = total(self.exists)
        self._draw(np.arange(ticks) * batch.dt)

    def _draw(self, time: FloatArray) -> None:
        batch = self.batch
        mean = batch.at("utilisation", time) * batch.replicas * batch.capacity * batch.dt
        self.offered = noise.counts(batch.seeds, "arrivals", mean, self.ticks) + np.zeros(batch.size)
        self.limit = np.minimum(batch.at("limit", time), 1e12)  # infinity times nothing is not a number

    def go(self) -> Run:
        """Run all ticks."""
        for n in range(self.ticks):
            self.advance(n)
        return self

    def advance(self, n: int) -> None:
        """One tick: who is up, who gets which load, who is killed."""
        batch = self.batch
        self._come_and_go(n)
        age = np.minimum((n - self.born) / self.warmup, 1.0)
        warm = self.up * (batch.cold + (1.0 - batch.cold) * age)
        weight = np.where(batch.slow_start == 1, warm, self.up)
        able = warm * self.capacity * batch.dt
        each = self.offered[n] / np.maximum(total(weight), TINY)
        load = np.minimum(weight * each, self.limit[n if len(self.limit) > 1 else 0] * able)
        self.over = np.where(self.up & (load > batch.crash_load * able), self.over + 1.0, 0.0)
        killed = (self.over >= self.patience) & (batch.overload == 0)
        good, given = total(np.minimum(load, able)), total(load)
        seen = dict(offered=self.offered[n], good=np.minimum(good, self.offered[n]), up=total(self.up))
        seen |= dict(
            warm=np.minimum(total(warm), seen["up"]),
            refused=np.maximum(self.offered[n] - given, 0.0),
            load=given / np.maximum(total(able), TINY),
        )
        for name, value in seen.items():
            self.flows[name][n + 1] = value
        self._kill(n, killed)

    def _come_and_go(self, n: int) -> None:
        """Let the lost leave, and those come back whose restart is through."""
        returns = self.ready <= n
        self.born = np.where(returns, n, self.born)
        self.up = (self.up | returns) & ~(self.first & (n == self.leave))
        self.ready = np.where(returns, NEVER, self.ready)
        self.over = np.where(self.up, self.over, 0.0)
        away = self.first & (n >= self.leave) & (n < self.back)
        self.ready = np.where(away, NEVER, self.ready)
        waits = self.exists & ~self.up & ~away & (self.ready == NEVER)
        if self.stagger:
            busy = (self.ready < NEVER) | (self.up & (n - self.born < self.warmup))
            room = self.batch.restart_batch - total(busy)
            waits &= np.add.accumulate(waits, axis=0) <= room
        self.flows["restarts"][n + 1] = total(waits)
        self.ready = np.where(waits, n + self.restarts, self.ready)

    def _kill(self, n: int, killed: np.ndarray) -> None:
        self.up &= ~killed
        self.over = np.where(killed, 0.0, self.over)


def _curves(batch: Batch, ticks: int) -> Curves:
    flows = Run(batch, ticks).go().flows
    make = {name: lambda name=name: cumulative(flows[name][1:]) for name in FLOWS}
    make |= {name: lambda name=name: flows[name] for name in LEVELS}
    return Curves(batch.dt, make=make)


def _events(batch: Batch, curves: Curves) -> dict[str, FloatArray]:
    """The loss; recovery: when in each of ten seconds 95 % of the requests are answered; when nobody was left."""
    starts = batch.trigger_start + np.zeros(batch.size)
    found = trigger_events(starts, starts + batch.trigger_duration, curves["good"], curves["offered"],
                           step=curves.step, share=0.95, seconds=10.0)  # fmt: skip
    none = curves["up"][1:] == 0
    return {**found, "felled": np.where(none.any(axis=0), none.argmax(axis=0) * curves.step, np.nan)}


SIGNALS = {
    "offered_rate": Signal("requests/s", "requests that come", lambda c: c.rate("offered")),
    "goodput": Signal("requests/s", "requests answered", lambda c: c.rate("good")),
    "refused_rate": Signal("requests/s", "requests given to no replica", lambda c: c.rate("refused")),
    "error_ratio": Signal(
        "of ended requests",
        "not answered",
        lambda c: share(c.rate("offered") - c.rate("good"), c.rate("good")),
    ),
    "survivors": Signal("replicas", "replicas that are up", lambda c: c.level("up")),
    "warm_replicas": Signal("replicas", "what they can do, in warm replicas", lambda c: c.level("warm")),
    "load": Signal("times capacity", "load given ÷ what the survivors can do", lambda c: c.level("load")),
    "restart_rate": Signal("restarts/s", "restarts begun", lambda c: c.rate("restarts")),
}

GOLDEN = dict(traffic="offered_rate", errors="error_ratio", saturation="load")
MODEL = Model("replica_fleet", _curves, SIGNALS, _events, GOLDEN)
