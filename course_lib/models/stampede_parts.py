"""The parts of a cache stampede: what a day brings, the keys, their readers, the origin.

Each part declares its arrays, one line of meaning each, and owns its step; `cache_stampede` says in which order they
move. Arrays of keys are flat: key k of member m is at ``k * size + m``. Arrays with a row per tick have the members on
the last axis. Histories are cumulative: the value at the end of tick ``now`` is in row ``past + now + 1``, and rows up
to ``past`` are the silence before tick 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.models import noise
from course_lib.models.exact import Lag, share_above
from course_lib.models.simulation import Batch
from course_lib.models.trace import FloatArray

NONE, HOT_KEY, FLUSH, BROWNOUT = range(4)
DRAWS = 256  # draws per key; a run with more cycles uses them again from the first
AHEAD = 4  # ticks the origin looks ahead at once for the head of its queue
Ints = NDArray[np.int64]


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


class Day:
    """What the parameters, the triggers and chance bring: one row a tick, or one value a member.

    A lone member runs beside a copy of itself, because numpy adds up a single column in another order than many.
    """

    def __init__(self, batch: Batch, ticks: int) -> None:
        self.batch, self.ticks, self.dt = batch, ticks, batch.dt
        self.keys, self.size = int(batch.highest("keys")), max(batch.size, 2)
        self.members = np.arange(self.size)
        self.share = self.wide(popularity(self.keys, batch.zipf_exponent)).ravel()  # of all requests, one a key
        # One value a member.
        self.timeout, self.recompute = self.wide(batch.client_timeout), self.wide(batch.recompute_time)
        self.limit = self.wide(batch.queue_limit)  # recomputes that may wait
        self.jitter, self.lock_expiry = self.wide(batch.ttl_jitter), self.wide(batch.lock_expiry)
        self.crash_probability = self.wide(batch.crash_probability)
        self.patient = self.wide(batch.fill == 1)  # read-through: a late recompute fills, too
        self.hold = np.minimum(self.timeout, self.lock_expiry)  # a holder lets go when it gives up or its lock lapses
        self.hopeless = ~self.patient & (self.recompute > self.timeout)  # no recompute is ever in time
        time = np.arange(ticks) * self.dt
        self._read_schedules(time)
        self._pull_triggers(time[:, None] - batch.trigger_start + 5e-7)
        self._draw_noise()

    def _read_schedules(self, time: FloatArray) -> None:
        at = lambda name: self.rows(self.batch.at(name, time))  # noqa: E731
        self.ttl, self.capacity, self.background_rate = at("ttl"), at("origin_capacity"), at("background_rate")
        self.swr, self.sie = at("stale_while_revalidate"), at("stale_if_error")
        self.lead = self.rows(np.maximum(self.batch.at("beta", time) * self.batch.recompute_time, 1e-9))  # βδ, s
        scope = self.batch.at("coalescing", time)
        self.slots = self.rows(np.where(scope == 0, np.inf, np.where(scope == 1, self.batch.processes, 1.0)))
        self.alone = self.slots == np.inf  # nobody shares a recompute
        self.finite_slots = np.where(self.alone, 1.0, self.slots)
        self.coalesces, self.refreshes = not self.alone.all(), self.batch.highest("beta") > 0
        self.serves_stale = bool(self.swr.any() or self.sie.any())
        self.refreshes_stale = self.swr.any(axis=1).tolist()

    def _pull_triggers(self, since: FloatArray) -> None:
        batch, trigger = self.batch, self.batch.trigger
        time = np.arange(self.ticks) * self.dt
        within, at_once = (since >= 0) & (since < batch.trigger_duration), (since >= 0) & (since < self.dt)
        ramp = np.where(
            (trigger == FLUSH) & (batch.warmup_ramp > 0) & (since >= 0),
            (since + self.dt / 2) / np.maximum(batch.warmup_ramp, 1e-9),  # at the middle of the tick
            1.0,
        )
        peak = np.where((trigger == HOT_KEY) & within, batch.surge_factor, 1.0)
        slow = np.where((trigger == BROWNOUT) & within, batch.brownout_capacity, 1.0)
        flushed = np.where((trigger == FLUSH) & at_once, batch.flush_share, 0.0)
        self.admitted = self.rows(batch.at("admission", time) * np.minimum(np.maximum(ramp, 0.02), 1.0))
        self.demand = self.rows(batch.at("arrival_rate", time) * peak)
        self.rate = np.maximum(self.demand * self.admitted, 1e-9)  # requests/s let in
        self.workers = self.rows(self.capacity * slow * batch.recompute_time)
        self.lost = self.rows(np.maximum(batch.at("cache_lost", time), flushed))  # share of the keys not kept
        self.hot_expires = self.rows((trigger == HOT_KEY) & at_once)
        self.changed = np.zeros((self.ticks, self.size), dtype=bool)  # rate or lead differ from the tick before
        self.changed[1:] = (np.diff(self.rate, axis=0) != 0) | (np.diff(self.lead, axis=0) != 0)
        happens = (self.changed, self.lost > 0, self.hot_expires)
        self.changes, self.loses, self.hot_expires_now = (what.any(axis=1).tolist() for what in happens)

    def _draw_noise(self) -> None:
        """Draws by key and cycle, or by tick; members with the same seed share them."""
        batch, count = self.batch, self.keys * DRAWS
        seeds, column = np.unique(batch.seeds, return_inverse=True)
        self.column = self.wide(column)
        self.first_draws = noise.exponential(seeds, "first requests", count)
        self.jitter_draws = noise.uniform(seeds, "ttl jitter", count) if batch.highest("ttl_jitter") else None
        self.crash_draws = noise.uniform(seeds, "holder crashes", count) if batch.highest("crash_probability") else None
        self.phase, self.node = (  # where in its life a key begins, and on which node it lies
            noise.uniform(seeds, s, self.keys)[:, self.column].ravel() for s in ("phases", "cache nodes")
        )
        self.spread = (2.0 * noise.uniform(seeds, "repeats", self.ticks) - 1.0)[:, self.column]
        arrivals, others = (noise.normal(seeds, s, self.ticks)[:, self.column] for s in ("arrivals", "background"))
        self.offered = noise.poisson(arrivals, self.demand * self.dt)  # requests, let in or not
        self.background = noise.poisson(others, self.background_rate * self.dt)  # recomputes beside these keys

    def wide(self, values: NDArray[Any]) -> NDArray[Any]:
        """One value a member, however many were given."""
        return np.broadcast_to(values, (*values.shape[:-1], self.size))

    def rows(self, values: NDArray[Any]) -> NDArray[Any]:
        """One row a tick and one value a member."""
        return np.broadcast_to(values, (self.ticks, self.size))

    def each_key(self, by_member: NDArray[Any]) -> NDArray[Any]:
        """The value of its member for every key."""
        return np.tile(by_member, self.keys)

    def count(self, member: Ints, weights: NDArray[Any] | None = None) -> NDArray[Any]:
        """How many of some keys, or of their weights, each member has."""
        return np.bincount(member, weights, minlength=self.size)

    def history(self, past: int) -> FloatArray:
        """An empty cumulative history."""
        return np.zeros((past + self.ticks + 1, self.size))

    def flow(self) -> FloatArray:
        """An empty count per tick."""
        return np.zeros((self.ticks, self.size))


class Keys:
    """When each key expires, who asks for it first, and when it is filled again."""

    def __init__(self, day: Day) -> None:
        self.day = day
        count = day.keys * day.size
        never = np.full(count, np.inf)
        self.cycle = np.zeros(count, dtype=np.int64)  # fills so far, and retries: which draw is next
        ttl, rate, lead = (day.each_key(values[0]) for values in (day.ttl, day.rate, day.lead))
        idle = 1.0 / (rate * day.share)
        life = ttl * (1.0 - day.each_key(day.jitter) * day.phase)
        # Warm entries in the middle of their lives: phases uniform over a mean cycle.
        self.expiry = np.maximum(day.phase * (life + idle) - idle, 0.0)  # time from which the entry is not fresh
        self.made_at = self.expiry - life  # time of its fill
        self.since = np.zeros(count)  # time from which the draw for the first request counts
        self.need = self.draw(np.arange(count))  # requests' worth of exposure until the first comes
        self.first = reached(self.need * idle, self.since, self.expiry, lead)  # time of the first request to come
        self.opened = never.copy()  # time of the first request that found the key expired, or refreshes it
        self.waits_from = never.copy()  # time from which readers wait: no fresh and no stale answer
        self.again_from = never.copy()  # time from which second tries come, the holder having given up
        self.lapses = never.copy()  # time at which the claim on a refresh lapses
        self.place = never.copy()  # useful requests after which the key is filled
        self.filled_at = never.copy()  # time at which its recompute lands

    # -- chance ------------------------------------------------------------------------------------------------------

    def draw(self, some: Ints) -> FloatArray:
        """The next exponential of each key: numbered by key and cycle, never by time."""
        self.cycle[some] += 1
        return self.uniform(self.day.first_draws, some)

    def uniform(self, table: FloatArray, some: Ints) -> FloatArray:
        """The present draw of each key from a table of draws."""
        key, member = np.divmod(some, self.day.size)
        return table[self.cycle[some] % DRAWS * self.day.keys + key, self.day.column[member]]

    # -- what happens to entries -------------------------------------------------------------------------------------

    def disturb(self, now: int) -> None:
        """Drop lost and expired entries, and look again at who asks first where the request rate or beta changed."""
        day = self.day
        if day.changes[now]:
            self._change_rate(now)
        if day.loses[now]:
            self._lose(now)
        if day.hot_expires_now[now]:
            hot = np.flatnonzero(day.hot_expires[now] & (self.expiry[: day.size] > now * day.dt))
            self.expiry[hot] = now * day.dt
            self._ask_again(hot[np.isfinite(self.first[hot])], now)

    def _change_rate(self, now: int) -> None:
        """What has passed counts at the old rate, what is left at the new one."""
        day, t = self.day, now * self.day.dt
        some = self._waiting_for(day.each_key(day.changed[now]))
        member, since = some % day.size, self.since[some]
        passed = exposure(since, np.maximum(t, since), self.expiry[some], day.lead[now - 1, member])
        self.need[some] -= passed * day.rate[now - 1, member] * day.share[some]
        self._ask_again(some, now)

    def _lose(self, now: int) -> None:
        """Entries on a node that is down are gone, and nothing stale of them is left either."""
        day, t = self.day, now * self.day.dt
        gone = (day.each_key(day.lost[now]) > day.node) & (self.expiry > -np.inf)
        self.expiry[gone] = -np.inf
        asked = gone & (self.opened < np.inf)
        self.waits_from[asked] = np.minimum(self.waits_from[asked], np.maximum(self.opened[asked], t))
        self._ask_again(self._waiting_for(gone), now)

    def _waiting_for(self, which: NDArray[np.bool_]) -> Ints:
        """Keys among these that wait for a first request, not for a dead holder's lock."""
        return np.flatnonzero(which & np.isfinite(self.first) & np.isfinite(self.since))

    def _ask_again(self, some: Ints, now: int) -> None:
        """The first request from here on: what is left of its draw, at the rate of now."""
        day, member, t = self.day, some % self.day.size, now * self.day.dt
        self.need[some] = np.maximum(self.need[some], 1e-12)
        self.since[some] = t
        wait = self.need[some] / (day.rate[now, member] * day.share[some])
        self.first[some] = reached(wait, t, self.expiry[some], day.lead[now, member])

    # -- who asks first ----------------------------------------------------------------------------------------------

    def open(self, now: int, origin: Origin) -> Ints:
        """Open the keys whose first request (or next try after a crash) comes in this tick; return them."""
        day, t0 = self.day, now * self.day.dt
        due = (self.first < t0 + day.dt).nonzero()[0]
        if not due.size:
            return due
        member = due % day.size
        at = self.first[due]
        self.first[due] = np.inf
        self.opened[due] = opened = np.minimum(self.opened[due], at)
        self.waits_from[due] = waits_from = np.maximum(opened, self.expiry[due] + day.swr[now, member])
        place = origin.ahead(now)[member] + day.rate[now, member] * (at - t0)
        crowded = (origin.drowned | origin.full)[member]
        if np.count_nonzero(crowded):
            place[crowded] += self.draw(due[crowded]) / day.share[due[crowded]]
        self.place[due], self.lapses[due] = place, at + day.hold[member]
        self.again_from[due] = np.maximum(at, waits_from) + day.hold[member]
        self.asked_at = at
        if day.crash_draws is not None:
            self._crash(now, due, at)
        return due

    def _crash(self, now: int, due: Ints, at: FloatArray) -> None:
        """A dead holder's key stays shut until the lock lapses; then the next reader tries."""
        day, member = self.day, due % self.day.size
        crashed = (day.slots[now, member] == 1) & (self.uniform(day.crash_draws, due) < day.crash_probability[member])
        dead, member = due[crashed], member[crashed]
        pause = self.draw(dead) / (day.rate[now, member] * day.share[dead])
        self.first[dead] = at[crashed] + day.lock_expiry[member] + pause
        self.since[dead] = self.place[dead] = self.again_from[dead] = self.lapses[dead] = np.inf

    # -- who is filled -----------------------------------------------------------------------------------------------

    def begin_fills(self, now: int, origin: Origin) -> None:
        """Keys whose useful request is started in this tick are filled one recompute time later."""
        day = self.day
        found = (self.place.reshape(day.keys, day.size) <= origin.useful).ravel().nonzero()[0]
        if found.size:
            began = origin.began(now, found % day.size, self.place[found])
            self.filled_at[found] = began * day.dt + day.recompute[found % day.size]
            self.place[found] = np.inf

    def landed(self, now: int) -> Ints:
        """Keys whose recompute lands by the end of this tick."""
        return (self.filled_at <= (now + 1) * self.day.dt).nonzero()[0]

    def fill(self, now: int, landed: Ints) -> None:
        """A new expiry, and a new draw of who asks first."""
        day, member, at = self.day, landed % self.day.size, self.filled_at[landed]
        ttl = day.ttl[now, member]
        if day.jitter_draws is not None:
            ttl = ttl * (1.0 - day.jitter[member] * self.uniform(day.jitter_draws, landed))
        expiry = at + ttl
        if day.loses[now]:  # no node to keep it
            expiry = np.where(day.lost[now, member] > day.node[landed], -np.inf, expiry)
        self.expiry[landed] = expiry
        self.since[landed] = self.made_at[landed] = at
        self.need[landed] = need = self.draw(landed)
        idle = need / (day.rate[now, member] * day.share[landed])
        self.first[landed] = reached(idle, at, expiry, day.lead[now, member])
        for times in (self.opened, self.waits_from, self.again_from, self.lapses, self.filled_at):
            times[landed] = np.inf


class Readers:
    """What the readers of keys on their way ask of the origin, and what they get meanwhile; all counts per tick."""

    def __init__(self, day: Day, keys: Keys) -> None:
        self.day, self.keys = day, keys
        self.direct = day.flow()  # first readers of a key, who wait for their own recompute
        self.waiting = day.flow()  # readers who came while their key was neither fresh nor stale
        self.early = day.flow()  # readers who refresh early beside the first
        self.stale = day.flow()  # readers answered from an expired entry at once
        self.overdue = day.flow()  # seconds past expiry of those answers
        self.spare = day.flow()  # waiting readers who may have a stale entry if the recompute fails
        self.spare_overdue = day.flow()  # seconds past expiry of those entries
        self.made = day.flow()  # sum of the fill times of entries served
        self.answered = day.flow()  # readers answered by a recompute they share
        self.waited = day.flow()  # seconds they had waited, at most
        self.gave_up = day.flow()  # readers behind a shared recompute who left
        self.repeats = day.flow()  # recomputes asked for beyond the first
        self.hot = day.flow()  # recomputes of the hottest key asked for
        self.served_share = day.share * day.dt
        self.begin, self.end, self.wait = (np.empty(day.share.size) for _ in range(3))  # scratch, one a key

    def come_first(self, now: int, due: Ints) -> NDArray[Any]:
        """Count the first requests of the keys that open; return how many recomputes they ask for."""
        day, keys = self.day, self.keys
        if not due.size:
            return self.direct[now]
        self.hot[now] = day.count(due[due < day.size])
        self.direct[now] = firsts = day.count(due % day.size)
        if day.serves_stale:
            self._answer_stale(now, due, keys.asked_at, keys.waits_from[due])
        return firsts

    def _answer_stale(self, now: int, due: Ints, at: FloatArray, waits_from: FloatArray) -> None:
        """First requests that get the expired entry at once, and do not wait themselves."""
        day, member = self.day, due % self.day.size
        direct = (day.swr[now, member] == 0) | (waits_from <= at)
        past = np.where(direct, 0.0, np.maximum(at - self.keys.expiry[due], 0.0))
        self.direct[now] = day.count(member, direct)
        self.stale[now] = day.count(member, past > 0)
        self.overdue[now] = day.count(member, past)

    def repeat(self, now: int, accepted: FloatArray) -> FloatArray:
        """Recomputes asked for beyond the first of keys on their way, and what readers get meanwhile."""
        day, keys, rate, seconds = self.day, self.keys, self.day.rate[now], self.wait
        t0, t1 = now * day.dt, (now + 1) * day.dt
        np.maximum(keys.waits_from, t0, out=self.begin)
        np.minimum(keys.filled_at, t1, out=self.end)
        np.subtract(self.end, self.begin, out=seconds)
        np.maximum(seconds, 0.0, out=seconds)
        seconds *= day.share
        total = self.waiting[now] = rate * self._total(seconds)
        hot = rate * seconds[: day.size]
        if day.coalesces:
            total, hot = self._coalesced(now, total, hot, accepted)
        if day.serves_stale:
            self._serve_stale(now)
        if day.refreshes:
            total, hot = self._refresh_early(now, total, hot)
        np.subtract(self.served_share, seconds, out=seconds)
        seconds *= keys.made_at
        self.made[now] = rate * self._total(seconds)
        repeats = self.repeats[now] = total + np.minimum(np.sqrt(3.0 * total), total) * day.spread[now]
        self.hot[now] += hot * (repeats / np.maximum(total, 1e-300))
        return repeats

    def _total(self, by_key: FloatArray) -> FloatArray:
        return np.add.reduce(by_key.reshape(self.day.keys, self.day.size), axis=0)

    def _coalesced(
        self, now: int, total: FloatArray, hot: FloatArray, accepted: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Each process asks once, and again when it gave up: a wave of P(1 - exp(-λu/P)), then a steady trickle."""
        day, keys, t0, shape = self.day, self.keys, now * self.day.dt, (self.day.keys, self.day.size)
        alone, slots, end = day.alone[now], day.finite_slots[now], self.end.reshape(shape)
        waits_from, share = keys.waits_from.reshape(shape), day.share.reshape(shape)
        each = day.rate[now] * share / slots
        taken = each * accepted  # a rejected process may ask again at once
        young, old = (np.minimum(np.maximum(t - waits_from, 0.0), day.hold) for t in (t0, end))
        wave = (slots - 1.0) / accepted * (np.exp(-taken * young) - np.exp(-taken * old))
        again = np.maximum(end - np.maximum(keys.again_from, t0).reshape(shape), 0.0)
        asked = wave + again * slots * each / (1.0 + taken * day.hold)
        late = np.maximum(end - np.maximum(waits_from + day.timeout, t0), 0.0)
        self.gave_up[now] = np.where(alone, 0.0, day.rate[now] * self._total(late * share))
        return np.where(alone, total, self._total(asked)), np.where(alone, hot, asked[0])

    def _refresh_early(self, now: int, total: FloatArray, hot: FloatArray) -> tuple[FloatArray, FloatArray]:
        """XFetch: others who refresh, each with its own chance, while the first refresh is on its way."""
        day, keys, t0, t1 = self.day, self.keys, now * self.day.dt, (now + 1) * self.day.dt
        early = np.flatnonzero((keys.opened < t1) & (keys.expiry > t0))
        member, expiry = early % day.size, keys.expiry[early]
        start = np.maximum(keys.opened[early], t0)
        end = np.maximum(np.minimum(self.end[early], expiry), start)
        extra = exposure(start, end, expiry, day.lead[now, member]) * day.rate[now, member] * day.share[early]
        extra = np.where((day.slots[now, member] == 1) | (day.swr[now, member] > 0), 0.0, extra)
        self.early[now] = day.count(member, extra)
        return total + self.early[now], hot + day.count(member, np.where(early < day.size, extra, 0.0))

    def refresh_again(self, now: int) -> FloatArray:
        """A refresh behind stale answers that is not back when its claim lapses is asked for again, by the next reader.

        Nobody waits for it: it is work for the origin and no reader's request.
        """
        day, keys, shape = self.day, self.keys, (self.day.keys, self.day.size)
        each = day.rate[now] * day.share.reshape(shape)
        idle = np.minimum(keys.waits_from, self.end) - np.maximum(keys.lapses, now * day.dt)
        idle = np.maximum(idle, 0.0).reshape(shape) * (day.swr[now] > 0)
        again = idle * each / (1.0 + each * day.hold)
        self.hot[now] += again[0]
        return np.add.reduce(again, axis=0)

    def _serve_stale(self, now: int) -> None:
        """Readers answered from an expired entry while it is refreshed, and those who may be if the refresh fails."""
        day, keys, rate, t0 = self.day, self.keys, self.day.rate[now], now * self.day.dt
        start = np.maximum(np.maximum(keys.opened, keys.expiry), t0)
        shown, past = self._share_between(start, np.minimum(keys.waits_from, self.end))
        self.stale[now] += rate * self._total(shown)
        self.overdue[now] += rate * self._total(past)
        spare, past = self._share_between(self.begin, np.minimum(self.end, keys.expiry + day.each_key(day.sie[now])))
        self.spare[now], self.spare_overdue[now] = rate * self._total(spare), rate * self._total(past)

    def _share_between(self, start: FloatArray, stop: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Popularity x seconds between two times, and the same weighted by the time past expiry."""
        seconds = np.maximum(stop - start, 0.0)
        shown = seconds * self.day.share
        return shown, shown * np.where(shown > 0, stop - seconds / 2 - np.maximum(self.keys.expiry, -1e9), 0.0)

    def share_answers(self, now: int, landed: Ints) -> None:
        """A shared recompute answers the readers who still wait for it, and the one who asked."""
        day, keys, member = self.day, self.keys, landed % self.day.size
        at, waits_from, opened = (times[landed] for times in (keys.filled_at, keys.waits_from, keys.opened))
        shared, timeout = day.slots[now, member] < np.inf, day.timeout[member]
        waited = np.minimum(np.maximum(at - waits_from, 0.0), timeout)
        crowd = np.where(shared, day.rate[now, member] * day.share[landed] * waited, 0.0)
        asker = shared & ((day.swr[now, member] == 0) | (waits_from <= opened))
        in_time = at - opened <= timeout
        self.answered[now] = day.count(member, crowd + (asker & in_time))
        self.gave_up[now] += day.count(member, asker & ~in_time)
        self.waited[now] = day.count(member, crowd * waited)


class Origin:
    """Workers and one FIFO queue, the same for all keys; what is at its head tells which readers are still there."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.lag = Lag(self.day.recompute, day.dt)
        self.past = int(self.lag.whole.max()) + 2
        rows = self.past + day.ticks + 1
        self.asked = np.full((rows + AHEAD, day.size), np.inf)  # recomputes accepted so far; the future is endless
        self.asked[: self.past + 1] = 0.0
        self.started = day.history(self.past)  # recomputes started so far
        self.seen = day.history(self.past)  # requests of all readers so far, less those turned away
        self.headed = day.history(self.past)  # what `seen` was when the head of the queue came
        self.head = np.repeat(np.arange(float(rows))[:, None] - self.past, day.size, axis=1)  # tick in which it came
        self.wanted = day.flow()  # recomputes asked for in each tick, accepted or not
        self.accepted = np.ones((day.ticks, day.size))  # share of them that found room
        self.lately = np.ones(day.size)  # the same over a holder's patience: what those behind a lock go by
        self.able = np.zeros(day.size)  # recomputes that the workers could have started by the end of the tick
        self.useful = self.useful_before = np.zeros(day.size)  # requests accepted and started in time: the fills' clock
        self.full = self.queues = self.queued = np.zeros(day.size, dtype=bool)
        self.drowned = day.hopeless  # what is at the head comes too late
        self.late_if_idle = day.recompute - day.timeout
        self.late = self.late_if_idle  # seconds by which the head of the queue comes too late
        self.in_time_if_idle = np.where(day.hopeless, 0.0, 1.0)
        self.pointer = np.zeros(day.size, dtype=np.int64)  # row in which the head of the queue came
        self.fading = np.minimum(day.dt / day.hold, 1.0)
        self.seen_per_tick = day.rate * day.dt

    def history_of(self, flow: FloatArray) -> FloatArray:
        """The cumulative history of a count per tick."""
        history = np.zeros((self.past + 1 + len(flow), flow.shape[1]))
        np.add.accumulate(flow, axis=0, out=history[self.past + 1 :])
        return history

    def ahead(self, now: int) -> FloatArray:
        """Useful requests at which one that comes now is served: those before it in the queue, unless it drowned."""
        row = self.past + now
        return self.useful + np.where(self.drowned, 0.0, self.seen[row] - self.headed[row])

    def work(self, now: int, wanted: FloatArray) -> None:
        """Accept what the queue can hold, start what the workers can take; workers are busy for one recompute time."""
        day, row = self.day, self.past + now + 1
        asked, started = self.asked[row - 1], self.started[row - 1]
        self.wanted[now] = wanted
        self.able = able = np.maximum(started, day.workers[now] + self.lag.back(self.started, row, day.members))
        top, all_asked, seen = able + day.limit, asked + wanted, self.seen_per_tick[now]
        self.full = all_asked > top
        if np.count_nonzero(self.full):
            room = np.maximum(top - asked, 0.0)
            accepted = self.accepted[now] = np.where(self.full, room / np.maximum(wanted, 1e-300), 1.0)
            all_asked, seen = np.minimum(all_asked, np.maximum(asked, top)), seen * accepted
        np.add(self.seen[row - 1], seen, out=self.seen[row])
        self.asked[row] = all_asked
        np.minimum(all_asked, able, out=self.started[row])
        if day.coalesces:
            self.lately = self.lately + (np.maximum(self.accepted[now], 1e-6) - self.lately) * self.fading

    def find_head(self, now: int) -> None:
        """Who is at the head of the queue, and whether still there: this moves the clock of useful requests."""
        day, row = self.day, self.past + now + 1
        queues = self.asked[row] > self.started[row]
        self.queued, self.queues = queues | self.queues, queues
        in_time = self.in_time_if_idle
        if np.count_nonzero(self.queued):
            self.head[row] = self._place_of(self.started[row], row)
            self.headed[row] = self.at_head(self.seen, row)
            before, self.late = self.late, (now + 1 - self.head[row]) * day.dt + day.recompute - day.timeout
            in_time = np.where(self.queued & ~day.patient, 1.0 - share_above(before, self.late), in_time)
            self.drowned = ~day.patient & (self.late > 0)
        else:
            self.headed[row] = self.seen[row]
            self.late, self.drowned = self.late_if_idle, day.hopeless
        self.useful_before = self.useful
        self.useful = self.useful + (self.headed[row] - self.headed[row - 1]) * in_time

    def _place_of(self, level: FloatArray, row: int) -> FloatArray:
        """Tick (with its fraction) in which the requests now being started had come."""
        size, asked = self.day.size, self.asked.reshape(-1)
        at = np.where(self.queues, self.pointer, row) * size + self.day.members
        following = np.arange(1, AHEAD + 1)[:, None] * size
        while True:
            passed = np.add.reduce(asked[at + following] <= level, axis=0)
            at += passed * size
            if passed.max() < AHEAD:
                break
        here, after = asked[at], asked[at + size]
        self.pointer = at // size
        return (self.pointer - self.past) + (level - here) / np.maximum(after - here, 1e-300)

    def at_head(self, history: FloatArray, rows: int | slice = slice(None)) -> FloatArray:
        """Value that a cumulative history had when the requests at the head of the queue came."""
        low = np.floor(self.head[rows]).astype(np.int64)
        part = self.head[rows] - low
        low = low + self.past
        above = np.minimum(low + 1, len(history) - 1)
        return history[low, self.day.members] * (1.0 - part) + history[above, self.day.members] * part

    def began(self, now: int, member: Ints, place: FloatArray) -> FloatArray:
        """Tick (with its fraction) in which useful requests of this tick were started."""
        before = self.useful_before[member]
        part = (place - before) / np.maximum((self.useful - self.useful_before)[member], 1e-300)
        part = np.minimum(np.maximum(part, 0.0), 1.0)
        if not np.count_nonzero(self.queued):
            return now + part
        return np.where(self.queued[member], self._began_queued(self.past + now + 1, member, part), now + part)

    def _began_queued(self, row: int, member: Ints, part: FloatArray) -> FloatArray:
        """A queued request is started when it had come and a worker was free."""
        came, rank = (
            h[row - 1, member] + part * (h[row, member] - h[row - 1, member]) for h in (self.head, self.started)
        )
        idle = self.day.workers[row - self.past - 1] + self.lag.back(self.started, row - 1, self.day.members)
        served = (rank - idle[member]) / np.maximum(self.able[member] - idle[member], 1e-300)
        return np.maximum(came, row - 1 - self.past + np.minimum(np.maximum(served, 0.0), 1.0))

    def waits(self) -> FloatArray:
        """How long the requests now being started have waited, one row a tick."""
        return (np.arange(len(self.head))[:, None] - self.past - self.head) * self.day.dt
