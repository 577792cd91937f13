"""Metastable failures: a fleet that carries a load for weeks, and does not come back to it after ten bad seconds.

Users' requests come as attempts to a fleet of workers, each an M/M/1 queue of its own. An attempt that takes longer
than the deadline has failed; it is made again after a while, up to `max_retries` times, while the worker still works on
the old one. Failing thus makes load, and load makes failing: above the *hidden capacity* that loop feeds itself.

How it is computed. In tick n of Delta, with M = workers * worker_rate, lambda = users' requests/s:

    let in    a[n] = Poisson(lambda Delta) * admitted            by a valve before the fleet
    sent      s_0 = a;  s_k = o_k (1 - e^(-Delta / delta))       o_k wait for their k-th retry, delta on average; and
                                                                 those who fail and come back within one tick
    capacity  m[n] = M * capacity * (1 - g * q / limit)          g: what a full queue takes away
    queue     q, its variance, what chance has brought: N M/M/1 queues, healthy, full or between (`worker_queues`); what
              comes to a full one is refused
    late      p = e^(-m D / (N + q)) in a steady state; of a law that is cut off at nothing, and at a full queue, where
              it is none: on average. Chance goes with what the queues hold, and lasts as it does (`queue_luck`)
    failing   f[n] = 1 - (1 - refused / s) (1 - p)               the distress
    known     those late a deadline after they were sent, those refused at once
    again     o_(k+1) += known_k min(1, b a / (known_0 + ...))   b: the retry budget, a bucket of a second's

So in a steady state the attempts are x = lambda (1 + f + ... + f^R) with f = e^(-(mu - x) D): `theory.metastable`.

Chance is in users' requests, in services, and in who is late: how many of a tick's attempts are depends on how much the
queues hold together, and varies, for those who see one queue are late together.

Conserved: let in = answered + lost + waiting for a retry, an answer or a deadline; attempts = served + refused +
queued.

Assumptions. Workers are many, requests spread at random, and an outage slows all alike. A retry follows an exponential
time after its attempt has failed; a limit counts as at least two deadlines' work (a shorter queue never fails whole:
lesson 05). Who is with a worker as the trigger begins or ends is reckoned with, as any other change of capacity finds
them is not.

How far it can be trusted. Against an event loop (tests/models), 200 runs of each of ten days and of twelve all over the
panel's sliders with six workers, 60 of each of twelve more with thirty: steady means within 1 %, transients within 5 %,
recovery within a second or two. Beyond that, of 1,500 and more runs: a fleet of thirty at nine tenths of capacity that
falls by chance does so a tenth or two of a second early (3 to 4 % fewer are answered before); at 80 % load with a retry
budget of 0.1, of six, twenty and thirty workers alike (240 runs of the last two), a tenth too many wait for a retry,
give or take 3 %, and queues are 3 % too long; where few are late, and rarely, those who wait for a retry may be 5 to 15
% off; and a fleet of six that is down and comes back by luck alone, in one run of a hundred, does so in one of three
hundred. Few workers' late ones come in longer bursts than here, of six at 75 % load by a sixth (standard deviation over
four seconds).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.models import noise, simulation
from course_lib.models.exact import FloatArray, Lag, accumulate, cumulative, ratio, share, total
from course_lib.models.one_or_many import Many, One
from course_lib.models.parameters import OPERATOR, WORLD, ParameterSet, choice, fixed, scheduled, swept
from course_lib.models.queue_luck import drawn_late
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
NEXT_TO_NONE = 1e-6  # late ones, or others, of whom chance has nothing to say
SHORT, FAR = 1e-6, 50.0  # an exponent that is as good as nothing, and one as good as infinite
LONGEST = 60.0  # seconds: no wait is shown as longer
SLACK = 1.01  # more than could be done by so little is better than a queue that never comes down by a hair again
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
        self.tokens, self.wanted = self.bucket[0] * (self.earned[0] > 0), np.zeros(size)
        self.sent, self.served, self.refused, self.failing = (np.zeros((ticks, size)) for _ in range(4))
        self.could, self.caught = np.zeros((ticks, size)), np.zeros((ticks, size))
        self.queue = np.zeros((ticks + 1, size))
        self.tries = int(batch.max_retries.max())
        self.waiting = np.zeros((ticks + 1, self.tries, size))  # for their first, second, ... retry
        self.notices = Lag(batch.deadline + np.zeros(size), batch.dt)

    def _set_world(self, time: FloatArray) -> None:
        batch, ones = self.batch, np.ones((len(time), self.batch.size))
        on = window(batch.trigger_start, batch.trigger_duration, 1.0, 0.0).at(time)
        hit = on * batch.at("trigger_size", time)
        rate = batch.at("arrival_rate", time) + np.where(batch.trigger == 1, hit, 0.0) * self.whole
        lost = np.where(batch.trigger == 0, hit, 0.0)
        self.able = batch.at("capacity", time) * self.whole * (1.0 - lost) * batch.dt * ones
        ahead = _ahead(batch.trigger_start, batch.trigger_duration, batch.deadline, time, batch.dt)
        lost = np.where((batch.trigger == 0) & (on > 0.0), ahead * batch.at("trigger_size", time), 0.0)
        self.within = batch.at("capacity", time) * self.whole * (1.0 - lost) * batch.deadline * ones
        soon = window(batch.trigger_start, batch.trigger_duration, 1.0, 0.0).at(time + batch.dt)
        self.begins = ((batch.trigger == 0) & (soon > on)) * batch.at("trigger_size", time) * ones  # with the next tick
        self.mean = rate * batch.dt * ones
        self.normal = noise.normal(batch.seeds, "workers", 2 * len(time)).reshape(len(time), 2, -1)
        self.first = noise.counts(batch.seeds, "requests", rate * batch.dt, len(time)) * ones
        self.budget = batch.at("retry_budget", time)
        self.earned = np.minimum(self.budget, PLENTY) * ones  # tokens a request
        self.bucket = np.maximum(self.earned * batch.at("arrival_rate", time), 1.0)
        self.free = (self.budget.min(axis=0) >= batch.max_retries) | np.isinf(self.budget * ones)  # of any budget
        self.admitted = batch.at("admitted", time) * ones

    def go(self) -> Run:
        """All ticks."""
        batch = self.batch
        fleet, (gone, soon) = _Fleet(self), self._back()
        start = int(self.notices.whole.max()) + 1
        late = np.zeros((start + self.ticks, self.tries, batch.size))  # those that do not know it yet, too
        failed = before = np.zeros((self.tries, batch.size))  # found out in the last tick, and will be made again
        by_try = np.zeros((self.tries + 1, batch.size))  # attempts of a tick: first, second, ...
        allowed = np.arange(self.tries)[:, None] < batch.max_retries
        limited = None if allowed.all() else allowed
        budgeted = batch.lowest("retry_budget") < self.tries
        members, outages, caught = np.arange(batch.size), self.begins.any(axis=1).tolist(), None
        for n in range(self.ticks):
            if self.valve is not None:
                self.admitted[n] = self.valve(self, n)
            fresh = np.multiply(self.first[n], self.admitted[n], out=by_try[0])
            retries = np.multiply(self.waiting[n], gone, out=by_try[1:])
            retries += soon * np.maximum(failed + failed - before, 0.0)  # those of this tick, too, by where it goes
            np.minimum(retries, self.waiting[n], out=retries)
            again = np.add.reduce(retries, axis=0)  # at most six rows: numpy adds so few in their order
            waits, refused = fleet.work(n, fresh, again)
            missed = np.multiply(by_try[:-1], waits, out=late[start + n])
            if caught is not None:
                missed += caught
            caught = self._caught(n, by_try[:-1]) if outages[n] else None
            at_once = None if refused is None else by_try[:-1] * refused
            if limited is not None:
                missed *= limited
                at_once = None if at_once is None else at_once * limited
            if budgeted:
                self._pay(n, fresh, late, start + n, at_once, members)
            before, failed = failed, self._noticed(late, start + n, members)
            if at_once is not None:
                failed += at_once
            waiting = np.add(self.waiting[n], failed, out=self.waiting[n + 1])
            waiting -= retries
        return self

    def _caught(self, n: int, tries: FloatArray) -> FloatArray:
        """Attempts, by try, that would have been answered, had not their workers stopped with the next tick."""
        level, reach = self.queue[n + 1] + self.batch.workers, self.within[n] * (1.0 - self.begins[n])
        share = self._under_way(self.failing[n], level / np.maximum(self.able[n], LITTLE))
        share *= np.exp(np.maximum(-reach / level, -FAR)) * (1.0 - self.failing[n]) * (self.begins[n] > 0)
        self.caught[n] = self.sent[n] * share
        return tries * share

    def _noticed(self, late: FloatArray, row: int, members: NDArray[np.int64]) -> FloatArray:
        """Those that are found out now to be late, a deadline after they were sent."""
        lag = self.notices
        if lag.same:
            row -= int(lag.whole[0])
            return late[row] * (1.0 - lag.part) + late[row - 1] * lag.part
        rows, part = row - lag.whole, lag.part[:, None]
        return (late[rows, :, members] * (1.0 - part) + late[rows - 1, :, members] * part).T

    def _back(self) -> tuple[FloatArray, FloatArray]:
        """Who comes back in a tick: share of those that wait as it begins, and of those that fail during it."""
        ticks = self.dt / self.batch.retry_delay
        gone = -np.expm1(-ticks)
        return gone, np.minimum(1.0 - gone / ticks, 1.0 - gone)

    def _pay(
        self,
        n: int,
        fresh: FloatArray,
        late: FloatArray,
        row: int,
        at_once: FloatArray | None,
        members: NDArray[np.int64],
    ) -> None:
        """Leave of those late or refused those whose retry the budget pays for, tick by tick as they were sent.

        As they are noticed they are spread over two ticks, and a burst would look smaller than it is.
        """
        lag = self.notices
        rows = row - int(lag.whole[0]) if lag.same else row - lag.whole
        wanted = late[rows] if lag.same else late[rows, :, members].T
        all_of = np.add.reduce(wanted, axis=0)
        if at_once is not None:
            all_of += np.add.reduce(at_once, axis=0)
        sent = (
            self.sent[max(n - int(lag.whole[0]), 0)] if lag.same else self.sent[np.maximum(n - lag.whole, 0), members]
        )
        share = self._granted(n, fresh, all_of, sent)
        if lag.same:
            late[rows] *= share
        else:
            late[rows, :, members] = (wanted * share).T
        if at_once is not None:
            at_once *= share

    def _granted(self, n: int, fresh: FloatArray, wanted: FloatArray, sent: FloatArray) -> FloatArray:
        """Share of the wanted retries that the bucket pays for; it holds what a second of requests earns.

        Until they are wanted a full one earns nothing: half a tick, on average, none where all that were sent fail.
        """
        earned, some = self.earned[n] * fresh, np.maximum(wanted, LITTLE)
        starts = np.minimum(0.5, 1.0 - np.minimum(wanted / np.maximum(sent, some), 1.0))
        starts *= 1.0 - np.minimum(self.wanted / some, 1.0)
        there = np.minimum(self.tokens + starts * earned, self.bucket[n]) + (1.0 - starts) * earned
        self.wanted = wanted
        granted = np.where(self.free[n], 1.0, np.minimum(there / np.maximum(wanted, LITTLE), 1.0))
        self.tokens = np.minimum(np.maximum(there - granted * wanted, 0.0), self.bucket[n])
        return granted

    def _under_way(self, late: FloatArray, takes: FloatArray) -> FloatArray:
        """How long those answered in time wait for it, in ticks, where attempts take so many on average.

        The deadline at most; less where it cuts an exponential law off, as far as so many are late as of such a law.
        """
        within = self.batch.deadline / self.dt
        times = np.clip(within / takes, SHORT, FAR)
        alike = np.minimum(late * np.exp(times), 1.0)
        least = within * (1.0 / times - 1.0 / np.expm1(times))
        takes = np.minimum(takes, within)
        return takes - alike * np.maximum(takes - least, 0.0)

    @property
    def good(self) -> FloatArray:
        """Requests answered in time, counted up: of attempts of each tick, less those that wait for their answer."""
        coming = self.sent * np.maximum(1.0 - self.failing, 0.0)
        takes = (self.queue[1:] + self.batch.workers) / np.maximum(self.able, LITTLE)
        under_way = _after(coming * self._under_way(self.failing, takes))
        counted = cumulative(coming) - under_way - cumulative(_after(self.caught)[:-1])
        return accumulate(np.maximum, np.maximum(counted, 0.0))

    @property
    def orbit(self) -> FloatArray:
        """Requests that wait for a retry, one row a tick's end and one for the start."""
        return total(self.waiting, axis=1)


class _Fleet:
    """The workers of a run, tick by tick; a member alone, whose capacity no valve turns, as floats."""

    def __init__(self, run: Run) -> None:
        batch, alone = run.batch, run.batch.size == 1 and run.valve is None
        self.do = One if alone else Many

        def rows(values: FloatArray) -> Any:
            return values[:, 0].tolist() if alone else values

        def members(values: FloatArray) -> Any:
            return float(values[0]) if alone else values + np.zeros(batch.size)

        self.run, self.alone, self.limit = run, alone, members(run.limit)
        self.able, self.within, self.mean, self.admitted = map(rows, (run.able, run.within, run.mean, run.admitted))
        self.services, self.waits = rows(run.normal[:, 0]), rows(run.normal[:, 1])
        self.law = WorkerQueues(members(batch.workers), self.limit)
        self.degrades = bool((batch.degradation > 0).any())
        self.degrading = members(batch.degradation / run.limit)  # of capacity, an attempt that waits
        self.until_half = members(0.5 + 0.5 * batch.deadline / batch.dt)  # ticks, to half a deadline of one's middle
        self.longer = self.waits[0]  # who is late, as a normal draw that lasts
        self.queue = members(np.zeros(1))

    def work(self, n: int, fresh: FloatArray, again: FloatArray) -> tuple[Any, Any]:
        """Queue, served and refused of a tick; return the shares of its attempts that are late, and refused."""
        run, do, law, queue = self.run, self.do, self.law, self.queue
        if self.alone:
            fresh, again = fresh.item(), again.item()
        sent, usual = fresh + again, self.mean[n] * self.admitted[n]
        expected, able, within = usual + again, self.able[n], self.within[n]
        if self.degrades:
            able, within = self._degraded(expected, able, within)
        there = queue + sent
        chance = law.step(expected, able, usual, fresh - usual, self.services[n])
        run.could[n] = do.maximum(self.able[n] + chance, 0.0)
        could = do.maximum(able + chance, 0.0)
        least = there - could * SLACK
        full = do.maximum(law.refused, least - self.limit) > 0.0
        some = do.any(full)
        if some:
            least = do.where(full, queue - could * SLACK, least)
        after = do.minimum(do.maximum(law.held(), least), there)
        self.queue = after
        late = self._late(n, law.late(within, expected, able), sent, expected, within)
        run.sent[n], run.queue[n + 1], gone = sent, after, there - after
        if not some:
            run.served[n], run.failing[n] = gone, late
            return late, None
        refused = law.turned_away(gone, chance)
        refused = do.where(full, do.minimum(do.maximum(refused, gone - could), do.minimum(gone, sent)), 0.0 * sent)
        share = refused / do.maximum(sent, LITTLE)
        late = late * (1.0 - share)
        run.served[n], run.refused[n], run.failing[n] = gone - refused, refused, late + share
        return late, share

    def _degraded(self, expected: Any, able: Any, within: Any) -> tuple[Any, Any]:
        """Capacity of a tick, and until a deadline, where queues take some: as it will be half way."""
        do, queue = self.do, self.queue
        grows = self.law.grows(expected, able * (1.0 - self.degrading * queue))
        most = do.maximum(queue, self.law.most)
        self.law.moves.bend = do.maximum(0.5 * able * self.degrading * grows, 0.0) * self.law.each
        able = able * (1.0 - self.degrading * do.minimum(queue + 0.5 * grows, most))
        self.law.fading = within, self.degrading, (self.until_half - 0.5) * grows
        return able, within * (1.0 - self.degrading * do.minimum(queue + self.until_half * grows, most))

    def _late(self, n: int, late: Any, sent: Any, expected: Any, within: Any) -> Any:
        """The share that is late as it happens: those who see the same queues are late together, and for a while."""
        do, luck = self.do, self.law.luck
        late = do.where(within > 0.0, late, 1.0)
        rare, longer = do.minimum(late, 1.0 - late), self.waits[n]
        chances = rare > NEXT_TO_NONE
        happens = rare
        if do.any(chances):
            self.law.tell()
            kept = luck.keeps * self.longer + do.sqrt(1.0 - luck.keeps * luck.keeps) * longer
            longer = do.where(chances, kept, longer)
            sharp = do.maximum(rare, TINY) / ((1.0 - rare) * (1.0 / do.maximum(expected, LITTLE) + luck.alike))
            chance = luck.told + luck.own * longer
            drawn = rare * drawn_late(do, do.where(late > rare, -chance, chance), sharp)
            happens = do.where(chances, do.minimum(drawn, 1.0), rare)
        self.longer = longer
        return do.where(sent > 0.0, do.where(late > rare, 1.0 - happens, happens), 0.0)


# -- what a run shows ------------------------------------------------------------------------------------------------


def _curves(batch: Batch, ticks: int) -> Curves:
    return _shown(Run(batch, ticks).go())


def _shown(run: Run) -> Curves:
    fresh = run.first * run.admitted
    flows = {"first": run.first, "fresh": fresh, "sent": run.sent, "served": run.served,
             "refused": run.refused, "could": run.could, "shed": run.first - fresh}  # fmt: skip
    make = {name: lambda flow=flow: cumulative(flow) for name, flow in flows.items()}
    make |= {
        "good": lambda: run.good,
        "lost": lambda: _lost(fresh, run),
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


def _after(rows: FloatArray) -> FloatArray:
    """What there is after each tick as a curve: nothing at time 0."""
    return np.concatenate([np.zeros_like(rows[:1]), rows])


def _levels(rows: FloatArray) -> FloatArray:
    """A level per tick as a curve: its first row stands for time 0."""
    return np.concatenate([rows[:1], rows])


def _lost(fresh: FloatArray, run: Run) -> FloatArray:
    """Requests that ended unanswered: found out to have failed, and not to be made again; it never falls."""
    late = np.zeros((int(run.notices.whole.max()) + 2 + run.ticks, run.batch.size))
    late[-run.ticks :] = run.sent * run.failing - run.refused + _after(run.caught)[:-1]
    members = np.arange(run.batch.size)
    rows = np.arange(len(late) - run.ticks, len(late))[:, None] - run.notices.whole
    known = late[rows, members] * (1.0 - run.notices.part) + late[rows - 1, members] * run.notices.part
    again = np.diff(run.orbit, axis=0) + run.sent - fresh
    return cumulative(np.maximum(known + run.refused - again, 0.0))


def _ahead(start: FloatArray, seconds: FloatArray, deadline: FloatArray, time: FloatArray, dt: float) -> FloatArray:
    """Share of the time until a tick's attempts' deadlines that a window takes, on average."""

    def area(t: FloatArray) -> FloatArray:  # twice the window's integral's integral
        since, after = np.maximum(t - start, 0.0), np.maximum(t - start - seconds, 0.0)
        return since * since - after * after

    begin = time[:, None]
    end = begin + dt
    share = (area(end + deadline) - area(begin + deadline) - area(end) + area(begin)) / (2 * dt * deadline)
    return np.clip(np.round(share, 9), 0.0, 1.0)


def _expected(run: Run) -> FloatArray:
    """Attempts/s without the chance of the tick in the users' requests."""
    return (run.mean * run.admitted + np.maximum(run.sent - run.first * run.admitted, 0.0)) / run.dt


def _hidden(run: Run) -> FloatArray:
    batch = run.batch
    more = np.minimum(batch.max_retries, batch.at("retry_budget", np.arange(run.ticks) * run.dt))
    return run.able / run.dt * (1.0 - batch.degradation) / (1.0 + more)


def _wait(run: Run) -> FloatArray:
    """Mean time that an attempt takes: the work before it, and its own."""
    able = np.maximum(run.able / run.dt * (1.0 - run.batch.degradation * run.queue[:-1] / run.limit), LITTLE)
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
        "of capacity", "work done ÷ work possible", lambda c: np.minimum(ratio(c.rate("served"), c.rate("could")), 1.0)
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
MODEL = Model("metastable_failure", _curves, SIGNALS, _events, GOLDEN, chunk=512)


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
