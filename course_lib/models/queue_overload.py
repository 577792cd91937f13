"""Queue overload: a queue that is longer than its deadline stores failures, and the backlog outlives the burst.

Producers put messages into a queue over partitions; consumers take them out. A message is worth something until its
deadline. While a burst exceeds what consumers can do, the queue grows; once it holds more than a deadline's work, a
first-in-first-out queue answers every message too late, and goes on doing so long after the burst.

How it is computed. Counts are cumulative: `entered` P, `served` S, `removed` X (dropped by age or from the head). The
queue is Q = P - S - X, and in a FIFO its head stands at H = S + X, so that the place at which P was passed tells when
the head came. In tick n, with a messages offered, w the work consumers can do, D the deadline in ticks and L the bound:

    1  a = noise(λ) (1 - paused) + redelivered;  w = noise(min(consumers, partitions) μ), at most the database's
    2  over = Q + a - w - L;  refused = over / (1 - k), at most a      the bound; a refusal costs k of a message's work
    3  P += a - refused;  s = min(Q, w - k refused);  S += s
    4  X = max(X, P[n - d] - S)                 an age limit d drops from the head (first in, first out) ...
    5  X = max(X, min of P - S over d ticks)    ... or from the bottom of the stack (newest first); before 1 for a new d
    6  in time (first in, first out): what H passes of P ahead of P[n - D], where two straight lines cross
    7  in time (newest first): the new arrivals, and of the stack what lies above its lowest level in D ticks

`queue_parts` has producers, consumers and poison, `queue_flows` what a run was worth.

Assumptions. A fluid of messages with Poisson noise on arrivals and on service; partitions share the load evenly, and
each is read by one consumer at most; the wait of a message excludes its own service; what waits too long is dropped as
it does so. Producers stop and go on in mid-tick; that they do both in one tick is not followed. Those that pause do not
send later what they held back; those that are pushed back do, and their messages age meanwhile. Adaptive LIFO is newest
first: with no queue the order is no matter. Newest first redelivers a poison message at once (it lies on top), first in
first out after `redelivery_delay`, at the end of the queue, where it must find room like any other. A broker dies at
the instant at which its memory is full, and while it is away everything is refused; a durable one comes back with all
it had and from then on refuses beyond its memory.

How far it can be trusted. Against an event loop (tests/models), at the default rates, means and peaks agree within 1 %,
totals within 0.5 %. With a tenth of the messages chance is coarser than this fluid: there peaks of age differ by up to
1.5 %, late messages by up to 2 %, and the oldest message under CoDel is 2 to 7 % younger than here. Producers that look
every second for half a second of work swing within ticks: the depth is 3 % too low. A healthy queue is that of the
fluid: at utilisation 0.8 M/M/10 holds 1.6 waiting messages, here it is a tick's noise or nothing, so that a bound of a
few messages looks better than it is.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.models import queue_flows as flows
from course_lib.models import simulation
from course_lib.models.exact import accumulate, cumulative, ratio, share, total
from course_lib.models.parameters import ParameterSet, choice, fixed, scheduled, swept
from course_lib.models.queue_parts import Consumers, Poison, Policies, Producers, at
from course_lib.models.recovery import trigger_events
from course_lib.models.simulation import Batch, Model
from course_lib.models.trace import Curves, FloatArray, Record, Signal, State, Trace

DISCIPLINES = ("fifo", "lifo", "codel", "adaptive_lifo")
WHEN_FULL = ("reject", "drop_oldest", "push_back")
MOST_DELIVERIES = 20
DAY = 86_400.0  # s: as long as "never" in a time to full
WINDOW = 10.0  # s over which growth is taken


@dataclasses.dataclass(frozen=True)
class Parameters(ParameterSet):
    """Parameters of the queue overload; see each field's metadata for range, unit and source."""

    # fmt: off
    producer_rate: Any = scheduled(800.0, "messages/s", 0, 1e6, "λ",
        "messages that producers send", "chosen: utilisation 0.8")
    burst_rate: Any = swept(1600.0, "messages/s", 0, 1e6, "λ₁",
        "what they send during the burst", "chosen: twice the usual")
    burst_start: Any = swept(60.0, "s", 0, 1e5, "t₀",
        "when the burst begins", "chosen")
    burst_duration: Any = swept(120.0, "s", 0, 1e5, "d",
        "how long the burst lasts", "chosen")
    consumers: Any = scheduled(10, "consumers", 1, 1000, "c",
        "consumers that are always there", "chosen", integer=True, by="operator")
    service_rate: Any = scheduled(100.0, "messages/s", 0.01, 1e5, "μ",
        "messages a second that one consumer does", "chosen")
    partitions: Any = swept(16, "partitions", 1, 1000, "P",
        "partitions; each is read by one consumer at most", "chosen", integer=True, by="operator")
    downstream_rate: Any = scheduled(np.inf, "messages/s", 1, np.inf, "μ₂",
        "what the database behind all consumers can do", "no limit by default")
    deadline: Any = swept(10.0, "s", 1, 3600, "D",
        "how long a message is worth something", "chosen")
    discipline: Any = choice("fifo", DISCIPLINES,
        "which message is served next, and which are dropped by age",
        "CoDel and adaptive LIFO: B. Maurer, Fail at Scale, ACM Queue 2015")
    codel_target: Any = swept(1.0, "s", 1, 600, "M",
        "longest wait in a queue that stands", "Maurer: 5 ms for calls; here a tenth of D", by="operator")
    codel_interval: Any = swept(10.0, "s", 1, 3600, "N",
        "a queue stands if it was not empty for so long; otherwise the longest wait",
        "Maurer: 100 ms for calls; here D", by="operator")
    expiry: Any = choice("off", ("off", "on"),
        "messages past their deadline are dropped, unserved, on dequeue", "a check of the message's own deadline",
        kind="scheduled")
    bound: Any = scheduled(np.inf, "s of work", 0.1, np.inf, "q̂",
        "messages the queue holds, as seconds of the base consumers' work", "unbounded by default", by="operator")
    when_full: Any = choice("reject", WHEN_FULL,
        "what a full queue does", "the three there are")
    rejection_cost: Any = swept(0.0, "of a message's work", 0, 0.9, "k",
        "work of turning a message away", "free by default")
    back_pressure: Any = scheduled(0.0, "of producers", 0, 1, "f",
        "share of the producers that pause while the queue is long", "none by default", by="operator")
    pressure_wait: Any = swept(3.0, "s of work", 0, 3600, "w₁",
        "queue at which they pause", "chosen: a third of D", by="operator")
    pressure_delay: Any = swept(2.0, "s", 1, 600, "δ",
        "how old the length is that producers see", "chosen")
    max_consumers: Any = scheduled(10, "consumers", 1, 1000, "ĉ",
        "most consumers that autoscaling starts", "none beyond the base", integer=True, by="operator")
    scale_wait: Any = swept(5.0, "s of work", 0.1, 3600, "w₂",
        "queue for each consumer that scaling aims at", "chosen: half of D", by="operator")
    scale_interval: Any = swept(15.0, "s", 1, 600, "i",
        "time between looks at the queue", "Kubernetes horizontal autoscaler: 15 s", by="operator")
    startup: Any = swept(60.0, "s", 1, 3600, "s",
        "from the decision to a consumer at work", "chosen: a minute")
    cooldown: Any = swept(300.0, "s", 1, 7200, "z",
        "time before scaling in", "Kubernetes horizontal autoscaler: 5 min", by="operator")
    poison_share: Any = scheduled(0.0, "of messages", 0, 0.5, "q",
        "messages that fail at each delivery", "none by default")
    max_deliveries: Any = swept(5, "deliveries", 1, MOST_DELIVERIES, "m",
        "then a message goes to the dead-letter queue", "chosen", integer=True, by="operator")
    redelivery_delay: Any = swept(30.0, "s", 1, 3600, "v",
        "until a failed message is delivered again", "SQS visibility timeout: 30 s", by="operator")
    memory_limit: Any = swept(np.inf, "messages", 1, np.inf, "B",
        "messages at which the broker dies", "no limit by default")
    durable: Any = choice("no", ("no", "yes"),
        "what waited survives the broker's death", "chosen")
    restart_time: Any = swept(60.0, "s", 1, 3600, "r",
        "how long the broker is away", "chosen")
    dt: Any = fixed(1.0, "s", 0.05, 1, "Δ",
        "length of a tick", "a tenth of a deadline")
    # fmt: on


def simulate(
    parameters: Parameters | None = None,
    seed: ArrayLike = 0,
    *,
    until: float,
    state: State | None = None,
    record: Record | None = None,
) -> Trace:
    """Run a queue for `until` seconds; see `simulation.simulate` for batches, records and resuming.

    Examples
    --------
    >>> burst = simulate(Parameters(bound=10.0), seed=7, until=300)
    >>> burst["goodput"].shape, bool(burst.events["recovered"] < 200)
    ((300,), True)
    """
    given = Parameters() if parameters is None else parameters
    return simulation.simulate(MODEL, given, seed, until=until, state=state, record=record)


class Run:
    """One batch on its way through time: a loop over ticks for the flows; what they were worth is told afterwards."""

    def __init__(self, batch: Batch, ticks: int, policies: Policies | None = None) -> None:
        self.batch, self.ticks, self.members = batch, ticks, np.arange(batch.size)
        policies = policies or Policies()
        self.producers, self.consumers = (
            Producers(batch, ticks, policies.pause),
            Consumers(batch, ticks, policies.scale),
        )
        time, size, rows = np.arange(ticks) * batch.dt, batch.size, ticks + 1
        self.deadline = np.round(batch.deadline / batch.dt).astype(np.int64) + np.zeros(size, dtype=np.int64)
        self.stack = (batch.discipline == 1) | (batch.discipline == 3)
        self.poisoned = batch.highest("poison_share") > 0
        self.poison_share = batch.at("poison_share", np.arange(ticks) * batch.dt)
        # Cumulative counts, one row a tick's end: entered, served, removed by age or from the head, lost with the
        # broker, refused, poison deliveries, dead letters. `asked` is what producers sent.
        names = ("asked", "entered", "served", "removed", "lost", "refused", "failed", "dead")
        self.counts = {name: np.zeros((rows, size)) for name in names}
        self.entered, self.served, self.removed = (self.counts[name] for name in names[1:4])
        self.cut = np.zeros((ticks, size))  # head of the queue after the tick's drops, before it serves
        self.waits = np.zeros((rows, size))  # work in the queue, s, as producers see it
        self.young = np.zeros((ticks, size), dtype=bool)  # ticks in which nothing older than its deadline is taken
        self.up = np.ones((ticks, size))  # share of each tick in which the broker is there
        self.down_until = np.zeros(size)  # ticks
        self.dying = np.zeros(size, dtype=bool)
        self._set_bounds(time)
        self._set_ages(time)
        self._set_poison(ticks)

    def _set_bounds(self, time: FloatArray) -> None:
        batch = self.batch
        working = np.minimum(self.consumers.base[0], batch.partitions)  # one without a partition does no work
        rate = working * self.consumers.each[0] / batch.dt  # what the base consumers do, messages/s
        self.rate = rate + np.zeros(batch.size)
        self.limit = batch.at("bound", time) * rate
        self.pushes = batch.when_full == 2
        self.bounded = bool(np.isfinite(self.limit).any()) and not bool(self.pushes.all())
        self.room = np.where(self.pushes, np.inf, self.limit)
        self.rejects, self.cost, self.full = batch.when_full == 0, batch.rejection_cost, np.full(batch.size, np.inf)
        self.dies = bool(np.isfinite(batch.memory_limit).any())

    def _set_ages(self, time: FloatArray) -> None:
        batch, far = self.batch, self.ticks + 1
        expires = batch.at("expiry", time) == 1
        self.expires = np.where(expires, self.deadline, far)
        self.codel = (batch.discipline == 2) | (batch.discipline == 3)
        self.aims = bool(self.codel.any())
        self.drops = self.aims or bool(expires.any())
        self.target, self.interval = batch.ticks_in(batch.codel_target), batch.ticks_in(batch.codel_interval)
        self.empty_at = np.zeros(batch.size)
        self.oldest = np.full(batch.size, far)  # ticks that a message may wait
        self.window = int(min(max(self.deadline.max(), self.target.max(), self.interval.max()), self.ticks))

    def _set_poison(self, ticks: int) -> None:
        batch = self.batch
        self.poison = (
            Poison(batch, ticks, np.where(self.stack, 0.0, self.poison_share))
            if self.poisoned and not self.stack.all()
            else None
        )
        repeats = 1.0 + self.poison_share * (batch.max_deliveries - 1.0)
        self.repeats = np.where(self.stack, repeats, 1.0)  # deliveries a message takes when newest first

    def go(self) -> Run:
        """Run all ticks; where nothing feeds back, without looking for what might."""
        if self._feeds_back():
            for n in range(self.ticks):
                self.advance(n)
        else:
            self._plainly()
        return self

    def _feeds_back(self) -> bool:
        return self.drops or self.bounded or self.dies or self.poisoned or self.producers.heeds or self.consumers.scales

    @functools.cached_property
    def queue(self) -> FloatArray:
        """Messages that wait, one row a tick's end and one for the start."""
        left = self.entered - self.served - self.removed
        return np.where(left > flows.NOBODY, left, 0.0)

    @functools.cached_property
    def in_time(self) -> FloatArray:
        """Messages served before their deadline, or failed before it, in each tick."""
        return flows.in_time(self)

    def _plainly(self) -> None:
        """The same recurrences where nobody is refused, dropped, slowed or delivered again."""
        entered, served, able = self.entered, self.served, self.consumers.able
        self.counts["asked"][1:] = self.producers.wanted
        accumulate(np.add, self.counts["asked"], out=entered)
        queue = np.empty((self.ticks, self.batch.size))
        for n, (sent, work) in enumerate(zip(self.counts["asked"][1:], able, strict=True)):
            np.maximum(entered[n] - served[n], 0.0, out=queue[n])
            queue[n] += sent
            np.add(served[n], np.minimum(queue[n], work), out=served[n + 1])
        self.cut[:] = served[:-1]
        self.waits[1:] = (queue - np.minimum(queue, able)) / self.rate

    def advance(self, n: int) -> None:
        """One tick: who sends, who is dropped, refused, served."""
        queue = np.maximum(self.entered[n] - self.served[n] - self.removed[n], 0.0)
        work = self.consumers.work(n, queue) / at(self.repeats, n)
        sent = self.producers.send(n, self.waits)
        removed = self.removed[n]
        offered, again = self._with_redeliveries(n, sent)
        if self.drops:
            queue, removed = self._change_limit(n, queue)
        if self.dies:
            self._broker(n, queue, offered, work)
        refused, removed, queue, work = self._admit(n, offered, queue, work, removed)
        served = np.minimum(queue, work)
        if self.producers.turned == n:
            served = np.minimum(served, self.producers.until_turn(n, queue, offered - refused, work))
        self.entered[n + 1] = self.entered[n] + (offered - refused)
        self.cut[n] = self.served[n] + removed
        self.served[n + 1], self.removed[n + 1] = self.served[n] + served, removed
        if self.drops:
            queue = self._drop_aged(n, queue)
        if self.dies:
            queue = self._lose(n, queue, served)
        self._count(n, sent, refused, served, again)
        left = np.maximum(queue - served, 0.0)
        self.empty_at = np.where(left > 0, self.empty_at, n + 1)
        self.waits[n + 1] = left / self.rate
        if self.producers.turned == n:
            self.producers.note(n, self.waits[n], (offered - refused) / self.rate, work / self.rate)

    def _with_redeliveries(self, n: int, sent: FloatArray) -> tuple[FloatArray, FloatArray | None]:
        if self.poison is None:
            return sent, None
        again = self.poison.back[n]
        return sent + total(again), again

    def _admit(
        self, n: int, offered: FloatArray, queue: FloatArray, work: FloatArray, removed: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Refuse or drop what does not fit; return refused, removed, the queue with the new, and the work left."""
        away = 0.0 * offered
        if not self.bounded and not self.dies:
            return away, removed, queue + offered, work
        if self.dies:
            away, work = offered * (1.0 - self.up[n]), work * self.up[n]
        offered = offered - away
        queue = queue + offered
        over = np.maximum(queue - work - np.minimum(at(self.room, n), self.full), 0.0)
        refuses = self.rejects | np.isfinite(self.full)
        refused = np.where(refuses, np.minimum(over / (1.0 - self.cost), offered), 0.0)
        oldest = np.where(refuses | self.pushes, 0.0, np.minimum(over, queue))
        work = np.maximum(work - self.cost * refused, 0.0)
        return refused + away, removed + oldest, queue - refused - oldest, work

    def _change_limit(self, n: int, queue: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Set the tick's age limit; what has just become too old goes before anybody is served.

        Return what is left of the queue, and all removed. At the moment of the change the queue is still there: the
        tick that ends then shows it.
        """
        limit, before, removed = at(self.expires, n), self.oldest, self.removed[n]
        if self.aims:
            stands = n - self.empty_at >= self.interval
            limit = np.where(self.codel, np.minimum(limit, np.where(stands, self.target, self.interval)), limit)
        self.oldest = limit
        np.less_equal(limit, self.deadline, out=self.young[n])
        if not (limit < before).any():
            return queue, removed
        all_removed = self._without_old(n, limit)
        return queue - (all_removed - removed), all_removed

    def _drop_aged(self, n: int, queue: FloatArray) -> FloatArray:
        """Drop what has grown older than its limit by the tick's end; return what is left of the queue, served or not.

        A message is looked at when its turn comes, so what was served in the tick was young enough then.
        """
        removed = self._without_old(n + 1, self.oldest)
        queue = queue - (removed - self.removed[n + 1])
        self.removed[n + 1] = removed
        return queue

    def _without_old(self, row: int, limit: NDArray[np.int64]) -> FloatArray:
        """All removed, once nothing is left in the queue at the end of `row` ticks that is older than its limit."""
        old = self.entered[np.maximum(row - limit, 0), self.members] - self.served[row]
        if self.stack.any():
            old = np.where(self.stack & (row >= limit), self._lowest(row, limit), old)
        return np.maximum(self.removed[row], old)

    def _lowest(self, row: int, ticks: NDArray[np.int64]) -> FloatArray:
        """Lowest level of the stack in the last `ticks` ticks: what lies below it came before them."""
        first = max(row - self.window, 0)
        levels = self.entered[first : row + 1] - self.served[first : row + 1]
        recent = np.arange(first, row + 1)[:, None] >= row - ticks
        return np.where(recent, levels, np.inf).min(axis=0)

    def _broker(self, n: int, queue: FloatArray, offered: FloatArray, work: FloatArray) -> None:
        """Tell for how much of the tick the broker is there: it dies at the instant at which its memory is full."""
        memory = self.batch.memory_limit
        there = np.clip(n + 1 - self.down_until, 0.0, 1.0)
        most = np.minimum(queue + (offered - work) * there, self._held_limit(n))
        self.dying = (there > 0) & np.isinf(self.full) & (most > memory)
        lasts = np.minimum(ratio(np.maximum(memory - queue, 0.0), offered - work), there)
        self.down_until = np.where(
            self.dying, n + 1 - there + lasts + self.batch.ticks_in(self.batch.restart_time), self.down_until
        )
        # A durable backlog comes back from disk: over its limit again, the broker then refuses instead of dying.
        self.full = np.where(self.dying & (self.batch.durable == 1), memory, self.full)
        self.up[n] = np.where(self.dying, lasts, there)

    def _lose(self, n: int, queue: FloatArray, served: FloatArray) -> FloatArray:
        """Lose with the broker what it held, if that is not durable; return what is left, served or not."""
        gone = np.where(self.dying & (self.batch.durable == 0), np.maximum(queue - served, 0.0), 0.0)
        self.counts["lost"][n + 1] = gone
        self.removed[n + 1] += gone
        return queue - gone

    def _held_limit(self, n: int) -> FloatArray:
        """Messages the broker itself holds at most: what is pushed back waits at the producers."""
        return np.where(self.pushes, at(self.limit, n), np.inf)

    def _count(
        self, n: int, sent: FloatArray, refused: FloatArray, served: FloatArray, again: FloatArray | None
    ) -> None:
        counts = self.counts
        counts["asked"][n + 1], counts["refused"][n + 1] = sent, refused
        if not self.poisoned:
            return
        share = at(self.poison_share, n)
        counts["failed"][n + 1] = served * share * self.batch.max_deliveries
        counts["dead"][n + 1] = served * share
        if self.poison is not None:
            kept = 1.0 - ratio(refused, sent + total(again))
            self.poison.enter(n, sent * kept, again * kept)
            if self.drops or self.bounded or self.dies:
                self.poison.pass_by(n, self.cut[n], self.entered, np.zeros(1))
            failed, dead = self.poison.pass_by(n, self.cut[n] + served, self.entered, np.ones(1))
            for name, value in (("failed", failed), ("dead", dead)):
                counts[name][n + 1] = np.where(self.stack, counts[name][n + 1], value)


# -- what a run shows ------------------------------------------------------------------------------------------------


def _curves(batch: Batch, ticks: int) -> Curves:
    return _shown(Run(batch, ticks).go())


def _shown(run: Run) -> Curves:
    counts = {name: lambda name=name: run.counts[name] for name in ("asked", "refused", "failed", "dead", "lost")}
    make = {name: lambda flow=flow: accumulate(np.add, flow()) for name, flow in counts.items()}
    make |= {
        "wanted": lambda: cumulative(run.producers.wanted + np.zeros(run.batch.size)),
        "delivered": lambda: cumulative(np.diff(run.served, axis=0) * run.repeats),
        "good": lambda: cumulative(flows.good(run)),
        "late": lambda: cumulative(flows.late(run)),
        "bad": lambda: cumulative(flows.bad(run)),
        "able": lambda: cumulative(flows.able(run)),
        "free": lambda: cumulative(flows.free(run)),
        "queue": lambda: run.queue,
        "work": lambda: run.waits,
        "age": lambda: flows.first_row(flows.oldest_age(run)),
        "wait": lambda: flows.first_row(flows.wait(run)),
        "running": lambda: flows.first_row(run.consumers.running * run.up),
        "held": lambda: flows.first_row(flows.held(run)),
    }
    curves = Curves(run.batch.dt, {"served": run.served, "removed": run.removed, "entered": run.entered}, make)
    curves.source = run
    return curves


def _events(batch: Batch, curves: Curves) -> dict[str, FloatArray]:
    """Burst, first doomed arrival, death of the broker, and recovery.

    Recovered when in each of ten seconds the messages done in time come to 95 % of those that producers would send,
    poison aside. First doomed: when the queue first holds more than a deadline of work for its base consumers, first in
    first out.
    """
    run, step = curves.source, curves.step
    starts = batch.burst_start + np.zeros(batch.size)
    doomed, gone = (run.waits > batch.deadline) & ~run.stack, run.up < 1.0
    died = gone.argmax(axis=0)
    whole = cumulative(np.diff(curves["wanted"], axis=0) * (1.0 - run.poison_share))
    return {
        **trigger_events(
            starts, starts + batch.burst_duration, curves["good"], whole, step=step, share=0.95, seconds=10.0
        ),
        "first_doomed": np.where(doomed.any(axis=0), doomed.argmax(axis=0) * step, np.nan),
        "broker_died": np.where(gone.any(axis=0), (died + run.up[died, run.members]) * step, np.nan),
    }


def _growth(curves: Curves) -> FloatArray:
    """Messages a second by which the queue grows, over the last ten seconds."""
    queue, rows = curves["queue"], max(round(WINDOW / curves.step), 1)
    span = np.minimum(np.arange(len(queue)), rows)[:, None]
    return (ratio(queue - flows.shifted(queue, rows), span * curves.step + 0.0 * queue))[1:]


def _time_to_full(curves: Curves) -> FloatArray:
    run, growth = curves.source, _growth(curves)
    size = np.minimum(run.limit, run.batch.memory_limit)
    room = np.maximum(size - curves["queue"][1:], 0.0)
    return np.minimum(np.where(growth > 0, ratio(room, growth, empty=DAY), DAY), DAY)


def _least(first: str, second: str) -> Any:
    """Rate of the one curve less that of the other, never below nothing."""
    return lambda c: np.maximum(c.rate(first) - c.rate(second), 0.0)


SIGNALS = {
    "demand": Signal("messages/s", "what producers would send if nobody paused", lambda c: c.rate("wanted")),
    "producer_rate": Signal("messages/s", "what producers send", lambda c: c.rate("asked")),
    "goodput": Signal("messages/s", "messages done before their deadline", lambda c: c.rate("good")),
    "throughput": Signal("messages/s", "deliveries, in time or not", lambda c: c.rate("delivered")),
    "late_rate": Signal("messages/s", "messages done after their deadline", lambda c: c.rate("late")),
    "rejected_rate": Signal("messages/s", "messages refused at the door", lambda c: c.rate("refused")),
    "dropped_rate": Signal("messages/s", "messages dropped from the queue", _least("removed", "lost")),
    "lost_rate": Signal("messages/s", "messages lost with the broker", lambda c: c.rate("lost")),
    "dead_letter_rate": Signal("messages/s", "messages sent to the dead-letter queue", lambda c: c.rate("dead")),
    "redelivered_rate": Signal("messages/s", "deliveries that failed and are to come again", _least("failed", "dead")),
    "error_ratio": Signal(
        "of ended messages", "late, refused, dropped, lost or dead", lambda c: share(c.rate("bad"), c.rate("good"))
    ),
    "depth": Signal("messages", "messages that wait", lambda c: c.level("queue")),
    "held": Signal("messages", "of these, at the producers, pushed back", lambda c: c.level("held")),
    "oldest_age": Signal("s", "age of the oldest message that waits", lambda c: c.level("age")),
    "wait": Signal("s", "wait of the message that is served as the tick ends", lambda c: c.level("wait")),
    "next_wait": Signal("s", "work ahead of the next arrival, Q/μ, first in first out", lambda c: c.level("work")),
    "time_to_full": Signal(
        "s", "until bound or memory, at the growth of the last 10 s; at most a day", _time_to_full, full=True
    ),
    "consumers": Signal("consumers", "consumers at work", lambda c: c.level("running")),
    "utilisation": Signal(
        "of capacity",
        "deliveries ÷ deliveries possible",
        lambda c: np.minimum(ratio(c.rate("delivered"), c.rate("able")), 1.0),
    ),
    "cpu": Signal(
        "of the consumers' time",
        "deliveries ÷ what the consumers would do if they never waited for the database",
        lambda c: np.minimum(ratio(c.rate("delivered"), c.rate("free")), 1.0),
    ),
    "memory_share": Signal(
        "of memory",
        "messages the broker holds ÷ its limit",
        lambda c: np.minimum(ratio(c["queue"] - c["held"], c.source.batch.memory_limit + 0.0 * c["queue"]), 1.0)[1:],
        full=True,
    ),
}

GOLDEN = dict(traffic="producer_rate", errors="error_ratio", latency="wait", saturation="utilisation")
MODEL = Model("queue_overload", _curves, SIGNALS, _events, GOLDEN)


def with_policies(policies: Policies) -> Model:
    """The same model, in which somebody else decides who pauses and how many consumers work."""
    return dataclasses.replace(MODEL, run=lambda batch, ticks: _shown(Run(batch, ticks, policies).go()))
