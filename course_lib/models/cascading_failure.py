"""Cascading failure: four tiers that wait for each other, so that a slow one at the bottom empties every pool above it.

Users call a gateway, the gateway a shop, the shop a stock service, that a database. Whoever calls holds a worker until
it is answered or gives up; whoever is called does not know that the caller has gone. A hundredth of the requests wants
the reviews, which the gateway fetches elsewhere. Tiers lie on an axis of their own, so that one call of numpy serves
all of them.

How it is computed. At each tier calls that entered are counted, E, and those that were resolved, R, in the order in
which they came. In tick n, with W workers, held H of them at the last tick's end, h the ticks a request holds one if
nothing is in its way, and τ the caller's timeout:

    1  most = (W - H + resolved in n - 1) / (1 + h)      starts a pool allows; the database: noise(W Δ / service time);
                                                         of last retries made now, the share refused in n - 1 counts
    2  room = (bulkhead - in flight + ended) / (1 + h)    calls one caller's bulkhead allows
    3  start = min(queue + min(calls, room), most)        from the gateway down; what starts above is a call below
    4  R += answered + given up                           from the database up
    5  P = max(P, R, E[n - τ]);  in flight = E - P        a call ends by a reply or by the caller's timeout
    6  failed calls wait a tick, workers in hand, and are made again; the last failure is the tier's own answer
    7  H = calls in flight below + those that wait for their next attempt (+ calls to the reviews that hang)
    8  users who failed come again after a second, a share of them

Assumptions. A fluid with Poisson noise on arrivals and on the database's service; own work is of fixed length; replies
of a tier come in the order of its calls; queues are first in, first out; a retry is made after one tick (`dt`) and
nobody cancels what a caller has given up on. The gateway sheds at the door: with a threshold below 1 it keeps no queue.
The reviews' calls are not retried, and the requests that want them do not call the shop.

How far it can be trusted. Against an event loop (tests/models) what is asked and answered agrees within 1 %, before,
in and after the trouble, totals of what is answered within 0.5 %, workers held within 3 %, the moments at which pools
are full within a tick. A queue is that of the fluid: a healthy database has none, so that 2 to 3 % fewer workers are
held on a good day, and a threshold or a bulkhead is always used up, so that 1 to 2.5 % more are in trouble. Where a
tier's calls partly fail at once and partly wait, their order is lost: with breakers the gateway holds up to 10 % more
workers meanwhile. While hung reviews hold nearly all of the gateway, the few workers held below it are 13 % too many.
What users get is not touched by these.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_lib.models import noise, simulation
from course_lib.models.chain_parts import Breakers, Past, PastBetween, Reviews
from course_lib.models.exact import TINY, accumulate, first_reached, ratio, share, windowed_quantile
from course_lib.models.parameters import ParameterSet, choice, fixed, scheduled, swept
from course_lib.models.recovery import trigger_events
from course_lib.models.schedule import window
from course_lib.models.simulation import Batch, Model
from course_lib.models.trace import Curves, FloatArray, Record, Signal, State, Trace

TIERS = ("gateway", "shop", "stock", "database")
DATABASE = 3
MOST_RETRIES = 4
RELOAD_WAIT = 1.0  # s until a user who failed comes again
FULL, LASTING = 0.95, 5.0  # a tier is saturated when so much of its pool is held over so many seconds
PER = 5.0  # s over which latency is taken
NOBODY = 1e-9  # fewer requests than this are rounding


@dataclasses.dataclass(frozen=True)
class Parameters(ParameterSet):
    """Parameters of the chain; see each field's metadata for range, unit and source."""

    # fmt: off
    arrival_rate: Any = scheduled(100.0, "requests/s", 0, 1e5, "λ",
        "requests that users send, reloads aside", "chosen: the database is two thirds busy")
    trigger: Any = choice("database", ("database", "feature"),
        "what goes wrong: the database slows down, or the reviews hang", "reviews: Maurer, Fail at Scale, 2015",
        by="world")
    slowdown: Any = scheduled(2.0, "times", 1, 1000, "s",
        "how much longer the database takes in the trouble", "chosen")
    trigger_start: Any = swept(30.0, "s", 0, 1e5, "t₀",
        "when the trouble begins", "chosen")
    trigger_duration: Any = swept(60.0, "s", 0, 1e5, "d",
        "how long it lasts", "chosen")
    error_share: Any = scheduled(0.0, "of the database's answers", 0, 1, "e",
        "replies that are lost: the caller knows at once", "none by default")
    gateway_workers: Any = swept(300, "workers", 1, 1e5, "W₀",
        "workers of the gateway", "chosen: ten times what a healthy day holds", integer=True, by="operator")
    shop_workers: Any = swept(240, "workers", 1, 1e5, "W₁",
        "workers of the shop", "chosen", integer=True, by="operator")
    stock_workers: Any = swept(200, "workers", 1, 1e5, "W₂",
        "workers of the stock service", "chosen", integer=True, by="operator")
    database_workers: Any = swept(12, "workers", 1, 1e5, "W₃",
        "queries the database does at once", "chosen", integer=True, by="operator")
    gateway_work: Any = swept(0.01, "s", 0.001, 1, "w₀",
        "the gateway's own work on a request", "chosen")
    shop_work: Any = swept(0.03, "s", 0.001, 1, "w₁",
        "the shop's own work", "chosen")
    stock_work: Any = swept(0.03, "s", 0.001, 1, "w₂",
        "the stock service's own work", "chosen")
    database_work: Any = swept(0.08, "s", 0.001, 1, "w₃",
        "mean length of a query", "chosen: 12 workers do 150 a second")
    user_timeout: Any = swept(10.0, "s", 0.5, 300, "τᵤ",
        "how long a user waits", "chosen")
    gateway_timeout: Any = swept(8.0, "s", 0.5, 300, "τ₀",
        "how long the gateway waits for the shop", "chosen", by="operator")
    shop_timeout: Any = swept(5.0, "s", 0.5, 300, "τ₁",
        "how long the shop waits for the stock service", "chosen", by="operator")
    stock_timeout: Any = swept(2.0, "s", 0.5, 300, "τ₂",
        "how long the stock service waits for the database", "chosen", by="operator")
    max_retries: Any = swept(1, "retries", 0, MOST_RETRIES, "R",
        "tries after the first, at each of the three tiers that call", "chosen", integer=True, by="operator")
    reload_share: Any = swept(0.5, "of failed users", 0, 1, "r",
        "users who load the page again", "chosen")
    shed_threshold: Any = scheduled(1.0, "of the pool", 0.01, 1, "θ",
        "share of its workers held from which the gateway refuses; below 1 it keeps no queue", "off by default",
        by="operator")
    bulkhead: Any = scheduled(np.inf, "calls", 1, np.inf, "B",
        "calls in flight from a tier to one dependency, at most", "none by default; Hystrix: 10", by="operator")
    bulkhead_at: Any = choice("every tier", ("every tier", "gateway", "shop", "stock"),
        "which tiers have bulkheads", "chosen")
    queue_limit: Any = swept(np.inf, "requests", 0, np.inf, "Q",
        "requests that wait for a worker, at each tier", "unbounded by default", by="operator")
    breaker: Any = choice("off", ("off", "on"),
        "a circuit breaker for each dependency", "off by default", kind="scheduled")
    breaker_threshold: Any = swept(0.5, "of calls", 0.01, 1, "b",
        "share of failed calls that opens it", "Hystrix and resilience4j: 50 %", by="operator")
    breaker_window: Any = swept(10.0, "s", 1, 60, "v",
        "time over which calls are counted", "Hystrix: 10 s", by="operator")
    breaker_open: Any = swept(5.0, "s", 0.5, 1e5, "o",
        "how long it stays open", "Hystrix: 5 s", by="operator")
    feature: Any = choice("required", ("required", "optional", "off"),
        "the reviews: a page fails without them, is shown without them, or never asks for them", "chosen",
        kind="scheduled")
    feature_share: Any = swept(0.01, "of requests", 0, 0.5, "p",
        "requests that want the reviews", "one per cent, as in Maurer")
    feature_bulkhead: Any = swept(np.inf, "calls", 1, np.inf, "B₃",
        "calls in flight to the reviews, at most", "none by default", by="operator")
    feature_timeout: Any = swept(30.0, "s", 0.5, 300, "τ₃",
        "how long the gateway waits for the reviews", "a common default", by="operator")
    dt: Any = fixed(0.5, "s", 0.1, 0.5, "Δ",
        "length of a tick, and the wait before a retry", "a quarter of the shortest timeout")
    # fmt: on


def simulate(
    parameters: Parameters | None = None,
    seed: ArrayLike = 0,
    *,
    until: float,
    state: State | None = None,
    record: Record | None = None,
) -> Trace:
    """Run the chain for `until` seconds; see `simulation.simulate` for batches, records and resuming.

    Examples
    --------
    >>> alone, shed = (simulate(Parameters(shed_threshold=theta), seed=7, until=180) for theta in (1.0, 0.4))
    >>> bool(alone["goodput"][-40:].max() < 1), bool(shed["goodput"][-40:].mean() > 95)
    (True, True)
    """
    given = Parameters() if parameters is None else parameters
    return simulation.simulate(MODEL, given, seed, until=until, state=state, record=record)


NONE, ONE, LEAST, FREE = (np.array(x) for x in (0.0, 1.0, TINY, np.inf))  # numpy takes arrays faster than floats


def at(values: FloatArray, n: int) -> FloatArray:
    """Row of tick `n`, of a history or of something that does not change."""
    return values[n if len(values) > 1 else 0]


def added(attempts: FloatArray) -> FloatArray:
    """Sum over attempts, one after the other."""
    whole = attempts[0]
    for one in attempts[1:]:
        whole = whole + one
    return whole


class Run:
    """One batch on its way through time; a history has a row a tick, then tiers, then members; row `past` is tick 0.

    A boundary belongs to the tier that is called: boundary 0 lies between users and gateway.
    """

    def __init__(self, batch: Batch, ticks: int) -> None:
        self.batch, self.ticks, size = batch, ticks, batch.size
        time = np.arange(ticks) * batch.dt
        self.given = (batch.user_timeout, batch.gateway_timeout, batch.shop_timeout, batch.stock_timeout)
        self.waits = np.stack([batch.ticks_in(wait) + np.zeros(size, dtype=np.int64) for wait in self.given])
        self.past = int(self.waits.max()) + 3
        self.attempts = int(batch.highest("max_retries")) + 1
        rows = self.past + ticks
        self.entered, self.resolved = np.zeros((rows, 4, size)), np.zeros((rows, 4, size))  # E, R
        self.passed = np.zeros((rows, 4, size))  # P, calls no longer in flight
        self.queue, self.held = np.zeros((rows, 4, size)), np.zeros((rows, 4, size))
        self.replies, self.late, self.failed = (np.zeros((rows, 4, size)) for _ in range(3))
        self.calls, self.starts, self.refused = (np.zeros((rows, 4, size)) for _ in range(3))
        self.below = np.zeros((rows, 4, size))  # workers held by requests on their way through the tiers below
        self.hung, self.good, self.lost, self.shed = (np.zeros((ticks + 1, size)) for _ in range(4))
        self.flying, self.ends, self.ended = (np.zeros((4, size)) for _ in range(3))  # now, and of the last tick
        self.by_reply = np.zeros((3, size))  # workers that come free as a call below ends by a reply
        self.by_refusal, self.of_refused = np.zeros((3, size)), np.zeros((3, size))  # of these by none; share refused
        self._set_attempts(rows)
        self._set_pools(time)
        self._draw(time)
        self.breakers = Breakers(batch, ticks) if batch.highest("breaker") > 0 else None
        self.refuses = self.breakers is not None or self.bulked or self.bounded
        self.reviews = Reviews(batch, ticks)

    def _set_attempts(self, rows: int) -> None:
        """Set what is kept of first attempts, second attempts and so on, at the three tiers that call."""
        most, size, retries = self.attempts, self.batch.size, self.batch.max_retries
        self.mix = np.zeros((rows if most > 1 else 1, most, 3, size))  # shares of a tick's calls
        self.inside = np.zeros((most, 3, size))  # calls in flight
        self.pending, self.waiting = np.zeros((most - 1, 3, size)), np.zeros((3, size))  # for the next tick, and in all
        self.of_late = np.ones((3, size))  # share of last attempts among the calls given up on
        last = np.arange(most)[:, None, None] >= retries + np.zeros((3, size))
        self.last, self.again, self.never = last + 0.0, 1.0 - last[:-1], retries == 0
        self.alike = len(retries) == 1  # all members make the same number of attempts
        self.then, self.mix_then = Past(self.entered, self.waits), Past(self.mix, self.waits[1:])  # one timeout ago

    def _set_pools(self, time: FloatArray) -> None:
        """Set ticks that a request holds a worker of each tier if nothing is in its way, and what there are of them."""
        batch, size = self.batch, self.batch.size
        ill = window(batch.trigger_start, batch.trigger_duration, 1.0, 0.0).at(time) > 0
        slow = np.where(ill & (batch.trigger == 0), batch.at("slowdown", time), 1.0)
        self.query = batch.database_work * slow + np.zeros(size)
        self.work = np.zeros((self.ticks, 4, size))  # of each tier's own, in ticks
        for tier, own in enumerate((batch.gateway_work, batch.shop_work, batch.stock_work, self.query)):
            self.work[:, tier] = own / batch.dt
        self.per = 1.0 / (1.0 + self.work)
        own = np.add.accumulate(self.work[:, ::-1], axis=1)[:, ::-1]  # of each tier and all below
        back = np.maximum(self.waits + 0.5 - own, 0.0)  # a reply in a tick's middle is in time for calls so old
        self.in_time = PastBetween(self.entered, back, self.past)
        self.workers = np.stack([getattr(batch, f"{name}_workers") + np.zeros(size) for name in TIERS])
        self.threshold, self.bulkhead = batch.at("shed_threshold", time), batch.at("bulkhead", time)
        self.sheds, self.bulked = bool((self.threshold < 1).any()), bool(np.isfinite(self.bulkhead).any())
        here = (batch.bulkhead_at == 0) | (np.arange(1, 4)[:, None] == batch.bulkhead_at)
        self.walled = np.concatenate([np.zeros((1, here.shape[1]), dtype=bool), here])  # boundaries with a bulkhead
        self.spare = np.minimum(np.where(self.walled[1], self.bulkhead, np.inf), batch.feature_bulkhead)  # for reviews
        self.limits = batch.queue_limit + np.zeros((4, size))
        self.bounded = self.sheds or bool(np.isfinite(self.limits).any())

    def _draw(self, time: FloatArray) -> None:
        batch = self.batch
        mean = batch.at("arrival_rate", time) * batch.dt
        self.fresh = noise.counts(batch.seeds, "arrivals", mean, self.ticks) + np.zeros(batch.size)
        able = self.workers[DATABASE] * batch.dt / self.query
        able = able[:, :1] if (able == able[:, :1]).all() else able
        self.able = noise.counts(batch.seeds, "database", able, self.ticks) + np.zeros(batch.size)
        self.right = 1.0 - batch.at("error_share", time)
        self.later = max(round(RELOAD_WAIT / batch.dt), 1)
        self.reloads = np.zeros((2, self.ticks + self.later + 1, batch.size))  # all, and those that want the reviews

    def go(self) -> Run:
        """Run all ticks."""
        for n in range(self.ticks):
            row = self.past + n
            refused = self._go_down(n, row)
            self._come_up(n, row, refused)
            if self.breakers is not None:
                self._note(n, row)
        return self

    # -- down ----------------------------------------------------------------------------------------------------------

    def _go_down(self, n: int, row: int) -> FloatArray:
        """Let calls in and start them; return the calls refused at each tier."""
        self._look_back(row)
        free = self._pools(n) - self.held[row - 1, :DATABASE] - self.below[row - 1, :DATABASE] + self._freed(row)
        most = [*np.maximum(free * self.per[n, :DATABASE], NONE), self.able[n]]
        queue, calls, starts = self.queue[row], self.calls[row], self.starts[row]
        queue[:] = self.queue[row - 1]
        calls[1:] = self.waiting
        room, admits = self._room(n, row)
        np.add(self.fresh[n], self.reloads[0, n], out=calls[0])
        self.reviews.mixed(self.fresh[n], self.reloads[1, n], queue[0], calls[0])
        for tier in range(4):
            called, waits = calls[tier], queue[tier]
            if tier:
                called += starts[tier - 1]
            if tier == 1:
                called -= self.reviews.start(n, starts[0], at(self.spare, n), admits)
            waits += called if room is None else np.minimum(called, room[tier])
            np.minimum(waits, most[tier], out=starts[tier])
        queue -= starts
        enters = calls if room is None else np.minimum(calls, room)
        if self.bounded:
            over = np.minimum(np.maximum(queue - self._limits(n), NONE), enters)
            queue -= over
            enters = enters - over
        np.add(self.entered[row - 1], enters, out=self.entered[row])
        if self.attempts > 1:
            self._note_mix(row, enters, calls)
        self.enters = enters
        return np.subtract(calls, enters, out=self.refused[row]) if self.refuses else self.refused[row]

    def _look_back(self, row: int) -> None:
        """Take the calls that entered one timeout ago, and their attempts."""
        self.ago = self.then.at(row)
        if self.attempts > 1:
            self.old = self.mix_then.at(row)
            self.of_late = self._last_of(self.old)

    def _freed(self, row: int) -> FloatArray:
        """Workers that come free: by replies as many as in the last tick, by refusals, timed out."""
        reached = np.maximum(self.passed[row - 1], self.resolved[row - 1] + self.ends)
        late = np.maximum(self.ago - reached, NONE)
        free = self.by_reply + late[1:] * self.of_late
        if self.refuses and self.attempts > 1:  # last retries are refused in step with ticks
            tried = self.pending[-1] if self.alike else added(self.pending * self.last[1:])
            free += np.where(self.never, NONE, tried * self.of_refused - self.by_refusal)
        return free

    def _pools(self, n: int) -> FloatArray:
        """Workers that may be held at the tiers that call: of the gateway's, a share."""
        if not self.sheds:
            return self.workers[:DATABASE]
        pools = self.workers[:DATABASE].copy()
        pools[0] *= at(self.threshold, n)
        return pools

    def _limits(self, n: int) -> FloatArray:
        """Room in each queue: none at a gateway that sheds."""
        if not self.sheds:
            return self.limits
        limits = self.limits.copy()
        limits[0] = np.where(at(self.threshold, n) < 1, 0.0, limits[0])
        return limits

    def _room(self, n: int, row: int) -> tuple[FloatArray | None, FloatArray]:
        """Calls that bulkheads and breakers let through to each tier, None if all of them; and to the reviews."""
        if self.breakers is None and not self.bulked:
            return None, FREE
        room = np.maximum((at(self.bulkhead, n) - self.flying - self.below[row - 1] + self.ended) * self.per[n], 0.0)
        room = np.where(self.walled, room, np.inf)
        if self.breakers is None:
            return room, FREE
        admits = self.breakers.admits(n)
        room[1:] = np.minimum(room[1:], admits[:3])
        return room, admits[3]

    def _note_mix(self, row: int, enters: FloatArray, calls: FloatArray) -> None:
        """Tell how many of a tick's calls are first attempts, second attempts, and so on."""
        mix, calls = self.mix[row], calls[1:]
        mix[1:] = self.pending
        np.maximum(calls - self.waiting, NONE, out=mix[0])
        mix /= np.maximum(calls, LEAST)
        self.inside += mix * enters[1:]

    def _last_of(self, mix: FloatArray) -> FloatArray:
        """Share of the calls of a mix that were the last their caller makes."""
        return mix[-1] if self.alike else np.where(self.never, 1.0, added(mix * self.last))

    # -- up ------------------------------------------------------------------------------------------------------------

    def _come_up(self, n: int, row: int, refused: FloatArray) -> None:
        """Count what is answered, what fails and what is given up on, from the database to the users."""
        mixes, last = self._of_replies(row) if self.attempts > 1 else (None, (None, None))
        before = self.passed[row - 1]
        floor, least = np.maximum(before, self.in_time.at(n)), np.maximum(before, self.ago)
        was, passing = self.resolved[row - 1], self.work[n] * self.starts[row]
        passed, late, replies = self.passed[row], self.late[row], self.replies[row]
        failed, below, ends = self.failed[row], self.below[row], self.ends
        ends[DATABASE] = ended = self.starts[row, DATABASE]
        good, through = ended * at(self.right, n), NONE
        for tier in (3, 2, 1, 0):
            resolved = was[tier] + ended
            answered = np.maximum(resolved - floor[tier], NONE, out=replies[tier])
            over = np.maximum(resolved, least[tier], out=passed[tier])
            given_up = np.maximum(over - before[tier] - answered, NONE, out=late[tier])
            alive = np.minimum(answered / np.maximum(ended, LEAST), ONE)
            good = good * alive
            wrong = np.subtract(answered, good, out=failed[tier])
            if tier:
                up = tier - 1
                through = np.multiply(passing[tier] + through, alive, out=below[up])
                spent = wrong if mixes is None else wrong * last[0][up]
                if self.refuses:
                    self.by_refusal[up] = refused[tier] if mixes is None else refused[tier] * last[1][up]
                    self.of_refused[up] = refused[tier] / np.maximum(self.calls[row, tier], LEAST)
                    spent = spent + self.by_refusal[up]
                by_reply = np.add(good, spent, out=self.by_reply[up])
                ended = np.add(by_reply, given_up * self.of_late[up], out=ends[up])
                if tier == 1:
                    good = good + self.reviews.good
                    ended += self.reviews.started
        np.add(was, ends, out=self.resolved[row])
        np.maximum(self.entered[row] - passed, NONE, out=self.flying)
        if self.refuses:
            np.add(late, replies, out=self.ended)
        if mixes is not None:
            self._try_again(late, failed, replies, refused, mixes)
        self._users(n, row, good, refused[0], alive)
        self._hold(n, row)

    def _hold(self, n: int, row: int) -> None:
        """Count the workers that are held as the tick ends."""
        held = np.add(self.flying[1:], self.waiting, out=self.held[row, :DATABASE])
        if self.reviews.happens:
            held[0] += self.reviews.hung
            self.hung[n + 1] = self.reviews.hung

    def _of_replies(self, row: int) -> tuple[tuple[FloatArray, FloatArray], list[FloatArray]]:
        """Attempts among the calls that are answered, and refused, now; and of each the share of last ones."""
        mixes = self.inside / np.maximum(added(self.inside), LEAST), self.mix[row]
        return mixes, [self._last_of(mix) for mix in mixes[: 2 if self.refuses else 1]]

    def _try_again(
        self,
        late: FloatArray,
        failed: FloatArray,
        replies: FloatArray,
        refused: FloatArray,
        mixes: tuple[FloatArray, FloatArray],
    ) -> None:
        """Make the calls of the next tick; keep by attempt what is still in flight."""
        over = late[1:] * self.old
        again = over[:-1] + failed[1:] * mixes[0][:-1]
        if self.refuses:
            again += refused[1:] * mixes[1][:-1]
        self.pending = again if self.alike else again * self.again
        self.waiting = added(self.pending)
        left = self.inside - over
        left -= replies[1:] * mixes[0]
        np.maximum(left, NONE, out=left)
        self.inside = left * (self.flying[1:] / np.maximum(added(left), LEAST))

    def _users(self, n: int, row: int, good: FloatArray, refused: FloatArray, alive: FloatArray) -> None:
        """Count users served and lost; a share of the lost comes again."""
        reviews, back, share = self.reviews, n + self.later, self.batch.reload_share
        failed, lost, freed = self.failed[row, 0], self.lost[n + 1], reviews.started
        if reviews.happens:
            failed -= reviews.stuck * alive
        np.maximum(failed, NONE, out=failed)
        np.add(failed, self.late[row, 0], out=lost)
        if self.bounded:
            lost += refused
            self.shed[n + 1] = refused
        self.good[n + 1] = good
        if reviews.happens:
            quick = np.minimum(reviews.bad * alive, lost)  # pages that were refused the reviews
            again = (lost - quick) * reviews.mingled + quick
            served, gone = reviews.wait(n, alive, self.queue[row, 0])
            freed = reviews.started + reviews.over - reviews.stuck
            self.good[n + 1] += served
            lost += gone
            self.reloads[1, back] = (again + gone) * share
        gateway = self.by_reply[0]
        gateway += freed
        np.multiply(lost, share, out=self.reloads[0, back])

    def _note(self, n: int, row: int) -> None:
        """Tell the breakers how the calls to each dependency ended; what a bulkhead refuses tells nothing."""
        reviews, wrong = self.reviews, self.late[row] + self.failed[row]
        entered = np.concatenate([self.enters[1:], reviews.through[None]])
        ended = np.concatenate([self.ended[1:], reviews.ended[None]])
        self.breakers.note(n, entered, ended, np.concatenate([wrong[1:], reviews.failed[None]]))

    def breaker_states(self, dependency: int) -> FloatArray:
        """State of one dependency's breaker at the end of each tick."""
        return (
            np.zeros((self.ticks + 1, self.batch.size))
            if self.breakers is None
            else self.breakers.states[:, dependency]
        )


# -- what a run shows ------------------------------------------------------------------------------------------------


def _curves(batch: Batch, ticks: int) -> Curves:
    run = Run(batch, ticks).go()
    begin = run.past - 1
    fresh = np.concatenate([np.zeros((1, batch.size)), run.fresh])
    make = {
        "fresh": lambda: accumulate(np.add, fresh),
        "good": lambda: accumulate(np.add, run.good),
        "lost": lambda: accumulate(np.add, run.lost),
        "shed": lambda: accumulate(np.add, run.shed),
        "hung": lambda: run.hung,
    }
    for tier, name in enumerate(TIERS):
        make |= {
            f"{name} calls": lambda tier=tier: accumulate(np.add, run.calls[begin:, tier]),
            f"{name} busy": lambda tier=tier: _busy(run, tier),
            f"{name} used": lambda tier=tier: np.minimum(_busy(run, tier) / run.workers[tier], 1.0),
            f"{name} queue": lambda tier=tier: run.queue[begin:, tier],
            f"{name} wrong": lambda tier=tier: accumulate(np.add, run.late[begin:, tier] + run.failed[begin:, tier]),
            f"{name} right": lambda tier=tier: accumulate(
                np.add, np.maximum(run.replies[begin:, tier] - run.failed[begin:, tier], 0.0)
            ),
            f"{name} refused": lambda tier=tier: accumulate(np.add, run.refused[begin:, tier]),
            f"{name} p99": lambda tier=tier: _latency(run, tier),
        }
    for tier, name in enumerate((*TIERS[1:], "reviews")):
        make[f"{name} breaker"] = lambda tier=tier: run.breaker_states(tier)
    return Curves(batch.dt, make=make)


def _busy(run: Run, tier: int) -> FloatArray:
    """Workers held at the end of each tick: by calls that wait, and by requests on their way through."""
    begin = run.past
    passing = run.starts[begin:, tier] * run.work[:, tier] + run.below[begin:, tier]
    full = run.queue[begin:, tier] > NOBODY
    busy = np.where(full, run.workers[tier], np.minimum(run.held[begin:, tier] + passing, run.workers[tier]))
    return np.concatenate([np.zeros((1, busy.shape[1])), busy])


def _latency(run: Run, tier: int) -> FloatArray:
    """99th percentile, over five seconds, of how long the calls to a tier took that ended: answered or given up on."""
    begin, dt = run.past, run.batch.dt
    entered, done = run.entered[begin - 1 :, tier], run.resolved[begin - 1 :, tier]
    replies, late = run.replies[begin:, tier], run.late[begin:, tier]
    middle = np.maximum(done[1:], run.passed[begin - 1 : -1, tier]) - replies / 2
    row = first_reached(entered, middle)
    level, below = (np.take_along_axis(entered, np.maximum(row - less, 0), axis=0) for less in (0, 1))
    came = row - 1 + ratio(middle - below, level - below)
    own = np.add.accumulate(run.work[:, ::-1], axis=1)[:, ::-1][:, tier]  # of this tier and all below
    took = (np.maximum(np.arange(run.ticks)[:, None] + 0.5 - came, 0.0) + own) * dt
    timeout = run.given[tier] + np.zeros_like(took)
    kinds = np.stack([np.minimum(took, timeout), timeout], axis=1), np.stack([replies, late], axis=1)
    per = max(round(PER / dt), 1)
    shown = windowed_quantile(*kinds, 0.99, per, least=NOBODY)
    return np.concatenate([np.zeros((1, shown.shape[1])), shown])


def _events(batch: Batch, curves: Curves) -> dict[str, FloatArray]:
    """Trouble, recovery, and when each tier was saturated.

    Recovered when in each of ten seconds the requests answered in time come to 95 % of those that users send. Saturated
    from the beginning of the first five seconds over which 95 % of a pool are held.
    """
    starts = batch.trigger_start + np.zeros(batch.size)
    found = trigger_events(
        starts,
        starts + batch.trigger_duration,
        curves["good"],
        curves["fresh"],
        step=curves.step,
        share=0.95,
        seconds=10.0,
    )
    steps = max(round(LASTING / curves.step), 1)
    for name in TIERS:
        used = curves[f"{name} used"]
        so_far = accumulate(np.add, used)
        begins = used[1:][: max(len(used) - steps, 0)] >= FULL
        full = (so_far[steps:] - so_far[:-steps] >= FULL * steps) & begins
        first = full.argmax(axis=0) if len(full) else np.zeros(batch.size)
        found[f"{name}_saturated"] = np.where(full.any(axis=0), first * curves.step, np.nan)
    return found


def _tier_signals(name: str) -> dict[str, Signal]:
    """What is seen of a tier."""
    return {
        f"{name}_calls": Signal("calls/s", f"calls made to the {name}", lambda c: c.rate(f"{name} calls")),
        f"{name}_held": Signal("workers", f"workers of the {name} that are held", lambda c: c.level(f"{name} busy")),
        f"{name}_utilisation": Signal(
            "of the pool", f"workers of the {name} held ÷ all", lambda c: c.level(f"{name} used")
        ),
        f"{name}_queue": Signal("requests", f"wait for a worker of the {name}", lambda c: c.level(f"{name} queue")),
        f"{name}_error_ratio": Signal(
            "of ended calls", f"calls to the {name} that failed, were refused or given up on",
            lambda c: share(c.rate(f"{name} wrong") + c.rate(f"{name} refused"), c.rate(f"{name} right")),
        ),
        f"{name}_p99": Signal(
            "s", f"99th percentile of how long calls to the {name} took, over 5 s", lambda c: c.level(f"{name} p99"),
            full=True,
        ),
    }  # fmt: skip


SIGNALS = {
    "offered_rate": Signal("requests/s", "requests that users send, reloads aside", lambda c: c.rate("fresh")),
    "goodput": Signal("requests/s", "requests answered while the user is there", lambda c: c.rate("good")),
    "failed_rate": Signal("requests/s", "users who get an error or leave", lambda c: c.rate("lost")),
    "shed_rate": Signal("requests/s", "of these, refused at the gateway's door", lambda c: c.rate("shed")),
    "error_ratio": Signal("of ended requests", "failed", lambda c: share(c.rate("lost"), c.rate("good"))),
    "reviews_held": Signal("workers", "workers of the gateway that wait for the reviews", lambda c: c.level("hung")),
    **{key: signal for name in TIERS for key, signal in _tier_signals(name).items()},
    **{
        f"{name}_breaker": Signal(
            "0 closed, 1 open, 2 trying",
            f"circuit breaker before the {name}",
            lambda c, name=name: c.level(f"{name} breaker"),
        )
        for name in (*TIERS[1:], "reviews")
    },
}

GOLDEN = dict(traffic="gateway_calls", errors="error_ratio", latency="gateway_p99", saturation="gateway_utilisation")
MODEL = Model("cascading_failure", _curves, SIGNALS, _events, GOLDEN, chunk=1024)
