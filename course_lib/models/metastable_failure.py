"""Metastable failures: a fleet that carries a load for weeks, and does not come back to it after ten bad seconds.

Users' requests come as attempts to a fleet of workers, each an M/M/1 queue of its own. An attempt that takes longer
than the deadline has failed; it is made again after a while, up to `max_retries` times, while the worker still works on
the old one. Failing thus makes load, and load makes failing: above the *hidden capacity* that loop feeds itself.

How it is computed. In tick n of Delta, with M = workers * worker_rate, lambda = users' requests/s:

    let in    a[n] = Poisson(lambda Delta) * admitted            by a valve before the fleet
    sent      s_0 = a;  s_k = o_k (1 - e^(-Delta / delta))       o_k wait for their k-th retry, delta on average; and
                                                                 those who fail and come back within one tick
    capacity  m[n] = M * capacity * (1 - g * q / limit)          g: what a full queue takes away
    queue     q and its variance v: N M/M/1 queues, healthy or not (`worker_queues`); at most the limit less the room
              that full queues have now and then; the rest is refused
    late      p = (1 - c^2) P + c^2 e^(-m D / (N + q))           c: 1 where a queue is often empty, as in a steady
              P = Phi((q + N / 2 - m D) / sqrt(v + N m D))       state, 0 where it stands
    failing   f[n] = 1 - (1 - refused / s) (1 - p)               the distress
    again     o_(k+1) += f s_k min(1, b a / (f s_0 + ...))       b: the retry budget

So in a steady state the attempts are x = lambda (1 + f + ... + f^R) with f = e^(-(mu - x) D): `theory.metastable`.

Conserved: let in = answered + lost + waiting for a retry; attempts = served + refused + queued.

Assumptions. Workers are many and requests spread at random, so that the chance within a worker's queue is in its tail
and that of the fleet in the number of requests; an outage slows all workers alike. A retry follows after an
exponential time that begins with the attempt (the deadline should be short against it); a limit counts as at least
two deadlines' work (a shorter queue never fails whole: lesson 05).

How far it can be trusted. Against an event loop of six workers (tests/models), 60 runs of each of seven days, means
agree within 1 %, what a trigger or a valve moves within 5 %, requests given up within half a percent of all. Chance is
in the number of requests alone, not in who fails nor in what six queues hold at once. So at the very edge days differ
too little (a spike to three quarters of six workers' capacity leaves 152 to be tried again, in the loop 214, give or
take 43), a load above the advertised capacity falls over a second early, and the queue of a healthy fleet peaks at half
of what it should (at an eighth of capacity 3 attempts for 6).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_lib.models import noise, simulation
from course_lib.models.exact import FloatArray, accumulate, cumulative, ratio, share, total
from course_lib.models.parameters import OPERATOR, WORLD, ParameterSet, choice, fixed, scheduled, swept
from course_lib.models.recovery import lasting, trigger_events
from course_lib.models.schedule import window
from course_lib.models.simulation import Batch, Model
from course_lib.models.trace import Curves, Record, Signal, State, Trace
from course_lib.models.worker_queues import WorkerQueues
from course_lib.theory import metastable

TINY = 1e-300
LITTLE, PLENTY = 1e-9, 1e9  # attempts; retries per request
Valve = Callable[["Run", int], FloatArray]
"""(run so far, tick) -> share of the users' requests to let in, shape (members,)."""
LONGEST = 60.0  # seconds: no wait is shown as longer
SETTLED = 10.0  # seconds for which it has to go well


@dataclasses.dataclass(frozen=True)
class Parameters(ParameterSet):
    """Parameters of the metastable failure; see each field's metadata for range, unit and source."""

    # fmt: off
    arrival_rate: Any = scheduled(1800.0, "requests/s", 0, 1e6, "λ",
        "requests that users send", "chosen: 60 % of what the workers can do")
    workers: Any = swept(30, "workers", 1, 1e4, "N",
        "workers, each with a queue of its own; requests go to one at random", "chosen", integer=True, by=OPERATOR)
    worker_rate: Any = swept(100.0, "attempts/s", 1, 1e4, "μ",
        "what one worker can do", "Bronson et al., HotOS 2021, discuss 300 in all", by=OPERATOR)
    capacity: Any = scheduled(1.0, "of capacity", 0, 1, "c",
        "what is there of it", "all of it", by=OPERATOR)
    deadline: Any = swept(0.1, "s", 0.01, 60, "D",
        "how long a client waits for an attempt", "chosen: ten times what an idle worker takes", by=OPERATOR)
    max_retries: Any = swept(3, "retries", 0, 6, "R",
        "tries after the first attempt", "a common setting; SRE book ch. 21 caps at 3 attempts", integer=True,
        by=OPERATOR)
    retry_delay: Any = swept(5.0, "s", 0.5, 600, "δ",
        "mean time from a failed attempt to the next", "chosen", by=OPERATOR)
    retry_budget: Any = scheduled(np.inf, "retries per request", 0, np.inf, "b",
        "retries allowed per request let in; inf: no budget", "none; Finagle and Linkerd: 0.2", by=OPERATOR)
    degradation: Any = swept(0.0, "of capacity", 0, 0.95, "g",
        "capacity that is lost while the queue is full: garbage collection, swap", "none")
    queue_limit: Any = swept(1.0, "s of work", 0.1, np.inf, "q̂",
        "what a queue holds; more is refused at once", "chosen: ten deadlines", by=OPERATOR)
    admitted: Any = scheduled(1.0, "of requests", 0, 1, "a",
        "share of the users' requests that the valve lets in", "an operator's valve, open", by=OPERATOR)
    trigger: Any = choice("outage", ("outage", "spike"),
        "capacity goes missing, or as many requests more come", "the two ways to overload", by=WORLD)
    trigger_size: Any = scheduled(1.0, "of capacity", 0, 1, "z",
        "how much", "chosen: all of it")
    trigger_start: Any = swept(30.0, "s", 0, 1e5, "t₀",
        "when it begins", "chosen")
    trigger_duration: Any = swept(10.0, "s", 0, 1e5, "d",
        "for how long", "chosen: a failover")
    dt: Any = fixed(0.5, "s", 0.05, 1, "Δ",
        "length of a tick", "a tenth of a retry delay")
    # fmt: on


def simulate(
    parameters: Parameters | None = None,
    seed: ArrayLike = 0,
    *,
    until: float,
    state: State | None = None,
    record: Record | None = None,
) -> Trace:
    """Run a fleet for `until` seconds; see `simulation.simulate` for batches, records and resuming.

    Examples
    --------
    >>> fleet = simulate(Parameters(arrival_rate=[600, 1800]), seed=7, until=300)
    >>> (fleet["goodput"][-1] > 500).tolist()
    [True, False]
    """
    return simulation.simulate(
        MODEL, Parameters() if parameters is None else parameters, seed, until=until, state=state, record=record
    )


class Run:
    """One batch on its way through time, in attempts a tick; `valve`, if given, decides what is let in."""

    def __init__(self, batch: Batch, ticks: int, valve: Valve | None = None) -> None:
        self.batch, self.ticks, self.dt, self.valve = batch, ticks, batch.dt, valve
        time, size = np.arange(ticks) * batch.dt, batch.size
        self.whole = batch.workers * batch.worker_rate  # attempts/s with everything there
        self.limit = np.maximum(batch.queue_limit, 2 * batch.deadline) * self.whole + np.zeros(size)  # attempts
        self._set_world(time)
        self.sent, self.served, self.refused, self.failing = (np.zeros((ticks, size)) for _ in range(4))
        self.queue = np.zeros((ticks + 1, size))
        self.degrades = bool((batch.degradation > 0).any())
        self.deadline_ticks = batch.deadline / batch.dt
        self.lost = batch.degradation / self.limit  # of capacity, an attempt that waits
        self.law = WorkerQueues(batch.workers, self.limit)
        self.tokens = np.zeros(size)
        self.tries = int(batch.max_retries.max())
        self.waiting = np.zeros((ticks + 1, self.tries, size))  # for their first, second, ... retry

    def _set_world(self, time: FloatArray) -> None:
        batch, ones = self.batch, np.ones((len(time), self.batch.size))
        on = window(batch.trigger_start, batch.trigger_duration, 1.0, 0.0).at(time)
        hit = on * batch.at("trigger_size", time)
        rate = batch.at("arrival_rate", time) + np.where(batch.trigger == 1, hit, 0.0) * self.whole
        lost = np.where(batch.trigger == 0, hit, 0.0)
        self.able = batch.at("capacity", time) * self.whole * (1.0 - lost) * batch.dt * ones
        self.mean = rate * batch.dt * ones
        self.first = noise.counts(batch.seeds, "requests", rate * batch.dt, len(time)) * ones
        self.dead = (self.able == 0.0).astype(float) if (self.able == 0.0).any() else None
        self.budget = batch.at("retry_budget", time)
        self.earned = np.minimum(self.budget, PLENTY) * ones  # tokens a request
        self.bucket = self.earned * np.maximum(self.mean, 1.0) / batch.dt
        self.admitted = batch.at("admitted", time) * ones

    def go(self) -> Run:
        """All ticks."""
        batch = self.batch
        gone, soon = self._back()
        failed = np.zeros((self.tries, batch.size))  # of the last tick's attempts, those that will be made again
        by_try = np.zeros((self.tries + 1, batch.size))  # attempts of a tick: first, second, ...
        allowed = np.arange(self.tries)[:, None] < batch.max_retries
        limited = None if allowed.all() else allowed
        budgeted = batch.lowest("retry_budget") < self.tries
        for n in range(self.ticks):
            if self.valve is not None:
                self.admitted[n] = self.valve(self, n)
            fresh = np.multiply(self.first[n], self.admitted[n], out=by_try[0])
            retries = np.multiply(self.waiting[n], gone, out=by_try[1:])
            retries += np.multiply(failed, soon, out=failed)
            more = np.add.reduce(retries, axis=0)  # at most six rows: numpy adds so few in their order
            failing = self._work(n, fresh + more, self.mean[n] * self.admitted[n] + more)
            wish = np.multiply(by_try[:-1], failing, out=failed)
            if limited is not None:
                wish *= limited
            if budgeted:
                wish *= self._granted(n, fresh, np.add.reduce(wish, axis=0))
            waiting = np.add(self.waiting[n], wish, out=self.waiting[n + 1])
            waiting -= retries
        return self

    def _back(self) -> tuple[FloatArray, FloatArray]:
        """Who comes back in a tick: share of those that wait as it begins, and of those that fail during it."""
        ticks = self.dt / self.batch.retry_delay
        gone = -np.expm1(-ticks)
        return gone, np.minimum(1.0 - gone / ticks, 1.0 - gone)

    def _work(self, n: int, sent: FloatArray, expected: FloatArray) -> FloatArray:
        """Queue, served and refused of a tick in which `sent` attempts come; return the share that fails.

        `expected` is without the chance of this tick, which the law of a queue has in it already.
        """
        queue, able, law = self.queue[n], self.able[n], self.law
        if self.degrades:
            able = able * (1.0 - self.lost * queue)
        there = queue + sent
        chance = there - law.mean - expected
        law.step(expected, able)
        chance = chance * law.stays
        stay = np.maximum(law.mean + chance, 0.0)
        after = np.minimum(np.maximum(stay, there - able), there, out=self.queue[n + 1])
        np.subtract(there, after, out=self.served[n])
        refused = None
        full = after > law.most
        if full.any():
            held = np.minimum(after, np.maximum(law.most, after - sent))
            refused = np.subtract(after, held, out=self.refused[n])
            after[:] = held
            law.refuse(full, sent)
        late = law.late(able * self.deadline_ticks, expected, able, chance)
        if self.dead is not None:
            late = np.maximum(late, self.dead[n])
        if refused is not None:
            late = late + (1.0 - late) * refused / np.maximum(sent, TINY)
        self.sent[n] = sent
        return np.multiply(late, sent > 0, out=self.failing[n])

    def _granted(self, n: int, fresh: FloatArray, wanted: FloatArray) -> FloatArray:
        """Share of the wanted retries that the bucket pays for; it holds what a second of requests earns."""
        there = self.tokens + self.earned[n] * fresh  # spent in the same tick: only what is left has to be held
        granted = np.minimum(there / np.maximum(wanted, LITTLE), 1.0)
        self.tokens = np.minimum(np.maximum(there - granted * wanted, 0.0), self.bucket[n])
        return granted

    @property
    def good(self) -> FloatArray:
        """Requests answered in time, each tick."""
        return self.sent * np.maximum(1.0 - self.failing, 0.0)

    @property
    def orbit(self) -> FloatArray:
        """Requests that wait for a retry, one row a tick's end and one for the start."""
        return total(self.waiting, axis=1)


# -- what a run shows ------------------------------------------------------------------------------------------------


def _curves(batch: Batch, ticks: int) -> Curves:
    return _shown(Run(batch, ticks).go())


def _shown(run: Run) -> Curves:
    fresh = run.first * run.admitted
    flows = {"first": run.first, "fresh": fresh, "sent": run.sent, "good": run.good, "served": run.served,
             "refused": run.refused, "able": run.able, "shed": run.first - fresh}  # fmt: skip
    make = {name: lambda flow=flow: cumulative(flow) for name, flow in flows.items()}
    make |= {
        "lost": lambda: _lost(cumulative(fresh), run),
        "queue": lambda: run.queue,
        "orbit": lambda: run.orbit,
        "distress": lambda: _levels(run.failing),
        "load": lambda: _levels(run.mean * run.admitted / run.dt),
        "hidden": lambda: _levels(_hidden(run)),
        "attempts": lambda: _levels(_expected(run)),
        "wait": lambda: _levels(_wait(run)),
        "distance": lambda: _levels(_distance(run)),
    }
    curves = Curves(run.dt, make=make)
    curves.source = run
    return curves


def _levels(rows: FloatArray) -> FloatArray:
    """A level per tick as a curve: its first row stands for time 0."""
    return np.concatenate([rows[:1], rows])


def _lost(fresh: FloatArray, run: Run) -> FloatArray:
    """Requests that ended unanswered: let in, less those answered and those that wait for a retry; it never falls."""
    return accumulate(np.maximum, np.maximum(fresh - cumulative(run.good) - run.orbit, 0.0))


def _expected(run: Run) -> FloatArray:
    """Attempts/s without the chance of the tick in the users' requests."""
    return (run.mean * run.admitted + np.maximum(run.sent - run.first * run.admitted, 0.0)) / run.dt


def _hidden(run: Run) -> FloatArray:
    batch = run.batch
    more = np.minimum(batch.max_retries, batch.at("retry_budget", np.arange(run.ticks) * run.dt))
    return run.able / run.dt * (1.0 - batch.degradation) / (1.0 + more)


def _wait(run: Run) -> FloatArray:
    """Mean time that an attempt takes: the work before it, and its own."""
    able = np.maximum(run.able / run.dt * (1.0 - run.batch.degradation * run.queue[:-1] / run.limit), TINY)
    return np.minimum((run.queue[1:] + run.batch.workers) / able, LONGEST)


def _events(batch: Batch, curves: Curves) -> dict[str, FloatArray]:
    """Trigger, the loop left, and recovery.

    Recovered when in each of ten seconds the answers come to 95 % of the users' requests, the valve's share of them
    included; they may be of requests that came a little earlier. Left when, after the trigger, fewer than a tenth of
    the attempts fail for ten seconds, whatever the valve lets in.
    """
    run, step = curves.source, curves.step
    starts = batch.trigger_start + np.zeros(batch.size)
    ends = starts + batch.trigger_duration
    after = (np.arange(run.ticks) * step)[:, None] >= ends - 1e-9
    calm = lasting((run.failing < 0.1) & after, max(round(SETTLED / step), 1))
    left = np.where(calm.any(axis=0), np.maximum(calm.argmax(axis=0) * step, ends), np.nan)
    return {
        **trigger_events(starts, ends, curves["good"], curves["first"], step=step, share=0.95, seconds=SETTLED),
        "left": left,
    }


def _state(curves: Curves) -> FloatArray:
    """0 stable, 1 vulnerable, 2 metastable."""
    above, failing = curves.level("load") > curves.level("hidden"), curves.level("distress") > 0.5
    return np.where(failing, 2.0, np.where(above, 1.0, 0.0))


def _distance(run: Run) -> FloatArray:
    """Attempts/s to the unstable state, solved once for each load that a member ever has."""
    batch, load = run.batch, run.mean * run.admitted / run.dt / run.batch.workers
    told = (load, batch.worker_rate, batch.max_retries, batch.deadline)
    rows = np.stack([np.broadcast_to(one, load.shape).ravel() for one in told], axis=1)
    different, place = np.unique(rows, axis=0, return_inverse=True)
    solved = metastable.fixed_points(*different.T)
    low, tipping, high = (one[place.ravel()].reshape(load.shape) for one in solved)
    missing = np.maximum(tipping - _expected(run) / batch.workers, 0.0) * batch.workers
    return np.where(np.isnan(high), batch.worker_rate * batch.workers, np.where(np.isnan(low), 0.0, missing))


SIGNALS = {
    "offered_rate": Signal("requests/s", "what users send", lambda c: c.rate("first")),
    "admitted_rate": Signal("requests/s", "of these, let in by the valve", lambda c: c.rate("fresh")),
    "attempt_rate": Signal("attempts/s", "what comes to the workers, retries included", lambda c: c.rate("sent")),
    "throughput": Signal("attempts/s", "attempts worked through, wanted or not", lambda c: c.rate("served")),
    "goodput": Signal("requests/s", "requests answered before their deadline", lambda c: c.rate("good")),
    "refused_rate": Signal("attempts/s", "attempts refused by a full queue", lambda c: c.rate("refused")),
    "lost_rate": Signal("requests/s", "requests given up for good", lambda c: c.rate("lost")),
    "shed_rate": Signal("requests/s", "requests turned away by the valve", lambda c: c.rate("shed")),
    "dropped": Signal("requests", "turned away or given up, so far", lambda c: c.level("shed") + c.level("lost")),
    "error_ratio": Signal(
        "of ended requests", "given up ÷ (given up + answered)", lambda c: share(c.rate("lost"), c.rate("good"))
    ),
    "distress": Signal("of attempts", "attempts that fail: late or refused", lambda c: c.level("distress")),
    "amplification": Signal(
        "attempts per request", "attempts ÷ requests let in", lambda c: ratio(c.rate("sent"), c.rate("fresh"))
    ),
    "goodput_share": Signal(
        "of work done",
        "goodput ÷ throughput: work that somebody still wanted",
        lambda c: np.minimum(ratio(c.rate("good"), c.rate("served"), empty=1.0), 1.0),
    ),
    "utilisation": Signal(
        "of capacity", "work done ÷ work possible", lambda c: np.minimum(ratio(c.rate("served"), c.rate("able")), 1.0)
    ),
    "wait": Signal("s", "mean time of an attempt, at most a minute", lambda c: c.level("wait")),
    "queue": Signal("attempts", "attempts that wait for a worker or are with one", lambda c: c.level("queue")),
    "orbit": Signal("requests", "requests that wait for their next try", lambda c: c.level("orbit")),
    "hidden_capacity": Signal("requests/s", "load from which it comes back by itself", lambda c: c.level("hidden")),
    "load_ratio": Signal(
        "times", "requests let in ÷ hidden capacity", lambda c: ratio(c.level("load"), c.level("hidden"))
    ),
    "state": Signal(
        "0, 1 or 2",
        "0: the load is within the hidden capacity; 1: it is above, vulnerable; 2: most attempts fail",
        _state,
    ),
    "tipping_distance": Signal(
        "attempts/s",
        "attempts missing to the point of no return, by retries alone; all capacity where there is none",
        lambda c: c.level("distance"),
    ),
}

GOLDEN = dict(traffic="offered_rate", errors="error_ratio", latency="wait", saturation="utilisation")
MODEL = Model("metastable_failure", _curves, SIGNALS, _events, GOLDEN)


# -- somebody else's hand on the valve -------------------------------------------------------------------------------

Decide = Callable[..., FloatArray]
"""(share let in, share of attempts that fail, attempts/s, load, hidden capacity, capacity) -> share to let in."""


def with_valve(decide: Decide, since: float = 0.0, delay: float = 0.0) -> Model:
    """The same model, its valve turned each tick by a policy that sees what went on `delay` seconds ago.

    Load (users' requests/s), hidden capacity (requests/s) and capacity (attempts/s) are those of a healthy fleet: what
    a trigger takes away is not known to it. Before `since` (s) nobody is at the valve, and it is open.
    """

    def valve(run: Run, n: int) -> FloatArray:
        nothing, seen = np.zeros(run.batch.size), max(n - 1 - round(delay / run.dt), 0)
        load, whole = run.mean[n] / run.dt, run.whole + nothing
        if n * run.dt < since:
            return nothing + 1.0
        let_in = run.admitted[n - 1] if n else nothing + 1.0
        attempts = run.sent[seen] / run.dt if n else load
        more = np.minimum(run.batch.max_retries, run.budget[min(n, len(run.budget) - 1)])
        hidden = whole * (1.0 - run.batch.degradation) / (1.0 + more)
        return np.clip(decide(let_in, run.failing[seen], attempts, load, hidden, whole), 0.0, 1.0)

    return dataclasses.replace(MODEL, run=lambda batch, ticks: _shown(Run(batch, ticks, valve).go()))
