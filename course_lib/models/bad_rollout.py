"""A bad rollout: a change reaches the fleet faster, or farther, than anybody has looked.

A change goes out in up to four stages. In each of the first three a canary has the new version and a control has not; a
gate compares their errors and stops the change, or lets it go on. Somebody who reads the error graph of the whole fleet
stops it, too, a while after it shows. What is stopped is taken back a while later.

How it is computed. Nothing that happens before the stop depends on it, so time is closed: with F(t) the share that has
the new version by the plan, G its integral, and D the stop, in tick n of Δ

    stop      D      = min(first look at which the gate says so, first tick in which p a f >= alarm, + its delay, order)
    exposed   H(t)   = G(min(t, D)) + F(D) min(max(t - D, 0), rollback)
    harmful   B(t)   = H(max(min(t, D + rollback) - τ, w)) - H(w)      τ: a leak's time, w: when the fault wakes
    harmed    λ p (B[n + 1] - B[n])                                    of a fault in one region: its part of them
    canary    Poisson, mean λ Δ f (b + p a - b p a), a = ΔB / ΔH; the control's mean has no p
    says stop z = (X - X' - ...) / σ >= z_α, or Σ ln(likelihoods) >= ln(1 / α), since the stage began

`rollout_plan` has F, G, H and B; `rollout_gate` the counts and their tests; `poison_shards` the other blast radius:
a customer whose messages kill workers, and who shares them.

Assumptions. Requests are many and independent, and the expected number of them is what an arm has seen; errors are
Poisson. Harm is the expected number. Looks are at ends of ticks. The alarm reads errors above what is usual, of the
fleet or, where there are cells, of those that have the change. In cells, a fault of load has its load at once and
calls do not cross versions. At the last stage nothing is left to compare with. Other metrics (`metrics`) are looked at
once, at the end of each stage. A crash is not a metric of the gate; poison and rollout do not know of each other.
Dead workers are a fluid: where deaths about fill the pool, they come in lumps, and the true loss is a little smaller.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_lib.models import simulation
from course_lib.models.exact import FloatArray, cumulative, ratio
from course_lib.models.parameters import OPERATOR, WORLD, ParameterSet, choice, fixed, scheduled, swept
from course_lib.models.poison_shards import SHARDINGS, Poison
from course_lib.models.recovery import trigger_events
from course_lib.models.rollout_gate import GATES, Gate, Stages, running_max
from course_lib.models.rollout_plan import FAULTS, SLACK, Course, Plan
from course_lib.models.simulation import Batch, Model
from course_lib.models.trace import Curves, Record, Signal, State, Trace

HOURS = 1e6  # s: longer than any rollout


@dataclasses.dataclass(frozen=True)
class Parameters(ParameterSet):
    """Parameters of the bad rollout; see each field's metadata for range, unit and source."""

    # fmt: off
    arrival_rate: Any = swept(1000.0, "requests/s", 0.1, 1e6, "λ",
        "requests that users send", "chosen")
    baseline: Any = scheduled(0.001, "of requests", 0, 1, "b",
        "requests that fail whatever is deployed, outside the region", "chosen: 99.9 % on a usual day")
    region_share: Any = swept(0.2, "of requests", 0, 1, "r",
        "requests that come from the region that may differ", "chosen: one of five")
    region_baseline: Any = scheduled(0.001, "of requests", 0, 1, "b′",
        "requests that fail there whatever is deployed", "chosen: as elsewhere")
    canary_mix: Any = swept(0.2, "of canary requests", 0, 1, "r′",
        "of the canary's requests, those from the region, while there is a choice", "chosen: as all requests",
        by=OPERATOR)
    fault: Any = choice("at_once", FAULTS,
        "what wakes it: nothing, load, an instance's age, a moment, or both versions at once", "chosen", by=WORLD)
    fault_place: Any = choice("everywhere", ("everywhere", "region"),
        "where the fault shows", "chosen", by=WORLD)
    fault_share: Any = swept(0.02, "of requests", 0, 1, "p",
        "requests that the new version harms, once it is awake; of those that cross versions, for skew", "chosen")
    load_needed: Any = swept(0.3, "of the fleet", 0, 1, "f*",
        "share at which a fault of load wakes; a cell has all its load at once", "chosen")
    onset: Any = swept(3600.0, "s", 1, 1e6, "τ",
        "age at which an instance's leak harms; mean time until something wakes a latent fault", "chosen: an hour")
    rollout_start: Any = swept(300.0, "s", 0, HOURS, "t₀",
        "when the change begins to go out", "chosen")
    canary_share: Any = swept(0.01, "of the fleet", 1e-4, 1, "f₁",
        "share of the first stage; 1: a push to everybody", "AWS, hands-off deployments: one machine or cell first",
        by=OPERATOR)
    second_share: Any = swept(0.1, "of the fleet", 0, 1, "f₂",
        "share of the second stage; a stage that adds nothing takes no time", "chosen", by=OPERATOR)
    third_share: Any = swept(0.5, "of the fleet", 0, 1, "f₃",
        "share of the third stage; after it comes everybody", "chosen", by=OPERATOR)
    bake_time: Any = swept(1800.0, "s", 1, HOURS, "T",
        "how long each stage waits before the next", "in use: 10 to 60 min", by=OPERATOR)
    push_time: Any = swept(0.0, "s", 0, HOURS, "P",
        "how long it takes to bring a change to everybody, evenly", "0: at once, as config may", by=OPERATOR)
    cells: Any = swept(1, "cells", 1, 1000, "C",
        "independent copies of the service; a stage is so many whole cells; 1: no cells", "1", integer=True,
        by=OPERATOR)
    assign: Any = choice("requests", ("requests", "customers"),
        "whether the canary takes a share of the requests or of the customers; cells take customers", "chosen")
    customers: Any = swept(100_000, "customers", 1, 1e9, "N",
        "customers, all alike", "chosen", integer=True)
    control_ratio: Any = swept(1.0, "control per canary", 0.01, 1000, "κ",
        "requests of the control for each of the canary's, as far as there are any", "chosen: arms of one size",
        by=OPERATOR)
    gate: Any = choice("sequential", GATES,
        "nobody compares; canary above a fixed share; a test at the end of the bake; the same at every look; a "
        "sequential test", "Wald 1945")
    strata: Any = choice("pooled", ("pooled", "by region"),
        "whether the gate compares all requests together, or each region with itself", "chosen")
    false_alarm: Any = swept(0.01, "of good stages", 1e-9, 0.4, "α",
        "chance at which one test of a stage may stop a good change", "chosen", by=OPERATOR)
    gate_ratio: Any = swept(5.0, "times worse", 1.01, 1000, "R",
        "how much worse a canary the sequential test is built to find", "chosen", by=OPERATOR)
    gate_above: Any = swept(0.01, "of requests", 1e-6, 1, "θ",
        "error share above which a fixed threshold stops the change", "chosen", by=OPERATOR)
    look_every: Any = swept(60.0, "s", 1, HOURS, "ℓ",
        "between two looks of a gate", "chosen: a scrape a minute", by=OPERATOR)
    metrics: Any = swept(1, "metrics", 1, 100, "g",
        "metrics that may stop the change; only one of them shows the fault", "chosen", integer=True, by=OPERATOR)
    alarm_above: Any = swept(0.005, "of requests", 1e-9, 1, "A",
        "errors above the usual, of the fleet or of the cells that have the change, at which somebody is paged",
        "chosen", by=OPERATOR)
    alarm_delay: Any = swept(300.0, "s", 0, HOURS, "t_r",
        "from there until the change is stopped", "chosen: five minutes", by=OPERATOR)
    order: Any = choice("go", ("go", "back"),
        "what somebody has ordered: the rollout goes on; it is stopped and taken back, and none begins", "nothing",
        kind="scheduled")
    rollback_time: Any = swept(0.0, "s", 0, HOURS, "t_b",
        "from the stop until nobody has the change any more", "0: traffic is moved back at once", by=OPERATOR)
    workers: Any = swept(20, "workers", 1, 512, "W",
        "workers that handle customers' messages", "chosen", integer=True, by=OPERATOR)
    shard_size: Any = swept(4, "workers", 1, 16, "k",
        "workers a customer may use, in cells and shuffle shards", "chosen", integer=True, by=OPERATOR)
    sharding: Any = choice("all", SHARDINGS,
        "customers share all workers; those of their cell; those of a random shard of their own",
        "AWS, shuffle sharding")
    tries: Any = swept(1, "tries", 1, 5, "n",
        "workers that a client tries for a request, the first included", "1: no retries", integer=True, by=OPERATOR)
    poison_rate: Any = swept(0.0, "messages/s", 0, 1e3, "q",
        "messages of one customer that kill the worker that takes them", "0: none")
    poison_start: Any = swept(600.0, "s", 0, HOURS, "t_q",
        "when they begin", "chosen")
    poison_duration: Any = swept(900.0, "s", 0, HOURS, "d_q",
        "for how long", "chosen")
    deliveries: Any = swept(5, "deliveries", 1, 100, "m",
        "workers that a message may kill before it is put aside", "queues: 3 to 5 is usual", integer=True, by=OPERATOR)
    restart_time: Any = swept(60.0, "s", 0.1, 3600, "t_w",
        "until a dead worker is back", "chosen")
    dt: Any = fixed(10.0, "s", 1, 300, "Δ",
        "length of a tick", "a sixth of the time between looks")
    # fmt: on


def simulate(
    parameters: Parameters | None = None,
    seed: ArrayLike = 0,
    *,
    until: float,
    state: State | None = None,
    record: Record | None = None,
) -> Trace:
    """Run a rollout for `until` seconds; see `simulation.simulate` for batches, records and resuming.

    Examples
    --------
    >>> push, staged = Parameters(canary_share=1.0), Parameters(gate="none")
    >>> [float(simulate(p, until=7200)["harmed"][-1].round()) for p in (push, staged)]
    [6000.0, 6960.0]
    """
    return simulation.simulate(
        MODEL, Parameters() if parameters is None else parameters, seed, until=until, state=state, record=record
    )


# -- what a run shows ------------------------------------------------------------------------------------------------


class Run:
    """One batch: the plan, what stops it, and what comes of it."""

    def __init__(self, batch: Batch, ticks: int) -> None:
        self.batch, self.ticks = batch, ticks
        self.plan = Plan(batch)
        self.by_gate = self.by_alarm = np.full(batch.size, np.inf)
        planned = Course(batch, self.plan, ticks, self.by_gate)
        self.by_alarm, self.by_hand = self._alarm(planned), self._ordered()
        self._planned = planned
        if (batch.gate > 0).any():
            self.by_gate = self.gate.fires()
        self.stopped = np.minimum(np.minimum(self.by_gate, self.by_alarm), self.by_hand)
        done = planned if np.isinf(self.stopped).all() else Course(batch, self.plan, ticks, self.stopped)
        self.course, self.poison = done, Poison(batch, ticks)
        lost = self.poison.lost
        self.bad = np.broadcast_to(done.bad + lost - done.bad * lost, (ticks, batch.size))

    @functools.cached_property
    def gate(self) -> Gate:
        """Canary and control, compared; whether anybody looks or not."""
        return Gate(self.batch, self._planned, Stages(self.batch, self.plan, self.ticks))

    def _alarm(self, planned: Course) -> FloatArray:
        """When somebody who reads an error graph has stopped the change, infinite for never."""
        b, shape = self.batch, (self.ticks, self.batch.size)
        cells = ratio(planned.bad, planned.exposed + 0 * planned.bad)
        shown = np.broadcast_to(np.where(b.cells > 1, cells, planned.bad), shape)
        shows = (shown >= b.alarm_above * (1.0 - 1e-9)) & (shown > 0)
        seen = np.where(shows.any(axis=0), shows.argmax(axis=0) * b.dt, np.inf)
        when = seen + b.alarm_delay
        return np.where(when < self.plan.delivered + HOURS, when, np.inf)

    def _ordered(self) -> FloatArray:
        """When somebody has the change taken back, infinite for never; before it begins, it does not begin."""
        b, time = self.batch, np.arange(self.ticks) * self.batch.dt
        back = np.broadcast_to(b.at("order", time) > 0, (self.ticks, b.size))
        back = back & (time[:, None] >= b.rollout_start - b.dt)
        return np.where(back.any(axis=0), time[back.argmax(axis=0)] - SLACK, np.inf)

    def failing(self) -> FloatArray:
        """Share of requests that fail, for whatever reason."""
        b, time = self.batch, np.arange(self.ticks) * self.batch.dt
        r = b.region_share
        usual = (1.0 - r) * b.at("baseline", time) + r * b.at("region_baseline", time)
        usual = np.minimum(usual, 1.0)
        return np.minimum(usual + self.bad - usual * self.bad, 1.0)


def _curves(batch: Batch, ticks: int) -> Curves:
    run = Run(batch, ticks)
    whole = np.zeros((ticks, batch.size))
    curves = Curves(
        batch.dt,
        make={
            "offered": lambda: cumulative(whole + batch.arrival_rate * batch.dt),
            "good": lambda: cumulative(whole + batch.arrival_rate * batch.dt * (1.0 - run.failing())),
            "harmed": lambda: cumulative(whole + batch.arrival_rate * batch.dt * run.bad),
            "exposed": lambda: _with_start(whole + run.course.exposed),
            "hit": lambda: _with_start(_hit(run)),
            "crossed": lambda: _with_start(whole + run.course.crossed),
            "age": lambda: _with_start(_harm_age(run)),
            "canary": lambda: _with_start(_arm(run, 0)),
            "control": lambda: _with_start(_arm(run, 2)),
            "level": lambda: _with_start(whole + _level(run)),
            "down": lambda: np.zeros((ticks + 1, batch.size)) + run.poison.of_all(),
            "dark": lambda: np.zeros((ticks + 1, batch.size)) + run.poison.dark(),
        },
    )
    curves.run = run
    return curves


def _with_start(values: FloatArray) -> FloatArray:
    """A level with the row of time zero, at which there is none."""
    return np.concatenate([np.zeros((1, values.shape[1])), values])


def _reach(run: Run) -> FloatArray:
    """Largest share of customers so far that could be harmed; all of them, where every request draws anew."""
    b, course = run.batch, run.course
    here = np.where(b.fault_place == 1, b.region_share * course.inside, course.exposed) * course.awake
    sticky = (b.assign == 1) | (b.cells > 1)
    some = np.where(sticky, here, here > 0)
    return np.minimum(running_max(np.zeros((run.ticks, b.size)) + some), 1.0)


def _hit(run: Run) -> FloatArray:
    """Share of customers with at least one request that the change has harmed, of those within reach."""
    b, reach = run.batch, _reach(run)
    harmed = cumulative(np.zeros((run.ticks, b.size)) + b.arrival_rate * b.dt * run.course.bad)[1:]
    return reach * -np.expm1(-ratio(harmed, b.customers * reach))


def _harm_age(run: Run) -> FloatArray:
    """Seconds since users began to be harmed, while they are."""
    ends = (np.arange(run.ticks)[:, None] + 1) * run.batch.dt
    well = np.where(run.bad > 1e-12, 0.0, ends)
    return np.where(run.bad > 1e-12, ends - running_max(well), 0.0)


def _watched(run: Run) -> np.ndarray:
    """Ticks up to the stop, after which nothing is compared."""
    return (np.arange(run.ticks)[:, None] + 1) * run.batch.dt <= run.stopped


def _arm(run: Run, which: int) -> FloatArray:
    """Error share of the canary (0) or the control (2) since its stage began."""
    arms = run.gate.since()
    return np.where(_watched(run), np.minimum(ratio(arms[which + 1], arms[which]), 1.0), 0.0)


def _level(run: Run) -> FloatArray:
    return np.where(_watched(run), run.gate.level, 0.0)


def _events(batch: Batch, curves: Curves) -> dict[str, FloatArray]:
    """When the change is stopped, by whom, when it is taken back or everybody has it, and when users are well again.

    The trigger lasts from the rollout's start until the change is taken back, or delivered. Recovered when in each of
    60 seconds 99 % of the requests are answered.
    """
    run, over = curves.run, curves.step * (len(curves["offered"]) - 1)
    back = run.stopped + batch.rollback_time
    delivered = run.plan.delivered + np.zeros(batch.size)
    delivered = np.where(delivered < run.stopped, delivered, np.inf)
    ends = np.minimum(back, delivered)
    ends = np.where(np.isfinite(back), back, ends)
    starts = np.minimum(batch.rollout_start + np.zeros(batch.size), HOURS)
    found = trigger_events(
        starts, np.where(ends <= over, ends, np.nan), curves["good"], curves["offered"],
        step=curves.step, share=0.99, seconds=60.0,
    )  # fmt: skip
    gate, alarm = (np.where(when <= run.by_hand, when, np.inf) for when in (run.by_gate, run.by_alarm))
    times = {
        "gate_fired": np.where(gate <= alarm, gate, np.inf),
        "alarm_stopped": np.where(alarm < gate, alarm, np.inf),
        "rolled_back": back,
        "delivered": delivered,
    }
    return found | {name: np.where(when <= over, when, np.nan) for name, when in times.items()}


def _failed(curves: Curves) -> FloatArray:
    return np.clip(1.0 - ratio(curves.rate("good"), curves.rate("offered"), 1.0), 0.0, 1.0)


def _of(name: str) -> Any:
    return lambda c: c.level(name) + 0.0


SIGNALS = {
    "offered_rate": Signal("requests/s", "requests that users send", lambda c: c.rate("offered")),
    "goodput": Signal("requests/s", "requests answered", lambda c: c.rate("good")),
    "error_ratio": Signal("of requests", "requests that fail, for whatever reason", _failed),
    "harmed": Signal("requests", "requests harmed by the change or by poison, so far", _of("harmed")),
    "harmed_rate": Signal("requests/s", "requests harmed by the change or by poison", lambda c: c.rate("harmed")),
    "exposure": Signal("of requests", "requests that meet the new version", _of("exposed")),
    "skewed_share": Signal("of calls", "two-hop calls that cross versions", _of("crossed")),
    "canary_errors": Signal("of canary requests", "the canary's that failed, since its stage began", _of("canary")),
    "control_errors": Signal("of control requests", "the control's that failed, since then", _of("control")),
    "canary_excess": Signal(
        "of canary requests", "by how much more of the canary's fail than of the control's, where they do",
        lambda c: np.maximum(c.level("canary") - c.level("control"), 0.0),
    ),
    "evidence": Signal("bounds", "the gate's statistic ÷ its bound: from 1 on it says stop", _of("level")),
    "customers_hit": Signal("of customers", "customers with a request that the change has harmed, so far", _of("hit")),
    "customers_dark": Signal("of customers", "customers all of whose workers are down", _of("dark")),
    "workers_down": Signal("of workers", "workers that a poison message has killed", _of("down")),
    "harm_age": Signal("s", "since users began to be harmed, while they are", _of("age")),
}  # fmt: skip

GOLDEN = dict(traffic="offered_rate", errors="error_ratio", latency="harm_age", saturation="workers_down")
MODEL = Model("bad_rollout", _curves, SIGNALS, _events, GOLDEN)
