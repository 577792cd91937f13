"""Retry storms: clients that repeat failed calls keep a service down after its trigger is gone.

Clients call a service that works through one FIFO queue. A client gives up after `timeout` and tries again; the service
does not know and works on calls nobody waits for. That wasted work is the sustaining effect: it outlives the brownout
that triggered it whenever the attempts of the crowd exceed what the service can do.

How it is computed. Time runs in ticks; the queue is that of `fifo`, or of `expiring_fifo` where deadlines propagate.
Feedback takes at least one timeout (a retry needs a lost attempt first), so a block of ticks up to one timeout long is
a single array operation. Breakers, throttles, rejections and closed loops feed back sooner: clients react to them every
`REACTION` seconds, and blocks end there. Where blocks end changes no bit of the result.

Assumptions. A fluid of requests with Poisson noise on arrivals and service; a single fast server (a wait counts, a
service time is only added, but for work dropped near its deadline); all clients share one budget, one breaker and one
throttle, as a fleet's average does; a client turned away by a full queue retries after `REACTION` and its backoff; what
a breaker or throttle refuses, or a budget denies, is not retried; work that has begun is not cancelled.

How far it can be trusted. Against an event loop (tests/models) steady rates agree within 1 %, attempts within 0.5 %.
Left out is what happens within a tick: the queue and the wait of a healthy service (an M/M/1 at 0.75 holds 3 attempts
for 4 ms; here it is a fraction of one), so that a closed loop with pauses of 0.1 s asks 4 % too often; and retries
without jitter that bunch ever more tightly under an overload: with deadlines or a queue bound the loop sees 1 to 5 %
fewer attempts. Near the edge between saved and lost such a few per cent decide.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.models import noise, simulation
from course_lib.models.backoff import BACKOFFS, backoff_windows
from course_lib.models.exact import TINY, accumulate, back, lag, ratio, share, total
from course_lib.models.expiring_fifo import ExpiringFifo, Expiry
from course_lib.models.fifo import Fifo, extend
from course_lib.models.parameters import ParameterSet, choice, fixed, scheduled, swept
from course_lib.models.recovery import trigger_events
from course_lib.models.retry_latency import REACTION, answered, latency
from course_lib.models.schedule import window
from course_lib.models.simulation import Batch, Model
from course_lib.models.trace import Curves, FloatArray, Record, Signal, State, Trace

BUDGETS = ("none", "first_attempts", "successes")
SCHEDULED = ("max_retries", "budget", "budget_ratio", "breaker", "deadline_propagation", "throttle", "queue_limit")
CLOSED, OPEN, HALF_OPEN = 0, 1, 2


@dataclasses.dataclass(frozen=True)
class Parameters(ParameterSet):
    """Parameters of the retry storm; see each field's metadata for range, unit and source."""

    # fmt: off
    arrival_rate: Any = scheduled(900.0, "requests/s", 0, 1e6, "λ",
        "first attempts per second, from very many independent clients",
        "three quarters of the service rate, so that a 20 % budget still fits")
    service_rate: Any = scheduled(1200.0, "attempts/s", 0, 1e6, "μ",
        "attempts per second the healthy service works through", "chosen: utilisation 0.75")
    timeout: Any = swept(1.0, "s", 0.1, 60, "τ",
        "how long a client waits for an attempt", "Hystrix default, 1000 ms", by="operator")
    max_retries: Any = scheduled(3, "retries", 0, 10, "R",
        "tries after the first attempt",
        "3 retries is a common setting; SRE book ch. 21 caps at 3 attempts", integer=True, by="operator")
    reply_loss: Any = swept(0.0, "of replies", 0, 1, "ε",
        "answers that get lost on the way, noticed at the timeout: what retries are good for",
        "none by default; AWS Builders' Library suggests timeouts that misjudge 0.1 % of healthy calls")
    brownout_start: Any = swept(60.0, "s", 0, 1e5, "t₀",
        "when the service slows down", "chosen")
    brownout_duration: Any = swept(30.0, "s", 0, 1e5, "d",
        "how long the service is slow", "chosen")
    brownout_capacity: Any = swept(0.3, "of service rate", 0, 1, "c",
        "capacity left during the brownout", "chosen")
    population: Any = swept(0, "clients", 0, 1e7, "N",
        "closed loop: clients that wait for an answer, then think; 0 is an open loop",
        "open loop by default", integer=True)
    think_time: Any = swept(10.0, "s", 0.1, 1e4, "Z",
        "closed loop: mean pause between a client's requests", "chosen")
    backoff: Any = choice("none", BACKOFFS,
        "how long a client waits before a retry", "AWS architecture blog's family")
    backoff_base: Any = swept(0.1, "s", 0, 60, "b₀",
        "first backoff", "gRPC proposal A6, example: 0.1 s", by="operator")
    backoff_cap: Any = swept(20.0, "s", 0.1, 300, "b₁",
        "longest backoff", "AWS SDK standard mode before 2026: 20 s", by="operator")
    budget: Any = choice("none", BUDGETS,
        "what earns retry tokens", "gRPC and AWS: successes; Finagle: first attempts", kind="scheduled")
    budget_ratio: Any = scheduled(0.1, "tokens per earning call", 0, 10, "b",
        "retry tokens earned by each earning call", "SRE book ch. 21: 10 %; Finagle and Linkerd: 20 %", by="operator")
    budget_min_rate: Any = swept(0.0, "tokens/s", 0, 1e5, "b₂",
        "tokens earned whatever the traffic",
        "Finagle and Linkerd: 10/s per client process; 0 for a large fleet", by="operator")
    budget_burst: Any = swept(100.0, "tokens", 0, 1e6, "B",
        "tokens the bucket holds", "Finagle: 10 s of its minimum rate", by="operator")
    breaker: Any = choice("off", ("off", "on"),
        "circuit breaker in the clients", "resilience4j, Hystrix", kind="scheduled")
    breaker_window: Any = swept(10.0, "s", 1, 300, "w",
        "window of the breaker's failure ratio", "Hystrix: 10 s", by="operator")
    breaker_threshold: Any = swept(0.5, "failed share", 0.01, 1, "θ",
        "failure ratio that opens the breaker", "resilience4j and Hystrix: 50 %", by="operator")
    breaker_open_time: Any = swept(5.0, "s", 0.1, 300, "s",
        "how long an open breaker refuses everything", "Hystrix: 5 s", by="operator")
    breaker_probe_share: Any = swept(0.05, "of attempts", 0.001, 1, "q",
        "share let through while half-open", "chosen: a fleet's few probe calls each", by="operator")
    deadline_propagation: Any = choice("off", ("off", "on"),
        "the service drops queued work whose caller has left, or is about to",
        "gRPC deadlines; SRE book ch. 22", kind="scheduled")
    deadline_margin: Any = swept(0.0, "s", 0, 60, "m",
        "time left to the deadline at which queued work is dropped; a tick of waiting is always allowed",
        "0: drop at the deadline itself", by="operator")
    service_time: Any = swept(0.01, "s", 0, 10, "S",
        "mean time a healthy server works on an attempt; what starts just before its deadline feels it",
        "chosen: 12 servers share the service rate")
    throttle: Any = choice("off", ("off", "on"),
        "adaptive throttling in the clients", "SRE book ch. 21", kind="scheduled")
    throttle_ratio: Any = swept(2.0, "requests per accept", 1, 100, "k",
        "the throttle's K", "SRE book ch. 21: 2", by="operator")
    throttle_window: Any = swept(120.0, "s", 1, 600, "wₜ",
        "the throttle's memory", "SRE book ch. 21: two minutes", by="operator")
    queue_limit: Any = scheduled(np.inf, "attempts", 1, np.inf, "q̂",
        "attempts the queue holds; more are rejected at once", "unbounded by default", by="operator")
    dt: Any = fixed(0.1, "s", 0.001, 1, "Δ",
        "length of a tick", "a tenth of a timeout")
    # fmt: on


def simulate(
    parameters: Parameters | None = None,
    seed: ArrayLike = 0,
    *,
    until: float,
    state: State | None = None,
    record: Record | None = None,
) -> Trace:
    """Run a retry storm for `until` seconds; see `simulation.simulate` for batches, records and resuming.

    Examples
    --------
    >>> storm = simulate(Parameters(max_retries=3), seed=7, until=120)
    >>> storm["goodput"].shape, bool(np.isnan(storm.events["recovered"]))
    ((1200,), True)
    """
    given = Parameters() if parameters is None else parameters
    return simulation.simulate(MODEL, given, seed, until=until, state=state, record=record)


class Run:
    """One batch on its way through time. Histories keep `past` rows of silence before tick 0.

    Cumulative histories hold their value at the *end* of the tick; ``[now - 1]`` is the tick's start.
    """

    def __init__(self, batch: Batch, ticks: int) -> None:
        self.batch, self.ticks, self.members = batch, ticks, np.arange(batch.size)
        self.retries = int(batch.highest("max_retries"))
        self.timeout = lag(batch.ticks_in(batch.timeout))
        self._set_backoff()
        self._set_defences()
        self.pulse = max(round(REACTION / batch.dt), 1)
        self.past = int(max(np.max(self.timeout), self.longest_backoff, self.longest_window)) + 2 * self.pulse + 2
        rows, size = self.past + ticks, batch.size
        self.accepted = np.zeros((rows, self.retries + 1, size))  # per tick and attempt
        self.granted = np.zeros((rows, self.retries, size))  # retries the budget allows, per tick
        self.granted_total = np.zeros((rows, self.retries, size)) if self.spreads else self.granted
        self.lost, self.lost_share, self.attempted, self.retried, self.rejected, self.refused = np.zeros(
            (6, rows, size)
        )
        self.tokens = np.zeros((rows, size)) + self.batch.budget_burst
        self.breaker = np.zeros((rows, size))
        self.offered = np.zeros((rows, size))
        self.good = np.zeros((rows, size))
        self._draw_noise()
        self._set_state()

    def go(self) -> Run:
        """Run all ticks, block by block."""
        tick, longest = 0, self.queue.longest_block
        while tick < self.ticks:
            length = min(longest, self.ticks - tick)
            if self.closed_loop:
                length = 1
            elif self.feedback:
                length = min(length, self.pulse - tick % self.pulse)
            self.advance(self.past + tick, length)
            tick += length
        return self

    def advance(self, now: int, n: int) -> None:
        """Advance `n` ticks from row `now`: who gave up, who retries, what arrives, what is served."""
        rows = slice(now, now + n)
        lost = self.time_out(now, n)
        retries = self._retries(now, n, lost)
        first = self._first_attempts(now, n, retries)
        self.accepted[rows], total = self._sent(now, n, first, retries)
        self.queue.enter(now, total)
        self.queue.serve(now, n)
        if self.closed_loop:
            self._think(now)
        if self.feedback and (now + n - self.past) % self.pulse == 0:
            self._react(now + n)

    # -- the queue ---------------------------------------------------------------------------------------------------

    def time_out(self, now: int, n: int) -> FloatArray:
        """Attempts, by number, whose client gives up in each tick, shape (n, attempts, members): see `Fifo.give_up`."""
        rows, share = slice(now, now + n), self.queue.give_up(now, n)
        if self.loses_replies:
            share = share + (1.0 - share) * self.reply_loss
        self.lost_share[rows] = share
        begin, end = (self._back(self.queue.arrived, row, n) for row in (now - 1, now))
        np.multiply(end - begin, share, out=self.lost[rows])
        return self._back(self.accepted, now, n) * share[:, None, :]

    # -- retries -----------------------------------------------------------------------------------------------------

    def _retries(self, now: int, n: int, lost: FloatArray) -> FloatArray:
        if not self.retries:
            return lost[:, :0]
        rows = slice(now, now + n)
        may: Any = 1.0 if self.same_retries else self.numbers < self._now("max_retries", now, n)[:, None, :]
        wanted = lost[:, :-1] * may
        if self.bounded:
            wanted += self.turned_away[now - self.pulse : now - self.pulse + n, :-1] * may
        granted = self._within_budget(now, n, wanted) if self.budgeted else wanted
        self.granted[rows] = granted
        if self.spreads:  # a tick's retries are granted all over the tick: half of them fall into the next one's window
            extend(self.granted_total, now, (granted + self.granted[now - 1 : now + n - 1]) / 2)
        return self._after_backoff(now, n) if self.delays else granted

    def _within_budget(self, now: int, n: int, wanted: FloatArray) -> FloatArray:
        """Scale retries down to the tokens at hand: a bucket that earns, spends and overflows."""
        rows = slice(now, now + n)
        total = _total(wanted)
        earned, free_for_all = self._earned(now, n), self._now("free_for_all", now, n)
        net = accumulate(np.add, np.concatenate([self.net_tokens[None], earned - np.where(free_for_all, 0.0, total)]))
        empty, full = -net[1:], self.burst - net[1:]
        free, walk = np.empty_like(total), self.free_tokens
        for i in range(n):  # tokens less their unclipped sum: a walk between two walls
            walk = np.minimum(np.maximum(walk, empty[i], out=free[i]), full[i], out=free[i])
        self.net_tokens, self.free_tokens = net[-1], walk
        left = np.where(free_for_all | (free >= full), self.burst, np.maximum(free + net[1:], 0.0))
        before, self.tokens[rows] = np.concatenate([self.tokens[now - 1 : now], left[:-1]]), left
        allowed = np.minimum(np.maximum(before + earned, 0.0), total)
        allowed = np.where(free_for_all, total, allowed)
        return wanted * (allowed / np.maximum(total, TINY))[:, None, :]

    def _earned(self, now: int, n: int) -> FloatArray:
        first = now - 1 if self.closed_loop else now  # in a closed loop, who asks depends on who retries
        earning = self.offered[first : first + n]
        if self.by_success:
            known = self.good[now - self.pulse : now - self.pulse + n]
            earning = np.where(self._now("earns_by_success", now, n), known, earning)
        return self._now("budget_ratio", now, n) * earning + self.earned_anyway

    def _after_backoff(self, now: int, n: int) -> FloatArray:
        """Retries that arrive in each tick: those granted one backoff ago, or a window of backoffs ago."""
        arriving = np.zeros((n, self.retries, self.batch.size))
        for shortest, longest, weight in zip(self.shortest, self.longest, self.weight, strict=True):
            if self.spreads:
                span = self._ago(self.granted_total, now, n, shortest) - self._ago(self.granted_total, now, n, longest)
                spread = np.maximum(span, 0.0) / np.maximum(longest - shortest, 1)
                point = self._ago(self.granted, now, n, shortest)
                arriving += weight * np.where(longest == shortest, point, spread)
            else:
                arriving += weight * self._ago(self.granted, now, n, shortest)
        return arriving

    # -- arrivals ----------------------------------------------------------------------------------------------------

    def _first_attempts(self, now: int, n: int, retries: FloatArray) -> FloatArray:
        if self.closed_loop:  # by the tick: who is answered in it may ask again in it
            asking = noise.poisson(
                self.arrival_noise[now - self.past],
                self._asking(now, _total(retries)[0] if self.retries else 0.0),
            )
            self.offered[now] = np.where(self.batch.population > 0, np.minimum(asking, self.most), self.offered[now])
        return self.offered[now : now + n]

    def _asking(self, now: int, retries: FloatArray) -> FloatArray:
        """Mean requests of thinking clients in a tick; `most` is how many there can be.

        ``T' = back - T kept / Z``: of those who ask, only a share is kept; the others come back within the tick. Either
        all of them find room in what the service can still do, or it does what it can: the smaller number is true.
        """
        z, loss = self.batch.dt / self.batch.think_time, self.batch.reply_loss
        admitted = 1.0 if self.admits is None else self.admits
        queue = self.queue
        old, done, could = queue.arrived[now - 1], queue.done[now - 1], queue.done[now - 1] + queue.able[now]
        progress = np.minimum(could, old), done
        served = [np.maximum(p, self._back(queue.arrived, now - i, 1)[0]) for i, p in enumerate(progress)]
        back = np.maximum(served[0] - served[1] - queue.overtaken[now], 0.0) * (1.0 - loss)
        back = back + np.maximum(self.failed_for_good(slice(now, now + 1))[0], 0.0)
        room = (1.0 - loss) * np.maximum(could - old - admitted * retries, 0.0)
        self.most = np.minimum(
            (self.thinking + back) / np.maximum(admitted * loss, TINY),
            (self.thinking + back + room) / np.maximum(admitted, TINY),
        )
        ways = ((admitted * loss, back), (admitted, back + room))
        return np.minimum(*(_asked(self.thinking, z, kept, returns) for kept, returns in ways))

    def _think(self, now: int) -> None:
        """Let those think again whose request has ended in this tick."""
        rows = slice(now, now + 1)
        self.good[rows] = self.queue.answered(now, 1) * self.replies_kept
        ended = self.good[now] + self.failed_for_good(rows)[0]
        self.thinking = np.maximum(self.thinking + ended - self.offered[now], 0.0)

    def _sent(self, now: int, n: int, first: FloatArray, retries: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Attempts the queue accepts, by number and in all, after breaker, throttle and bound have had their say."""
        rows = slice(now, now + n)
        wanted = np.concatenate([first[:, None, :], retries], axis=1)
        total = _total(wanted)
        if self.admits is not None:
            self.wanted[rows] = total
            share = self._admitted(now, n, total)
            wanted, total = wanted * share[:, None], total * share
            np.subtract(self.wanted[rows], total, out=self.refused[rows])
        self.attempted[rows] = total
        np.subtract(total, wanted[:, 0], out=self.retried[rows])
        return self._bound(now, n, wanted, total) if self.bounded else (wanted, total)

    def _admitted(self, now: int, n: int, total: FloatArray) -> FloatArray:
        """Share of each tick's attempts that breaker and throttle let through.

        A trickle is a count: a fluid's fraction of a request would find out at once that the service is well again.
        """
        admits = self.admits + np.zeros((n, 1))
        partly = (admits > 0) & (admits < 1)
        if not partly.any():
            return admits
        few = np.minimum(admits, 1.0 - admits)  # the smaller part of a split is close to a Poisson count
        drawn = noise.poisson(
            self.admission_noise[now - self.past : now - self.past + n], np.where(partly, few * total, 0)
        )
        drawn = np.minimum(drawn, total) / np.maximum(total, TINY)
        return np.where(partly, np.where(admits <= 0.5, drawn, 1.0 - drawn), admits)

    def _bound(self, now: int, n: int, wanted: FloatArray, total: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Let in what the queue has room for, tick by tick; the rest is turned away."""
        limit, queue = self._now("queue_limit", now, n), self.queue
        short, holds = (
            self._short_queue(now, n, np.broadcast_to(limit, total.shape), total) if self.short else (None, None)
        )
        taken, arrived, done, ahead = np.empty_like(total), queue.arrived[now - 1], queue.done[now - 1], queue.ahead
        for i in range(n):
            free = queue.room(now, i, limit[i if len(limit) > 1 else 0], arrived, done)
            take = np.minimum(total[i], np.maximum(free, 0.0, out=free), out=taken[i])
            if short is not None:
                take += holds[i] * np.minimum(short[i] - take, 0.0)
            arrived = arrived + take
            ahead = queue.step(now, i, ahead, arrived)
            done = np.minimum(ahead + queue.capacity[now + i], arrived)
        np.subtract(total, taken, out=self.rejected[now : now + n])
        fits = (taken / np.maximum(total, TINY))[:, None]
        np.multiply(wanted, 1.0 - fits, out=self.turned_away[now : now + n])
        return wanted * fits, taken

    def _short_queue(self, now: int, n: int, limit: FloatArray, total: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What a queue shorter than a tick's work lets in, an M/M/1/K within each tick, and how far that holds.

        Below capacity it rejects ``(1 - r) r^K / (1 - r^(K + 1))`` of what comes; above, it idles that share of the
        time, with r the load or one over it. Ticks themselves see a queue that is longer than a tick's work.
        """
        work, able = self.work[now - self.past : now - self.past + n], self.queue.able[now : now + n]
        holds = np.maximum(1.0 - (limit / np.maximum(work, 1e-9)) ** 2, 0.0) + np.zeros_like(total)
        mean = total + self.mean_first[now - self.past : now - self.past + n] - self.offered[now : now + n]
        load = np.clip(mean / np.maximum(work, TINY), 1e-9, 1e9)
        r = np.minimum(load, 1.0 / load)
        full = r ** np.minimum(limit, 1e6)
        lost = np.where(r < 1.0 - 1e-9, (1.0 - r) * full / np.maximum(1.0 - r * full, TINY), 1.0 / (limit + 1.0))
        return np.where(load <= 1.0, total, np.minimum(total, able)) * (1.0 - lost), holds

    # -- clients look at what came back, every REACTION seconds ------------------------------------------------------

    def _react(self, end: int) -> None:
        """Take in the ticks since the last look: successes, breaker, throttle, and who thinks again."""
        start = end - self.pulse
        rows = slice(start, end)
        self.good[rows] = self.queue.answered(start, self.pulse) * self.replies_kept
        if self.admits is None:
            return
        went_wrong = self.lost[rows] + self.rejected[rows]
        flows = ((self.asked, self.wanted[rows]), (self.answered, self.good[rows]), (self.failed, went_wrong))
        for seen, flow in flows:
            extend(seen, start, flow)
        self.admits = self._breaker_admits(end - 1) * self._throttle_admits(end - 1)

    def failed_for_good(self, rows: slice | None = None) -> FloatArray:
        """Requests that fail for good in each tick: lost, refused or turned away before, and not granted a retry."""
        rows = rows or slice(self.pulse, len(self.lost))
        gone = self.lost[rows] + self.refused[rows] - (_total(self.granted[rows]) if self.retries else 0.0)
        if self.bounded:  # a rejection ends a request, or is retried, one reaction later
            gone = gone + self.rejected[rows.start - self.pulse : rows.stop - self.pulse]
        return gone

    def _breaker_admits(self, now: int) -> Any:
        if not self.breaks:
            return 1.0
        lag = np.minimum(self.age, self.breaker_window)
        good = self.answered[now] - self.answered[now - lag, self.members]
        bad = self.failed[now] - self.failed[now - lag, self.members]
        failing = bad >= np.maximum(self.batch.breaker_threshold * (good + bad), TINY)
        was, age = self.breaker[now], self.age
        trips = (was == CLOSED) & failing & (age >= self.breaker_window)
        wakes = (was == OPEN) & (age >= self.open_ticks)
        judged = (was == HALF_OPEN) & (age > self.timeout)
        state = np.where(trips | (judged & failing), OPEN, np.where(wakes, HALF_OPEN, np.where(judged, CLOSED, was)))
        state = np.where(self._now("breaker", now, 1)[0], state, CLOSED)
        self.age = np.where(state != was, 0, age) + self.pulse
        self.breaker[now + 1 : now + 1 + self.pulse] = state
        return np.where(state == OPEN, 0.0, np.where(state == HALF_OPEN, self.batch.breaker_probe_share, 1.0))

    def _throttle_admits(self, now: int) -> Any:
        if not self.throttles:
            return 1.0
        asked = self.asked[now] - self.asked[now - self.throttle_window, self.members]
        answered = self.answered[now] - self.answered[now - self.throttle_window, self.members]
        refuse = np.maximum(asked - self.batch.throttle_ratio * answered, 0.0) / (asked + 1.0)
        return np.where(self._now("throttle", now, 1)[0], 1.0 - refuse, 1.0)

    # -- set-up ------------------------------------------------------------------------------------------------------

    def _set_backoff(self) -> None:
        self.shortest, self.longest, self.weight = backoff_windows(self.batch, self.retries)
        codes = self.batch.backoff
        self.delays = bool(self.retries) and bool((codes != 0).any())
        self.spreads = self.delays and bool((codes >= 3).any())
        self.longest_backoff = int(self.longest.max()) if self.delays else 0

    def _set_defences(self) -> None:
        batch = self.batch
        self.budgeted = bool(self.retries) and batch.highest("budget") > 0
        self.by_success = self.budgeted and batch.highest("budget") == 2
        self.reply_loss, self.replies_kept = batch.reply_loss, 1.0 - batch.reply_loss
        self.loses_replies = batch.highest("reply_loss") > 0
        self.breaks, self.throttles = batch.highest("breaker") > 0, batch.highest("throttle") > 0
        self.bounded = bool(np.isfinite(batch.lowest("queue_limit")))
        self.closed_loop = batch.highest("population") > 0
        self.feedback = self.by_success or self.breaks or self.throttles or self.bounded or self.closed_loop
        time = np.arange(self.ticks) * batch.dt
        self.values = {name: batch.at(name, time) for name in SCHEDULED}
        for switch in ("breaker", "throttle", "deadline_propagation"):
            self.values[switch] = self.values[switch] == 1
        self.values["free_for_all"], self.values["earns_by_success"] = (
            self.values["budget"] == kind for kind in (0, 2)
        )
        self.earned_anyway = batch.budget_min_rate * batch.dt
        self.numbers = np.arange(self.retries)[:, None]  # of retries, from 0
        self.same_retries = batch.highest("max_retries") == batch.lowest("max_retries")
        self.breaker_window = batch.ticks_in(batch.breaker_window)
        self.open_ticks = batch.ticks_in(batch.breaker_open_time)
        self.throttle_window = batch.ticks_in(batch.throttle_window)
        longest = [int(self.breaker_window.max())] * self.breaks + [int(self.throttle_window.max())] * self.throttles
        self.longest_window = max(longest, default=0)

    def _set_state(self) -> None:
        rows, size = self.past + self.ticks, self.batch.size
        self.net_tokens, self.burst = np.zeros(size), self.batch.budget_burst
        self.free_tokens = self.burst + np.zeros(size)
        self.turned_away = np.zeros((rows if self.bounded else 0, self.retries + 1, size))
        self.thinking = self.batch.population + np.zeros(size)
        self.age = np.zeros(size, dtype=np.int64) + self.pulse
        self.admits = np.ones(size) if self.breaks or self.throttles else None
        if self.admits is not None:
            self.wanted, self.asked, self.answered, self.failed = (np.zeros((rows, size)) for _ in range(4))
            self.admission_noise = noise.normal(self.batch.seeds, "admissions", self.ticks)

    def _draw_noise(self) -> None:
        batch, ticks = self.batch, self.ticks
        time = np.arange(ticks) * batch.dt
        self.arrival_noise = noise.normal(batch.seeds, "arrivals", ticks) if self.closed_loop else None
        brownout = window(batch.brownout_start, batch.brownout_duration, batch.brownout_capacity)
        rate = batch.at("service_rate", time) * brownout.at(time)
        able = noise.counts(batch.seeds, "service", rate * batch.dt)
        self.service_rate, self.queue = rate, self._queue(able, brownout.at(time))
        first = batch.at("arrival_rate", time) * batch.dt
        self.offered[self.past :] = noise.counts(batch.seeds, "arrivals", first, ticks)
        if self.bounded:
            self.work, self.mean_first = rate * batch.dt, first + np.zeros((ticks, 1))
            self.short = batch.lowest("queue_limit") < self.work.max()

    def _queue(self, able: FloatArray, slow: FloatArray) -> Fifo:
        batch, timeout = self.batch, self.batch.ticks_in(self.batch.timeout)
        if batch.highest("deadline_propagation") == 0:
            return Fifo(able, timeout, batch.size, self.past)
        margin, on = batch.deadline_margin / batch.dt, self.values["deadline_propagation"]
        expiry = Expiry(on, margin, batch.service_time, slow, batch.dt, window=2 * self.pulse)
        return ExpiringFifo(able, timeout, batch.size, self.past, expiry)

    # -- looking back ------------------------------------------------------------------------------------------------

    def _now(self, name: str, now: int, n: int) -> NDArray[Any]:
        """Value of a field in ticks `now` ... `now + n - 1`: one row where it never changes."""
        values = self.values[name]
        return values if len(values) == 1 else values[now - self.past : now - self.past + n]

    def _back(self, history: FloatArray, now: int, n: int, ticks: int | NDArray[np.int64] | None = None) -> FloatArray:
        """Rows some ticks (a timeout) before `now` ... `now + n - 1`, member by member where they differ."""
        return back(history, now, n, self.timeout if ticks is None else ticks)

    def _ago(self, history: FloatArray, now: int, n: int, lag: NDArray[np.int64]) -> FloatArray:
        """Rows `lag` ticks before, where the lag (retries, members or 1) differs from retry to retry."""
        rows, retry = np.arange(now, now + n)[:, None, None] - lag, np.arange(self.retries)[:, None]
        if lag.shape[1] == 1:
            return history[rows[:, :, 0], retry[:, 0]]
        return history[rows, retry, self.members]


def _total(by_attempt: FloatArray) -> FloatArray:
    """Sum over the attempts' axis, which is axis 1."""
    return total(by_attempt.swapaxes(0, 1))


def _asked(thinking: FloatArray, z: FloatArray, kept: Any, back: FloatArray) -> FloatArray:
    """Requests of clients who think for Z, in a tick of z = dt / Z in which `back` more begin to think."""
    y = z * kept
    stay = np.where(y > 1e-6, -np.expm1(-y) / np.maximum(y, TINY), 1.0 - y / 2)
    later = np.where(y > 1e-3, (1.0 - stay) / np.maximum(y, TINY), 0.5 - y / 6)
    return z * (thinking * stay + back * later)


# -- what a run shows ------------------------------------------------------------------------------------------------


def _curves(batch: Batch, ticks: int) -> Curves:
    run = Run(batch, ticks).go()
    queue = run.queue
    counts = {
        "offered": lambda: run.offered,
        "attempted": lambda: run.attempted,
        "retried": lambda: run.retried,
        "rejected": lambda: run.rejected,
        "refused": lambda: run.refused,
        "good": lambda: answered(run),
        "failed": run.failed_for_good,
        "worked": lambda: np.maximum(np.diff(queue.done, axis=0, prepend=0.0) - queue.dropped, 0.0),
        "able": lambda: np.broadcast_to(queue.able, queue.done.shape),
    }
    levels = {
        "queue": lambda: np.maximum(queue.arrived - queue.done, 0.0),
        "tokens": lambda: run.tokens,
        "breaker": lambda: run.breaker,
    }
    start = run.past - 1
    make = {name: lambda flow=flow: accumulate(np.add, flow()[-ticks - 1 :]) for name, flow in counts.items()}
    make |= {name: lambda level=level: level()[start:] for name, level in levels.items()}
    curves = Curves(batch.dt, make=make)
    curves.source = run  # latency needs the attempts' ages, not just their counts
    return curves


def _events(batch: Batch, curves: Curves) -> dict[str, FloatArray]:
    """Start and end of the brownout; recovered when in each of five seconds 95 % of the requests offered are answered.

    A request counts as offered when it is made and as answered when its answer is in time.
    """
    starts = batch.brownout_start + np.zeros(batch.size)
    ends = starts + batch.brownout_duration
    return trigger_events(starts, ends, curves["good"], curves["offered"], step=curves.step, share=0.95, seconds=5.0)


SIGNALS = {
    "offered_rate": Signal("requests/s", "first attempts", lambda c: c.rate("offered")),
    "attempt_rate": Signal("attempts/s", "first attempts and retries", lambda c: c.rate("attempted")),
    "amplification": Signal(
        "attempts per request",
        "attempts ÷ first attempts",
        lambda c: ratio(c.rate("attempted"), c.rate("offered"), 1.0),
    ),
    "goodput": Signal("requests/s", "requests answered in time", lambda c: c.rate("good")),
    "throughput": Signal("attempts/s", "attempts worked through, wanted or not", lambda c: c.rate("worked")),
    "wasted_work": Signal(
        "attempts/s", "work done for callers who had left", lambda c: np.maximum(c.rate("worked") - c.rate("good"), 0.0)
    ),
    "error_ratio": Signal(
        "of ended requests",
        "requests that failed for good",
        lambda c: share(c.rate("failed"), c.rate("good")),
    ),
    "queue_depth": Signal(
        "attempts", "attempts in the queue, less what comes and goes within a tick", lambda c: c.level("queue")
    ),
    "latency_p50": Signal("s", "median, from the first attempt, over 1 s", lambda c: latency(c, 0.5), full=True),
    "latency_p99": Signal(
        "s", "99th percentile, from the first attempt, over 1 s", lambda c: latency(c, 0.99), full=True
    ),
    "retry_share": Signal(
        "of attempts", "retries ÷ attempts", lambda c: np.minimum(ratio(c.rate("retried"), c.rate("attempted")), 1.0)
    ),
    "utilisation": Signal(
        "of capacity", "work done ÷ work possible", lambda c: np.minimum(ratio(c.rate("worked"), c.rate("able")), 1.0)
    ),
    "rejected_rate": Signal("attempts/s", "attempts the full queue rejects", lambda c: c.rate("rejected")),
    "refused_rate": Signal(
        "attempts/s", "attempts breaker or throttle refuse in the client", lambda c: c.rate("refused")
    ),
    "breaker_state": Signal("0 closed, 1 open, 2 half-open", "circuit breaker", lambda c: c.level("breaker")),
    "tokens": Signal("tokens", "retry tokens in the bucket", lambda c: c.level("tokens")),
}

GOLDEN = dict(traffic="offered_rate", errors="error_ratio", latency="latency_p99", saturation="utilisation")
MODEL = Model("retry_storm", _curves, SIGNALS, _events, GOLDEN)
