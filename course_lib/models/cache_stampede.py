"""Cache stampedes: one expired key sends a crowd to the origin, and a slow origin keeps the crowd coming.

Readers ask for keys of Zipf popularity. A fresh entry answers at once. Once it has expired, every reader asks the
origin until the first answer is back, one recompute time later: 1 + λδ recomputes for one value. The origin has so many
workers and one FIFO queue. Once its queue outlasts the readers' patience, answers come back to nobody, nobody fills the
cache, and each key that expires meanwhile adds its whole traffic: the outage outlives its trigger.

How it is computed. Time runs in ticks, but each key's own times (first request, fill, expiry) are real numbers, so
ticks as long as the recompute time do not blur a stampede. Per tick: keys whose first request is due open; open keys
add repeats; the origin starts what its workers can take (a started recompute ends one recompute time later: M/D/w); the
head of its queue tells which readers are still there; the first such request of a key fills it. One clock does that:
*useful requests*, the requests seen so far that were accepted and started in time. A key fills when that clock has gone
on by an exponential of mean 1 ÷ popularity, so thousands of lost attempts need no event of their own.

Assumptions. Poisson readers; the TTL counts from the first fill of a cycle; recompute times are fixed, workers may be a
fraction; the origin works on for readers who left; the noise of repeats is summed over keys; a lock that lapses before
its holder is back lets the next reader through, and the holders' second tries are taken at their mean rate; the first
recompute to land answers all who wait for its key, whatever their process (so with process coalescing and read_through,
errors in an overload come out up to a third low); an early refresh (XFetch) uses the nominal recompute time; keys rarer
than the listed ones are a constant `background_rate`.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.models import noise, simulation
from course_lib.models.parameters import ParameterSet, choice, quantity
from course_lib.models.simulation import Batch, Model
from course_lib.models.trace import Curves, FloatArray, Record, Signal, State, Trace, ratio

TRIGGERS = ("none", "hot_key", "flush", "brownout")
NONE, HOT_KEY, FLUSH, BROWNOUT = range(4)
SCOPES = ("none", "process", "fleet")
DRAWS = 256  # draws per key; a run with more cycles uses them again from the first
HIT_LATENCY = 0.002  # seconds a fresh or stale answer takes
LATENCY_WINDOW = 5.0  # seconds over which p50 and p99 are taken
WAITS = np.array([0.06, 0.19, 0.31, 0.44, 0.56, 0.69, 0.81, 0.99])  # waits behind a lock, as shares of the longest


@dataclasses.dataclass(frozen=True)
class Parameters(ParameterSet):
    """Parameters of the cache stampede; see each field's metadata for range, unit and source."""

    arrival_rate: Any = quantity(
        500.0,
        "requests/s",
        0,
        1e6,
        symbol="λ",
        kind="scheduled",
        meaning="requests for all keys together",
        source="chosen: the hottest key gets about 100/s",
    )
    keys: Any = quantity(
        64,
        "keys",
        1,
        4096,
        symbol="K",
        kind="fixed",
        integer=True,
        meaning="cached values worth a recompute",
        source="chosen: a catalogue of expensive pages",
    )
    zipf_exponent: Any = quantity(
        1.0,
        "",
        0,
        3,
        symbol="s",
        meaning="skew: popularity falls as rank to the power -s",
        source="Zipf's law; web caches 0.6-1.1",
    )
    ttl: Any = quantity(
        30.0,
        "s",
        0.5,
        1e6,
        symbol="T",
        kind="scheduled",
        meaning="how long a filled entry counts as fresh",
        source="chosen: the lab's hot key",
    )
    ttl_jitter: Any = quantity(
        0.0,
        "of TTL",
        0,
        1,
        symbol="j",
        meaning="an entry's TTL is uniform between T(1-j) and T",
        source="off by default",
    )
    recompute_time: Any = quantity(
        1.0,
        "s",
        0.01,
        60,
        symbol="δ",
        meaning="time of one recompute once a worker takes it",
        source="chosen: an expensive page",
    )
    origin_capacity: Any = quantity(
        60.0,
        "recomputes/s",
        0.1,
        1e6,
        symbol="C",
        kind="scheduled",
        meaning="recomputes per second with all workers busy",
        source="chosen: eight times the load of a coalesced cache",
    )
    background_rate: Any = quantity(
        10.0,
        "recomputes/s",
        0,
        1e6,
        symbol="λ₀",
        kind="scheduled",
        meaning="origin work beside these keys: the cold tail, writes, other users",
        source="chosen: a sixth of the origin",
    )
    queue_limit: Any = quantity(
        1000.0,
        "recomputes",
        1,
        np.inf,
        symbol="q̂",
        meaning="recomputes that may wait; more are rejected at once",
        source="chosen: a connection pool's backlog",
    )
    client_timeout: Any = quantity(
        3.0,
        "s",
        0.1,
        600,
        symbol="τ",
        meaning="how long a reader waits for an answer",
        source="chosen: three recompute times",
    )
    fill: Any = choice(
        "look_aside",
        ("look_aside", "read_through"),
        meaning="who fills: a reader who still waits, or the cache itself, however late",
        source="Bronson et al., HotOS 2021",
    )
    coalescing: Any = choice(
        "none",
        SCOPES,
        kind="scheduled",
        meaning="who shares one recompute: nobody, a process, the fleet",
        source="golang.org/x/sync singleflight (process); memcache leases, NSDI 2013 (fleet)",
    )
    processes: Any = quantity(
        20,
        "processes",
        1,
        1e5,
        symbol="P",
        integer=True,
        meaning="processes that each coalesce on their own",
        source="chosen",
    )
    lock_expiry: Any = quantity(
        10.0,
        "s",
        0.1,
        np.inf,
        symbol="ℓ",
        meaning="after this a lock lapses; infinite: never",
        source="memcache leases: one token per key per 10 s, NSDI 2013",
    )
    crash_probability: Any = quantity(
        0.0,
        "per lock",
        0,
        1,
        symbol="p₀",
        meaning="chance that the holder of a fleet-wide lock dies",
        source="none by default",
    )
    beta: Any = quantity(
        0.0,
        "",
        0,
        1000,
        symbol="β",
        kind="scheduled",
        meaning="XFetch: how early entries are refreshed; 0 is off",
        source="Vattani et al., VLDB 2015: 1",
    )
    stale_while_revalidate: Any = quantity(
        0.0,
        "s",
        0,
        1e6,
        symbol="w",
        kind="scheduled",
        meaning="after expiry, answer stale for so long while one refresh runs",
        source="RFC 5861",
    )
    stale_if_error: Any = quantity(
        0.0,
        "s",
        0,
        1e6,
        symbol="w₂",
        kind="scheduled",
        meaning="after expiry, answer stale for so long when a recompute fails",
        source="RFC 5861",
    )
    admission: Any = quantity(
        1.0,
        "of requests",
        0,
        1,
        symbol="a",
        kind="scheduled",
        meaning="share of requests let in; the rest are shed",
        source="an operator's valve",
    )
    warmup_ramp: Any = quantity(
        0.0,
        "s",
        0,
        1e4,
        symbol="r",
        meaning="after a flush, admission climbs from 0 to 1 in this time",
        source="off by default",
    )
    cache_lost: Any = quantity(
        0.0,
        "of keys",
        0,
        1,
        symbol="x",
        kind="scheduled",
        meaning="share of the keys whose cache node is down: nothing is kept",
        source="an operator's flush or restart",
    )
    trigger: Any = choice(
        "hot_key",
        TRIGGERS,
        meaning="what goes wrong: hottest key expires in a load peak, cache is emptied, origin slows",
        source="the module's three triggers",
    )
    trigger_start: Any = quantity(60.0, "s", 0, 1e6, symbol="t₀", meaning="when it goes wrong", source="chosen")
    trigger_duration: Any = quantity(
        20.0, "s", 0, 1e6, symbol="d", meaning="how long the load peak or the brownout lasts", source="chosen"
    )
    surge_factor: Any = quantity(
        3.0,
        "of arrival rate",
        1,
        100,
        symbol="g",
        meaning="load during the peak in which the hot key expires",
        source="chosen",
    )
    flush_share: Any = quantity(
        1.0, "of keys", 0, 1, symbol="x₀", meaning="share of the keys that a flush empties", source="chosen"
    )
    brownout_capacity: Any = quantity(
        0.2, "of capacity", 0, 1, symbol="c", meaning="origin capacity left in the brownout", source="chosen"
    )
    dt: Any = quantity(
        0.5,
        "s",
        0.005,
        5,
        symbol="Δ",
        kind="fixed",
        meaning="length of a tick, at most a recompute time",
        source="half a recompute",
    )


def simulate(
    parameters: Parameters | None = None,
    seed: ArrayLike = 0,
    *,
    until: float,
    state: State | None = None,
    record: Record | None = None,
) -> Trace:
    """Run a cache for `until` seconds; see `simulation.simulate` for batches, records and resuming.

    Examples
    --------
    >>> naive = simulate(Parameters(), seed=7, until=180)
    >>> locked = simulate(Parameters(coalescing="fleet"), seed=7, until=180)
    >>> bool(np.isnan(naive.events["recovered"])), float(locked.events["recovered"])
    (True, 80.0)
    """
    return simulation.simulate(MODEL, parameters or Parameters(), seed, until=until, state=state, record=record)


def popularity(keys: int, exponent: ArrayLike) -> FloatArray:
    """Share of the requests that each key gets, hottest first, shape (keys, len(exponent)); Zipf's law."""
    weight = np.arange(1.0, keys + 1)[:, None] ** -np.atleast_1d(np.asarray(exponent, dtype=float))
    return weight / np.add.accumulate(weight, axis=0)[-1]


def exposure(start: ArrayLike, end: ArrayLike, expiry: ArrayLike, lead: ArrayLike) -> FloatArray:
    """Seconds' worth of requests that refresh, between two times.

    Before expiry each does so with chance exp(-(expiry - t)/lead), XFetch's rule with
    `lead` = βδ; after it everybody does.
    """
    before, after = np.maximum(expiry - start, 0.0), np.maximum(expiry - end, 0.0)
    late = np.maximum(end, expiry) - np.maximum(start, expiry)
    return lead * (np.exp(-after / lead) - np.exp(-before / lead)) + late


def reached(seconds: ArrayLike, start: ArrayLike, expiry: ArrayLike, lead: ArrayLike) -> FloatArray:
    """Time at which the exposure since `start` reaches `seconds`: the inverse of `exposure`."""
    asleep = np.exp(-np.maximum(expiry - start, 0.0) / lead)
    early = expiry + lead * np.log(np.minimum(seconds / lead + asleep, 1.0))
    late = np.maximum(start, expiry) + (seconds - lead * (1.0 - asleep))
    return np.where(seconds < lead * (1.0 - asleep), early, late)


class Run:
    """One batch on its way through time.

    Arrays of keys are flat: key k of member m is at ``k * size + m``. Cumulative histories hold their value at the end
    of tick ``now`` in row ``past + now + 1``; rows up to ``past`` are the silence before tick 0. A lone member runs
    beside a copy of itself, because numpy adds up a single column in another order than many.
    """

    def __init__(self, batch: Batch, ticks: int) -> None:
        _check_tick(batch)
        self.batch, self.ticks, self.dt = batch, ticks, batch.dt
        self.keys, self.size = int(batch.highest("keys")), max(batch.size, 2)
        self.members = np.arange(self.size)
        self.share = self._wide(popularity(self.keys, batch.zipf_exponent)).ravel()
        self.lag = Lag(batch.recompute_time, self.dt)
        self.past = int(self.lag.whole.max()) + 2
        self._read_schedules()
        self._set_noise()
        self._set_limits()
        self._set_keys()
        self._set_histories()

    def go(self) -> Run:
        """Run all ticks."""
        for now in range(self.ticks):
            self.advance(now)
        return self

    def advance(self, now: int) -> None:
        """One tick: what breaks, who asks first, who asks too, what the origin starts, which keys that fills."""
        self._disturb(now)
        firsts = self._first_requests(now)
        repeats = self._repeats(now)
        self._work(now, firsts, repeats)
        self._find_head(now)
        self._start_fills(now)
        self._fill(now)

    # -- keys --------------------------------------------------------------------------------------------------------

    def _disturb(self, now: int) -> None:
        """Drop lost and expired entries, and look again at who asks first where the request rate or beta changed."""
        t = now * self.dt
        if self.changes[now]:
            some = self._waiting_for(self._each_key(self.changed[now]))
            member = some % self.size
            passed = exposure(
                self.since[some], np.maximum(t, self.since[some]), self.expiry[some], self.lead[now - 1, member]
            )
            self.need[some] -= passed * self.rate[now - 1, member] * self.share[some]
            self._ask_again(some, now)
        if self.loses[now]:
            gone = (self._each_key(self.lost[now]) > self.node) & (self.expiry > -np.inf)
            self.expiry[gone] = -np.inf
            asked = gone & (self.opened < np.inf)
            self.waits_from[asked] = np.minimum(self.waits_from[asked], np.maximum(self.opened[asked], t))
            self._ask_again(self._waiting_for(gone), now)
        if self.hot_expires_now[now]:
            hot = np.flatnonzero(self.hot_expires[now] & (self.expiry[: self.size] > t))
            self.expiry[hot] = t
            self._ask_again(hot[np.isfinite(self.first[hot])], now)

    def _each_key(self, by_member: NDArray[Any]) -> NDArray[Any]:
        return np.tile(by_member, self.keys)

    def _waiting_for(self, which: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Keys among these that wait for a first request, not for a dead holder's lock."""
        return np.flatnonzero(which & np.isfinite(self.first) & np.isfinite(self.since))

    def _ask_again(self, some: NDArray[np.int64], now: int) -> None:
        """The first request from here on: what is left of its draw, at the rate of now."""
        member, t = some % self.size, now * self.dt
        self.need[some] = np.maximum(self.need[some], 1e-12)
        self.since[some] = t
        wait = self.need[some] / (self.rate[now, member] * self.share[some])
        self.first[some] = reached(wait, t, self.expiry[some], self.lead[now, member])

    def _first_requests(self, now: int) -> FloatArray:
        """Open the keys whose first request (or next try after a crash) comes in this tick; how many per member."""
        t0, row = now * self.dt, self.past + now
        due = (self.first < t0 + self.dt).nonzero()[0]
        if not due.size:
            self.hot_firsts = self.nobody
            return self.nobody
        member = due % self.size
        at, rate = self.first[due], self.rate[now, member]
        self.first[due] = np.inf
        self.opened[due] = opened = np.minimum(self.opened[due], at)
        self.waits_from[due] = waits_from = np.maximum(opened, self.expiry[due] + self.swr[now, member])
        ahead = self.useful + np.where(self.drowned, 0.0, self.seen[row] - self.headed[row])
        place = ahead[member] + rate * (at - t0)
        crowded = (self.drowned | self.full)[member]
        if np.count_nonzero(crowded):
            place[crowded] += self._draw(due[crowded]) / self.share[due[crowded]]
        self.place[due], self.lapses[due] = place, at + self.hold[member]
        self.again_from[due] = np.maximum(at, waits_from) + self.hold[member]
        if self.crashes is not None:
            self._crash(now, due, at)
        self.hot_firsts = np.bincount(due[due < self.size], minlength=self.size)
        self.direct[now] = firsts = np.bincount(member, minlength=self.size)
        if self.serves_stale:
            self._answer_stale(now, due, at, waits_from)
        return firsts

    def _answer_stale(self, now: int, due: NDArray[np.int64], at: FloatArray, waits_from: FloatArray) -> None:
        """First requests that get the expired entry at once, and do not wait themselves."""
        member = due % self.size
        direct = (self.swr[now, member] == 0) | (waits_from <= at)
        past = np.where(direct, 0.0, np.maximum(at - self.expiry[due], 0.0))
        self.direct[now] = np.bincount(member, direct, minlength=self.size)
        self.stale[now] = np.bincount(member, past > 0, minlength=self.size)
        self.overdue[now] = np.bincount(member, past, minlength=self.size)

    def _crash(self, now: int, due: NDArray[np.int64], at: FloatArray) -> None:
        """A dead holder's key stays shut until the lock lapses; then the next reader tries."""
        member = due % self.size
        crashed = (self.slots[now, member] == 1) & (self._uniform(self.crashes, due) < self.crash_probability[member])
        dead, member = due[crashed], member[crashed]
        pause = self._draw(dead) / (self.rate[now, member] * self.share[dead])
        self.first[dead] = at[crashed] + self.lock_expiry[member] + pause
        self.since[dead] = self.place[dead] = self.again_from[dead] = self.lapses[dead] = np.inf

    def _start_fills(self, now: int) -> None:
        """Keys whose useful request is started in this tick are filled one recompute time later."""
        found = (self.place.reshape(self.keys, self.size) <= self.useful).ravel().nonzero()[0]
        if not found.size:
            return
        member, row = found % self.size, self.past + now + 1
        part = (self.place[found] - self.useful_before[member]) / np.maximum(
            (self.useful - self.useful_before)[member], 1e-300
        )
        part = np.minimum(np.maximum(part, 0.0), 1.0)
        began = now + part
        if np.count_nonzero(self.queued):
            began = np.where(self.queued[member], self._began(row, member, part), began)
        self.filled_at[found] = began * self.dt + self.recompute[member]
        self.place[found] = np.inf

    def _began(self, row: int, member: NDArray[np.int64], part: FloatArray) -> FloatArray:
        """Tick (with its fraction) in which a queued request is started: when it had come and a worker was free."""
        came, rank = (
            h[row - 1, member] + part * (h[row, member] - h[row - 1, member]) for h in (self.head, self.started)
        )
        idle = (self.workers[row - self.past - 1] + self.lag.back(self.started, row - 1, self.members))[member]
        served = (rank - idle) / np.maximum(self.able[member] - idle, 1e-300)
        return np.maximum(came, row - 1 - self.past + np.minimum(np.maximum(served, 0.0), 1.0))

    def _fill(self, now: int) -> None:
        """Fills that land by the end of this tick: a new expiry, and a new draw of who asks first."""
        landed = (self.filled_at <= (now + 1) * self.dt).nonzero()[0]
        if not landed.size:
            return
        member, at = landed % self.size, self.filled_at[landed]
        if self.coalesces:
            self._answer_waiters(now, landed, member, at)
        ttl = self.ttl[now, member]
        if self.jitters is not None:
            ttl = ttl * (1.0 - self.jitter[member] * self._uniform(self.jitters, landed))
        expiry = at + ttl
        if self.loses[now]:  # no node to keep it
            expiry = np.where(self.lost[now, member] > self.node[landed], -np.inf, expiry)
        self.expiry[landed] = expiry
        self.since[landed] = self.made_at[landed] = at
        self.need[landed] = need = self._draw(landed)
        self.first[landed] = reached(
            need / (self.rate[now, member] * self.share[landed]), at, expiry, self.lead[now, member]
        )
        for times in (self.opened, self.waits_from, self.again_from, self.lapses, self.filled_at):
            times[landed] = np.inf

    def _answer_waiters(self, now: int, landed: NDArray[np.int64], member: NDArray[np.int64], at: FloatArray) -> None:
        """A shared recompute answers the readers who still wait for it, and the one who asked."""
        shared, timeout = self.slots[now, member] < np.inf, self.timeout[member]
        waited = np.minimum(np.maximum(at - self.waits_from[landed], 0.0), timeout)
        crowd = np.where(shared, self.rate[now, member] * self.share[landed] * waited, 0.0)
        asker = shared & ((self.swr[now, member] == 0) | (self.waits_from[landed] <= self.opened[landed]))
        in_time = at - self.opened[landed] <= timeout
        self.answered[now] = np.bincount(member, crowd + (asker & in_time), minlength=self.size)
        self.gave_up[now] += np.bincount(member, asker & ~in_time, minlength=self.size)
        self.waited[now] = np.bincount(member, crowd * waited, minlength=self.size)

    # -- readers -----------------------------------------------------------------------------------------------------

    def _repeats(self, now: int) -> FloatArray:
        """Requests beyond the first for keys on their way, and what readers get meanwhile."""
        t0, t1 = now * self.dt, (now + 1) * self.dt
        begin, end, waiting = self.begin, self.end, self.wait
        np.maximum(self.waits_from, t0, out=begin)
        np.minimum(self.filled_at, t1, out=end)
        np.subtract(end, begin, out=waiting)
        np.maximum(waiting, 0.0, out=waiting)
        waiting *= self.share
        total = self.waiting[now] = self.rate[now] * self._total(waiting)
        hot = self.rate[now] * waiting[: self.size]
        if self.coalesces:
            total, hot = self._coalesced(now, total, hot)
        if self.serves_stale:
            self._serve_stale(now)
        if self.refreshes:
            total, hot = self._early_repeats(now, total, hot)
        np.subtract(self.served_share, waiting, out=waiting)
        waiting *= self.made_at
        self.made[now] = self.rate[now] * self._total(waiting)
        repeats = total + np.minimum(np.sqrt(3.0 * total), total) * self.spread[now]
        self.hot_asked = self.hot_firsts + hot * (repeats / np.maximum(total, 1e-300))
        if self.refreshes_stale[now]:
            self._refresh_again(now)
        return repeats

    def _total(self, by_key: FloatArray) -> FloatArray:
        return np.add.reduce(by_key.reshape(self.keys, self.size), axis=0)

    def _coalesced(self, now: int, total: FloatArray, hot: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Each process asks once, and again when it gave up: a wave of P(1 - exp(-λu/P)), then a steady trickle."""
        t0, shape = now * self.dt, (self.keys, self.size)
        alone, slots = self.slots[now] == np.inf, self.finite_slots[now]
        each = self.rate[now] * self.share.reshape(shape) / slots
        taken = each * self.accepted  # a rejected process may ask again at once
        young, old = (
            np.minimum(np.maximum(t - self.waits_from.reshape(shape), 0.0), self.hold)
            for t in (t0, self.end.reshape(shape))
        )
        wave = (slots - 1.0) / self.accepted * (np.exp(-taken * young) - np.exp(-taken * old))
        again = np.maximum(self.end - np.maximum(self.again_from, t0), 0.0).reshape(shape)
        asked = wave + again * slots * each / (1.0 + taken * self.hold)
        late = np.maximum(self.end.reshape(shape) - np.maximum(self.waits_from.reshape(shape) + self.timeout, t0), 0.0)
        self.gave_up[now] = np.where(alone, 0.0, self.rate[now] * self._total(late * self.share.reshape(shape)))
        return np.where(alone, total, self._total(asked)), np.where(alone, hot, asked[0])

    def _early_repeats(self, now: int, total: FloatArray, hot: FloatArray) -> tuple[FloatArray, FloatArray]:
        """XFetch: others who refresh, each with its own chance, while the first refresh is on its way."""
        t0, t1 = now * self.dt, (now + 1) * self.dt
        early = np.flatnonzero((self.opened < t1) & (self.expiry > t0))
        member, expiry = early % self.size, self.expiry[early]
        start = np.maximum(self.opened[early], t0)
        end = np.maximum(np.minimum(self.end[early], expiry), start)
        extra = exposure(start, end, expiry, self.lead[now, member]) * self.rate[now, member] * self.share[early]
        extra = np.where((self.slots[now, member] == 1) | (self.swr[now, member] > 0), 0.0, extra)
        self.early[now] = np.bincount(member, extra, minlength=self.size)
        return total + self.early[now], hot + np.bincount(
            member, np.where(early < self.size, extra, 0.0), minlength=self.size
        )

    def _refresh_again(self, now: int) -> None:
        """A refresh behind stale answers that is not back when its claim lapses is asked for again, by the next reader.

        Nobody waits for it: it is work for the origin and no reader's request.
        """
        shape = (self.keys, self.size)
        each = self.rate[now] * self.share.reshape(shape)
        idle = np.minimum(self.waits_from, self.end) - np.maximum(self.lapses, now * self.dt)
        idle = np.maximum(idle, 0.0).reshape(shape) * (self.swr[now] > 0)
        again = idle * each / (1.0 + each * self.hold)
        self.again[now] = np.add.reduce(again, axis=0)
        self.hot_asked = self.hot_asked + again[0]

    def _serve_stale(self, now: int) -> None:
        """Readers answered from an expired entry while it is refreshed, and those who may be if the refresh fails."""
        t0, rate = now * self.dt, self.rate[now]
        start = np.maximum(np.maximum(self.opened, self.expiry), t0)
        shown, past = self._share_between(start, np.minimum(self.waits_from, self.end))
        self.stale[now] += rate * self._total(shown)
        self.overdue[now] += rate * self._total(past)
        spare, past = self._share_between(self.begin, np.minimum(self.end, self.expiry + self._each_key(self.sie[now])))
        self.spare[now], self.spare_overdue[now] = rate * self._total(spare), rate * self._total(past)

    def _share_between(self, start: FloatArray, stop: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Popularity x seconds between two times, and the same weighted by the time past expiry."""
        seconds = np.maximum(stop - start, 0.0)
        shown = seconds * self.share
        return shown, shown * np.where(shown > 0, stop - seconds / 2 - np.maximum(self.expiry, -1e9), 0.0)

    # -- the origin --------------------------------------------------------------------------------------------------

    def _work(self, now: int, firsts: FloatArray, repeats: FloatArray) -> None:
        """Accept what the queue can hold, start what the workers can take; workers are busy for one recompute time."""
        row = self.past + now + 1
        asked, started = self.asked[row - 1], self.started[row - 1]
        wanted = firsts + repeats + self.again[now] + self.background[now]
        self.able = able = np.maximum(started, self.workers[now] + self.lag.back(self.started, row, self.members))
        self.full = asked + wanted > able + self.limit
        accepted = 1.0
        if np.count_nonzero(self.full):
            room = np.maximum(able + self.limit - asked, 0.0)
            accepted = np.where(self.full, room / np.maximum(wanted, 1e-300), 1.0)
        self.asked[row] = np.where(self.full, np.maximum(asked, able + self.limit), asked + wanted)
        self.started[row] = np.maximum(started, np.minimum(self.asked[row], able))
        readers = np.where(self.alone[now], self.direct[now] + repeats, 0.0)
        self.readers[row] = self.readers[row - 1] + readers * accepted
        self.rejected[now] = readers * (1.0 - accepted)
        self.wanted[now] = wanted
        self.seen[row] = self.seen[row - 1] + self.rate[now] * self.dt * accepted
        self.hot[row] = self.hot[row - 1] + self.hot_asked * accepted
        if self.coalesces:
            self.accepted = self.accepted + (np.maximum(accepted, 1e-6) - self.accepted) * self.fading

    def _find_head(self, now: int) -> None:
        """Who is at the head of the queue, and whether still there: this moves the clock of useful requests."""
        row = self.past + now + 1
        queues = self.asked[row] > self.started[row]
        self.queued, self.queues = queues | self.queues, queues
        in_time = self.in_time_if_idle
        if np.count_nonzero(self.queued):
            self.head[row] = self._place_of(self.started[row], row)
            self.headed[row] = self.at_head(self.seen, row)
            late = (now + 1 - self.head[row]) * self.dt + self.recompute - self.timeout
            before = (now - self.head[row - 1]) * self.dt + self.recompute - self.timeout
            over, under = np.maximum(np.maximum(late, before), 0.0), np.maximum(-np.minimum(late, before), 0.0)
            in_time = np.where(self.queued & ~self.patient, 1.0 - over / np.maximum(over + under, 1e-300), in_time)
            self.drowned = ~self.patient & (late > 0)
        else:
            self.headed[row] = self.seen[row]
            self.drowned = self.hopeless
        self.useful_before = self.useful
        self.useful = self.useful + (self.headed[row] - self.headed[row - 1]) * in_time

    def _place_of(self, level: FloatArray, row: int) -> FloatArray:
        """Tick (with its fraction) in which the requests now being started had come."""
        asked = self.asked.reshape(-1)
        j = np.where(self.queues, self.pointer, row)
        while True:
            step = (j < row) & (asked[np.minimum(j + 1, row) * self.size + self.members] <= level)
            if not np.count_nonzero(step):
                break
            j = j + step
        self.pointer = j
        here, following = (asked[k * self.size + self.members] for k in (j, np.minimum(j + 1, row)))
        return (j - self.past) + (level - here) / np.maximum(following - here, 1e-300) * (j < row)

    def at_head(self, history: FloatArray, rows: int | slice = slice(None)) -> FloatArray:
        """Value that a cumulative history had when the requests at the head of the queue came."""
        low = np.floor(self.head[rows]).astype(np.int64)
        part = self.head[rows] - low
        low = low + self.past
        return (
            history[low, self.members] * (1.0 - part)
            + history[np.minimum(low + 1, len(history) - 1), self.members] * part
        )

    def waits(self) -> FloatArray:
        """How long the requests now being started have waited, one row a tick."""
        return (np.arange(len(self.head))[:, None] - self.past - self.head) * self.dt

    # -- setting up --------------------------------------------------------------------------------------------------

    def _read_schedules(self) -> None:
        batch, time = self.batch, np.arange(self.ticks) * self.dt
        for name in ("ttl", "origin_capacity", "background_rate", "admission", "arrival_rate", "cache_lost"):
            setattr(self, name, self._rows(batch.at(name, time)))
        self.swr, self.sie = (self._rows(batch.at(f"stale_{name}", time)) for name in ("while_revalidate", "if_error"))
        self.lead = self._rows(np.maximum(batch.at("beta", time) * batch.recompute_time, 1e-9))
        scope = batch.at("coalescing", time)
        self.slots = self._rows(np.where(scope == 0, np.inf, np.where(scope == 1, batch.processes, 1.0)))
        self.alone, self.finite_slots = self.slots == np.inf, np.where(self.slots == np.inf, 1.0, self.slots)
        self.coalesces, self.refreshes = not self.alone.all(), batch.highest("beta") > 0
        self.serves_stale = bool(self.swr.any() or self.sie.any())
        self.refreshes_stale = self.swr.any(axis=1).tolist()
        self._pull_triggers(time[:, None] - batch.trigger_start + 5e-7)

    def _pull_triggers(self, since: FloatArray) -> None:
        batch, trigger = self.batch, self.batch.trigger
        within, at_once = (since >= 0) & (since < batch.trigger_duration), (since >= 0) & (since < self.dt)
        ramp = np.where(
            (trigger == FLUSH) & (batch.warmup_ramp > 0) & (since >= 0),
            (since + self.dt / 2) / np.maximum(batch.warmup_ramp, 1e-9),  # at the middle of the tick
            1.0,
        )
        self.admitted = self._rows(self.admission * np.minimum(np.maximum(ramp, 0.02), 1.0))
        self.demand = self._rows(self.arrival_rate * np.where((trigger == HOT_KEY) & within, batch.surge_factor, 1.0))
        self.rate = np.maximum(self.demand * self.admitted, 1e-9)
        slow = np.where((trigger == BROWNOUT) & within, batch.brownout_capacity, 1.0)
        self.workers = self._rows(self.origin_capacity * slow * batch.recompute_time)
        self.lost = self._rows(
            np.maximum(self.cache_lost, np.where((trigger == FLUSH) & at_once, batch.flush_share, 0.0))
        )
        self.hot_expires = self._rows((trigger == HOT_KEY) & at_once)
        self.changed = np.zeros((self.ticks, self.size), dtype=bool)
        self.changed[1:] = (np.diff(self.rate, axis=0) != 0) | (np.diff(self.lead, axis=0) != 0)
        happens = (self.changed, self.lost > 0, self.hot_expires)
        self.changes, self.loses, self.hot_expires_now = (what.any(axis=1).tolist() for what in happens)

    def _set_noise(self) -> None:
        """Draws by key and cycle, or by tick; members with the same seed share them."""
        batch = self.batch
        seeds, column = np.unique(batch.seeds, return_inverse=True)
        self.column = self._wide(column)
        self.draws = noise.exponential(seeds, "first requests", self.keys * DRAWS)
        self.jitters = noise.uniform(seeds, "ttl jitter", self.keys * DRAWS) if batch.highest("ttl_jitter") else None
        self.crashes = (
            noise.uniform(seeds, "holder crashes", self.keys * DRAWS) if batch.highest("crash_probability") else None
        )
        self.phase, self.node = (
            noise.uniform(seeds, s, self.keys)[:, self.column].ravel() for s in ("phases", "cache nodes")
        )
        self.cycle = np.zeros(self.keys * self.size, dtype=np.int64)
        self.spread = (2.0 * noise.uniform(seeds, "repeats", self.ticks) - 1.0)[:, self.column]
        arrivals, others = (noise.normal(seeds, s, self.ticks)[:, self.column] for s in ("arrivals", "background"))
        self.offered = noise.poisson(arrivals, self.demand * self.dt)
        self.background = noise.poisson(others, self.background_rate * self.dt)

    def _draw(self, some: NDArray[np.int64]) -> FloatArray:
        """The next exponential of each key: numbered by key and cycle, never by time."""
        self.cycle[some] += 1
        return self._uniform(self.draws, some)

    def _uniform(self, table: FloatArray, some: NDArray[np.int64]) -> FloatArray:
        key, member = np.divmod(some, self.size)
        return table[self.cycle[some] % DRAWS * self.keys + key, self.column[member]]

    def _set_limits(self) -> None:
        batch = self.batch
        names = {
            "timeout": "client_timeout",
            "recompute": "recompute_time",
            "limit": "queue_limit",
            "jitter": "ttl_jitter",
        }
        for name, field in {**names, "lock_expiry": "lock_expiry", "crash_probability": "crash_probability"}.items():
            setattr(self, name, self._wide(getattr(batch, field)))
        self.patient = self._wide(batch.fill == 1)
        self.hold = np.minimum(self.timeout, self.lock_expiry)  # a holder lets go when it gives up or its lock lapses
        self.fading = np.minimum(self.dt / self.hold, 1.0)
        self.hopeless = ~self.patient & (self.recompute > self.timeout)
        self.in_time_if_idle = np.where(self.hopeless, 0.0, 1.0)

    def _set_keys(self) -> None:
        """Warm entries in the middle of their lives: phases uniform over a mean cycle."""
        ttl, rate, lead = (self._each_key(values[0]) for values in (self.ttl, self.rate, self.lead))
        idle = 1.0 / (rate * self.share)
        life = ttl * (1.0 - self._each_key(self.jitter) * self.phase)
        self.expiry = np.maximum(self.phase * (life + idle) - idle, 0.0)
        self.made_at = self.expiry - life
        self.since = np.zeros_like(self.expiry)
        self.need = self._draw(np.arange(self.expiry.size))
        self.first = reached(self.need * idle, self.since, self.expiry, lead)
        for name in ("opened", "waits_from", "again_from", "lapses", "filled_at", "place"):
            setattr(self, name, np.full(self.expiry.size, np.inf))
        self.served_share = self.share * self.dt
        self.begin, self.end, self.wait = (np.empty(self.expiry.size) for _ in range(3))

    def _set_histories(self) -> None:
        rows = self.past + self.ticks + 1
        for name in ("asked", "started", "readers", "seen", "headed", "hot"):
            setattr(self, name, np.zeros((rows, self.size)))
        for name in ("direct", "early", "waiting", "stale", "overdue", "spare", "spare_overdue", "made", "answered"):
            setattr(self, name, np.zeros((self.ticks, self.size)))
        for name in ("waited", "gave_up", "rejected", "wanted", "again"):
            setattr(self, name, np.zeros((self.ticks, self.size)))
        self.head = np.repeat(np.arange(float(rows))[:, None] - self.past, self.size, axis=1)
        self.pointer, self.accepted = np.zeros(self.size, dtype=np.int64), np.ones(self.size)
        self.useful = self.useful_before = np.zeros(self.size)
        self.full = self.queues = np.zeros(self.size, dtype=bool)
        self.drowned, self.nobody = self.hopeless, np.zeros(self.size, dtype=np.int64)

    def _wide(self, values: NDArray[Any]) -> NDArray[Any]:
        return np.broadcast_to(values, (*values.shape[:-1], self.size))

    def _rows(self, values: NDArray[Any]) -> NDArray[Any]:
        return np.broadcast_to(values, (self.ticks, self.size))


class Lag:
    """Looking back by a time that need not be whole ticks, member by member."""

    def __init__(self, seconds: FloatArray, dt: float) -> None:
        ticks = np.round(np.asarray(seconds) / dt, 9)
        self.whole = np.floor(ticks).astype(np.int64)
        self.part = ticks - self.whole
        self.same = bool((ticks == ticks[0]).all())

    def back(self, history: FloatArray, row: int, members: NDArray[np.int64]) -> FloatArray:
        """Value one lag before `row`."""
        if self.same and self.part[0] == 0:
            return history[row - self.whole[0]]
        earlier = row - self.whole
        return history[earlier, members] * (1.0 - self.part) + history[earlier - 1, members] * self.part

    def shifted(self, history: FloatArray) -> FloatArray:
        """Every row's value one lag before; nothing before the first row."""
        rows = np.arange(len(history))[:, None] - self.whole
        members = np.arange(history.shape[1])
        late, early = np.maximum(rows, 0), np.maximum(rows - 1, 0)
        return history[late, members] * (1.0 - self.part) + history[early, members] * self.part


def _check_tick(batch: Batch) -> None:
    shortest = batch.lowest("recompute_time")
    if shortest < batch.dt - 1e-9:
        raise ValueError(
            f"recompute_time = {shortest:g} s is shorter than a tick of {batch.dt:g} s: set dt to {shortest:g} or less"
        )


# -- what a run shows ------------------------------------------------------------------------------------------------


def _curves(batch: Batch, ticks: int) -> Curves:
    run = Run(batch, ticks).go()
    timeout, recompute = Lag(run.timeout, run.dt), Lag(run.recompute, run.dt)
    in_time, late = _outcomes(run, timeout, recompute)
    excused, excused_age = _excused(run, timeout, late + run.gave_up + run.rejected)
    flows = _answers(run, in_time, excused) | {
        "failed": np.maximum(late + run.gave_up + run.rejected - excused, 0.0) + run.offered * (1.0 - run.admitted),
        "overdue": run.overdue + excused_age,
        "worked": np.diff(recompute.shifted(run.started), axis=0)[run.past :],
        "hot": np.diff(run.hot, axis=0)[run.past :],
    }
    workers = np.concatenate([run.workers[:1]] * (run.past + 1) + [run.workers])
    levels = {
        "queue": run.asked - run.started,
        "busy": (run.started - recompute.shifted(run.started)) / np.maximum(workers, 1e-9),
        "in_flight": run.hot - recompute.shifted(run.at_head(run.hot)),
        "wait": run.waits(),
    }
    curves = Curves(batch.dt)
    curves.update({name: _summed(flow)[:, : batch.size] for name, flow in flows.items()})
    curves.update({name: np.maximum(level, 0.0)[run.past :, : batch.size] for name, level in levels.items()})
    curves.ended = _ended(run, recompute, in_time, late, batch.size)
    return curves


def _outcomes(run: Run, timeout: Lag, recompute: Lag) -> tuple[FloatArray, FloatArray]:
    """Readers on recomputes of their own that are answered in time, and that give up, in each tick."""
    back, left = recompute.shifted(run.at_head(run.readers)), timeout.shifted(run.readers)
    in_time = np.maximum(np.diff(back, axis=0), 0.0) - np.maximum(left[1:] - back[:-1], 0.0)
    late = left[1:] - np.maximum(left[:-1], back[1:])
    return np.maximum(in_time, 0.0)[run.past :], np.maximum(late, 0.0)[run.past :]


def _answers(run: Run, in_time: FloatArray, excused: FloatArray) -> dict[str, FloatArray]:
    """What readers asked and got, per tick."""
    admitted = run.offered * run.admitted
    kept = np.maximum(run.rate * run.dt - run.waiting, 0.0)
    hits = _hits(admitted * (kept - run.stale - run.direct - run.early) / (run.rate * run.dt))
    own = np.diff(run.readers, axis=0)[run.past :] + run.rejected
    middle = (np.arange(run.ticks)[:, None] + 0.5) * run.dt
    return {
        "offered": run.offered,
        "shed": run.offered - admitted,
        "stale": run.stale + excused,
        "kept": kept,
        "age": np.maximum(kept * middle - run.made, 0.0),
        "quick": hits + run.stale,
        "missed": np.where(run.alone, own, run.waiting + run.direct + run.early),
        "good": hits + run.stale + in_time + run.answered + excused,
        "wanted": run.wanted,
    }


def _summed(flow: FloatArray) -> FloatArray:
    return np.add.accumulate(np.concatenate([np.zeros((1, flow.shape[1])), flow]), axis=0)


def _hits(expected: FloatArray) -> FloatArray:
    """Requests answered fresh: a first request may come before as many hits as it stands for, which are then owed."""
    return np.diff(np.maximum.accumulate(_summed(expected), axis=0), axis=0)


def _excused(run: Run, timeout: Lag, failed: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Failed requests that get a stale entry after all, and their age past expiry, by the share one timeout ago."""
    if not run.serves_stale:
        return 0.0 * failed, 0.0 * failed
    before = [timeout.shifted(_summed(flow)) for flow in (run.spare, run.waiting, run.spare_overdue)]
    spare, waiting, overdue = (np.diff(curve, axis=0) for curve in before)
    excused = failed * np.minimum(ratio(spare, waiting), 1.0)
    return excused, excused * (ratio(overdue, spare) + run.timeout)


def _ended(run: Run, recompute: Lag, in_time: FloatArray, late: FloatArray, size: int) -> tuple[FloatArray, ...]:
    """Latencies and weights of misses that end in each tick, shape (ticks, kinds, members)."""
    own = recompute.shifted(run.waits())
    own = (own[1:] + own[:-1])[run.past :] / 2 + run.recompute
    longest = ratio(run.waited, run.answered)
    waits = longest[:, None] * WAITS[:, None]
    times = np.concatenate([own[:, None], np.broadcast_to(run.timeout, own.shape)[:, None], waits], axis=1)
    shared = np.repeat(run.answered[:, None] / len(WAITS), len(WAITS), axis=1)
    weights = np.concatenate([in_time[:, None], (late + run.gave_up)[:, None], shared], axis=1)
    return times[..., :size], weights[..., :size]


def _latency(curves: Curves, quantile: float, hits: bool = True) -> FloatArray:
    """Quantile of the time to an answer (or to giving up) over each completed window, with or without the hits."""
    times, weights = curves.ended
    if hits:
        quick = np.diff(curves["quick"], axis=0)[:, None]
        times = np.concatenate([np.full_like(quick, HIT_LATENCY), times], axis=1)
        weights = np.concatenate([quick, weights], axis=1)
    per = max(round(LATENCY_WINDOW / curves.step), 1)
    windows = len(times) // per
    shape = (windows, per * times.shape[1], times.shape[2])
    times, weights = (x[: windows * per].reshape(shape) for x in (times, weights))
    order = np.argsort(times, axis=1, kind="stable")
    times, weights = (np.take_along_axis(x, order, axis=1) for x in (times, weights))
    total = np.add.accumulate(weights, axis=1)
    place = np.argmax(total >= quantile * total[:, -1:], axis=1)
    seen = np.where(total[:, -1] > 0.5, np.take_along_axis(times, place[:, None], axis=1)[:, 0], HIT_LATENCY * hits)
    held = np.repeat(np.concatenate([np.zeros((1, seen.shape[1])), seen]), per, axis=0)[1:]
    return np.concatenate([held, held[-1:]])[: len(curves.ended[0])]


def _events(batch: Batch, curves: Curves) -> dict[str, FloatArray]:
    """Start and end of the trigger, and recovery; NaN: never, or not within the run.

    Recovered is the first second after the trigger from which, in each of ten, at most one request in twenty fails.
    """
    lasting = (batch.trigger == HOT_KEY) | (batch.trigger == BROWNOUT)
    none = np.where(batch.trigger == NONE, np.nan, 0.0)
    starts = batch.trigger_start + none + np.zeros(batch.size)
    ends = starts + np.where(lasting, batch.trigger_duration, 0.0)
    per = max(round(1.0 / curves.step), 1)
    failed, offered = (np.diff(curves[name][::per], axis=0) for name in ("failed", "offered"))
    second = np.arange(len(failed))[:, None] * per * curves.step
    well = (failed <= 0.05 * offered) & (second >= np.floor(ends + 1e-9))
    steady = np.add.accumulate(np.concatenate([np.zeros((1, batch.size)), well]), axis=0)
    lasts = np.zeros_like(well)
    lasts[: max(len(well) - 9, 0)] = steady[10:] - steady[:-10] == 10 if len(well) >= 10 else False
    when = np.maximum(second[lasts.argmax(axis=0), 0], ends)
    over = curves.step * (curves["failed"].shape[0] - 1)
    return {
        "trigger_starts": np.where(starts < over, starts, np.nan),
        "trigger_ends": np.where(ends <= over, ends, np.nan),
        "recovered": np.where(lasts.any(axis=0), when, np.nan),
    }


def _hit_ratio(c: Curves) -> FloatArray:
    return ratio(c.rate("quick"), c.rate("quick") + c.rate("missed"))


SIGNALS = {
    "offered_rate": Signal("requests/s", "requests of all readers", lambda c: c.rate("offered")),
    "goodput": Signal("requests/s", "requests answered, fresh or stale", lambda c: c.rate("good")),
    "error_ratio": Signal(
        "of ended requests",
        "timed out, rejected or shed",
        lambda c: ratio(c.rate("failed"), c.rate("failed") + c.rate("good")),
    ),
    "error_rate": Signal("requests/s", "requests timed out, rejected or shed", lambda c: c.rate("failed")),
    "hit_ratio": Signal("of admitted requests", "answered from the cache at once", _hit_ratio),
    "miss_rate": Signal("requests/s", "requests the cache could not answer", lambda c: c.rate("missed")),
    "recomputes_hottest": Signal(
        "recomputes", "recomputes of the hottest key queued or running", lambda c: c.level("in_flight")
    ),
    "recompute_rate_hottest": Signal(
        "recomputes/s", "recomputes of the hottest key asked for", lambda c: c.rate("hot")
    ),
    "origin_load": Signal("recomputes/s", "recomputes asked of the origin", lambda c: c.rate("wanted")),
    "origin_throughput": Signal(
        "recomputes/s", "recomputes the origin finishes, wanted or not", lambda c: c.rate("worked")
    ),
    "origin_queue": Signal("recomputes", "recomputes waiting for a worker", lambda c: c.level("queue")),
    "origin_wait": Signal("s", "wait of the recompute that starts now", lambda c: c.level("wait")),
    "utilisation": Signal("of workers", "workers busy", lambda c: c.level("busy")),
    "latency_p50": Signal("s", "median of all answers, over 5 s", lambda c: _latency(c, 0.5), full=True),
    "latency_p99": Signal("s", "99th percentile of all answers, over 5 s", lambda c: _latency(c, 0.99), full=True),
    "miss_latency_p50": Signal("s", "median of misses, over 5 s", lambda c: _latency(c, 0.5, hits=False), full=True),
    "miss_latency_p99": Signal(
        "s", "99th percentile of misses, over 5 s", lambda c: _latency(c, 0.99, hits=False), full=True
    ),
    "stale_share": Signal(
        "of answers", "answers from an expired entry", lambda c: ratio(c.rate("stale"), c.rate("good"))
    ),
    "stale_age": Signal(
        "s", "mean time past expiry of stale answers", lambda c: ratio(c.rate("overdue"), c.rate("stale"))
    ),
    "answer_age": Signal("s", "mean age of answers from the cache", lambda c: ratio(c.rate("age"), c.rate("kept"))),
    "shed_rate": Signal("requests/s", "requests not admitted", lambda c: c.rate("shed")),
}

MODEL = Model("cache_stampede", _curves, SIGNALS, _events)
