"""The parts of a cache stampede: the keys, their readers, and the origin.

Each part declares its arrays, one line of meaning each, and owns its step; `cache_stampede` says in which order they
move. Arrays of keys are flat: key k of member m is at ``k * size + m``. Arrays with a row per tick have the members on
the last axis. Histories are cumulative: the value at the end of tick ``now`` is in row ``past + now + 1``, and rows up
to ``past`` are the silence before tick 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.models.exact import TINY, Lag, share_above
from course_lib.models.stampede_day import DRAWS, Day, Ints
from course_lib.models.trace import FloatArray

AHEAD = 4  # ticks the origin looks ahead at once for the head of its queue


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
        self.retries = False  # whether any key ever had a try after a failed one
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
        self.asked_at = never.copy()  # time of the request, the first or a retry, that may fill it
        self.own = never.copy()  # recomputes asked of the origin before that request's own
        self.place = never.copy()  # useful requests after which a later reader fills it, the request having failed
        self.retry = never.copy()  # time of the next try behind a lock, the request having failed
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
            self._wait_from(hot[self.opened[hot] < np.inf], now * day.dt + day.swr[now])
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
        self._wait_from(np.flatnonzero(gone & (self.opened < np.inf)), np.full(day.size, t))
        self._ask_again(self._waiting_for(gone), now)

    def _wait_from(self, some: Ints, earliest: FloatArray) -> None:
        """Readers of keys on their way wait from this time on, if they did not yet."""
        start = np.maximum(self.opened[some], earliest[some % self.day.size])
        self.waits_from[some] = np.minimum(self.waits_from[some], start)

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

    def open(self, now: int) -> Ints:
        """Open the keys whose first request (or next try after a crash) comes in this tick; return them."""
        day, t1 = self.day, (now + 1) * self.day.dt
        due = (self.first < t1).nonzero()[0]
        if not due.size:
            self.fresh = self.tries = due
            return due
        member, at = due % day.size, self.first[due]
        self.first[due] = np.inf
        self.fresh = due[self.opened[due] == np.inf]
        self.opened[due] = opened = np.minimum(self.opened[due], at)
        self.waits_from[due] = waits_from = np.maximum(opened, self.expiry[due] + day.swr[now, member])
        self.asked_at[due], self.lapses[due] = at, at + day.hold[member]
        self.again_from[due] = np.maximum(at, waits_from) + day.hold[member]
        self.tries = due if day.crash_draws is None else self._crash(now, due, at)
        return due

    def _crash(self, now: int, due: Ints, at: FloatArray) -> Ints:
        """A dead holder's key stays shut until the lock lapses; then the next reader tries. Return the others."""
        day, member = self.day, due % self.day.size
        crashed = (day.slots[now, member] == 1) & (self.uniform(day.crash_draws, due) < day.crash_probability[member])
        dead, member = due[crashed], member[crashed]
        pause = self.draw(dead) / (day.rate[now, member] * day.share[dead])
        self.first[dead] = at[crashed] + day.lock_expiry[member] + pause
        for times in (self.since, self.own, self.place, self.again_from, self.lapses):
            times[dead] = np.inf
        return due[~crashed]

    def queue(self, now: int, firsts: NDArray[Any], origin: Origin) -> None:
        """Give each request that may fill its key its number in the origin's queue; one that is turned away has none.

        Behind a lock the tick's own first requests are numbered in their order; without one the tick's requests come
        evenly, the first ones among them.
        """
        day, t0 = self.day, now * self.day.dt
        tried = (self.retry < t0 + day.dt).nonzero()[0] if self.retries else self.tries[:0]
        if not self.tries.size + tried.size:
            return
        self.asked_at[tried], self.retry[tried] = self.retry[tried], np.inf
        due = np.concatenate([self.tries, tried])
        member, at = due % day.size, self.asked_at[due]
        passed = np.minimum(np.maximum((at - t0) / day.dt, 0.0), 1.0)
        before = origin.wanted[now, member] * passed
        if day.coalesces:
            rank = np.where(np.arange(due.size) < self.tries.size, _ranks(member, at), 0)
            others = np.maximum(origin.wanted[now] - firsts, 0.0)[member] * passed
            before = np.where(day.alone[now, member], before, rank + others)
        accepted = origin.accepted[now, member]
        own = origin.asked[origin.past + now, member] + before * accepted
        past = at < t0  # asked for by an earlier reader, who is in the queue already
        own[past] = origin.number_at(at[past], member[past])
        self.own[due] = own
        self.place[due] = np.inf
        if np.count_nonzero(origin.full):
            self._turn_away(now, due, accepted, passed, origin)

    def _turn_away(self, now: int, due: Ints, accepted: FloatArray, passed: FloatArray, origin: Origin) -> None:
        """A request that finds the queue full fills nothing, and the next that is accepted will."""
        full = (accepted < 1.0).nonzero()[0]
        away = full[np.exp(-self.draw(due[full])) > accepted[full]]
        some, member = due[away], due[away] % self.day.size
        self.own[some] = np.inf
        seen = origin.ahead(now)[member] + self.day.mean_let_in[now, member] * accepted[away] * passed[away]
        self.place[some] = seen + self.draw(some) / self.day.share[some]

    # -- who is filled -----------------------------------------------------------------------------------------------

    def begin_fills(self, now: int, origin: Origin) -> None:
        """Keys whose request is started in this tick, and in time, are filled one recompute time later."""
        day, shape = self.day, (self.day.keys, self.day.size)
        mine = (self.own.reshape(shape) < origin.started[origin.past + now + 1]).ravel().nonzero()[0]
        if mine.size:
            member, at = mine % day.size, self.asked_at[mine]
            began = np.maximum(at, origin.free(now, member, self.own[mine]) * day.dt)
            late = (began + day.recompute[member] - at > day.timeout[member] + 1e-9) & ~day.patient[member]
            self.filled_at[mine] = np.where(late, np.inf, began + day.recompute[member])
            self.own[mine] = np.inf
            if np.count_nonzero(late):
                self._try_again(now, mine[late], began[late], origin)
        found = (self.place.reshape(shape) <= origin.useful).ravel().nonzero()[0]
        if found.size:
            began = origin.began(now, found % day.size, self.place[found])
            self.filled_at[found] = began * day.dt + day.recompute[found % day.size]
            self.place[found] = np.inf

    def _try_again(self, now: int, some: Ints, began: FloatArray, origin: Origin) -> None:
        """The request is too late: the next useful one fills the key, behind a lock the holder's next try.

        While the entry is still fresh, that is the next reader who refreshes early.
        """
        day, member = self.day, some % self.day.size
        draw, slots, at = self.draw(some), day.slots[now, member], self.asked_at[some]
        idle = draw / (day.rate[now, member] * day.share[some])
        head = np.maximum(at, origin.head[origin.past + now + 1, member] * day.dt)  # who came before it was too late
        free = (slots == np.inf) & (day.swr[now, member] == 0)
        fresh = free & (self.expiry[some] > head)
        gone = np.minimum(np.maximum(began / day.dt - now, 0.0), 1.0) * (origin.useful - origin.useful_before)[member]
        next_useful = origin.useful_before[member] + gone + draw / day.share[some]
        self.place[some] = np.where(free & ~fresh, next_useful, np.inf)
        early = reached(idle, head, self.expiry[some], day.lead[now, member])
        behind_lock = self._next_try(at, head, draw, idle, slots, member)
        self.retry[some] = np.where(fresh, early, np.where(free, np.inf, behind_lock))
        self.retries = self.retries or bool(np.isfinite(self.retry[some]).any())

    def _next_try(
        self, at: FloatArray, head: FloatArray, draw: FloatArray, idle: FloatArray, slots: FloatArray, member: Ints
    ) -> FloatArray:
        """When the next reader takes the lock: one lock lapses hold by hold, those of many processes at any time."""
        hold = self.day.hold[member]
        one = at + hold * np.maximum(np.ceil((head - at) / hold), 1.0) + idle
        many = head + idle + draw * hold / np.minimum(slots, 1e5)
        return np.where((slots > 1) & (slots < np.inf), many, one)

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
        for times in (self.opened, self.waits_from, self.again_from, self.lapses, self.filled_at, *self._tries()):
            times[landed] = np.inf

    def _tries(self) -> tuple[FloatArray, ...]:
        return self.own, self.place, self.retry


def _ranks(member: Ints, at: FloatArray) -> Ints:
    """How many of the same member come before each."""
    order = np.lexsort((at, member))
    sorted_members = member[order]
    ranks = np.empty_like(order)
    ranks[order] = np.arange(order.size) - np.searchsorted(sorted_members, sorted_members)
    return ranks


class Readers:
    """What the readers of keys on their way ask of the origin, and what they get meanwhile; all counts per tick."""

    def __init__(self, day: Day, keys: Keys) -> None:
        self.day, self.keys = day, keys
        self.direct = day.flow()  # first readers of a key, who wait for their own recompute
        self.waits = day.flow()  # popularity x seconds in which a key was neither fresh nor stale
        self.hot_waits = day.flow()  # the same of the hottest key, in recomputes asked for per request/s
        self.early = day.flow()  # readers who refresh early beside the first
        self.stale = day.flow()  # readers answered from an expired entry at once
        self.overdue = day.flow()  # seconds past expiry of those answers
        self.spare = day.flow()  # waiting readers who may have a stale entry if the recompute fails
        self.spare_overdue = day.flow()  # seconds past expiry of those entries
        self.made = day.flow()  # popularity x seconds x fill time of entries served
        self.answered = day.flow()  # readers answered by a recompute they share
        self.waited = day.flow()  # seconds they had waited, at most
        self.gave_up = day.flow()  # readers behind a shared recompute who left
        self.meant = day.flow()  # recomputes asked for beyond the first, in the mean
        self.repeats = day.flow()  # the same with their noise
        self.hot = day.flow()  # recomputes of the hottest key asked for, by first requests and behind stale answers
        self.served_share = day.share * day.dt
        self.begin, self.end, self.wait = (np.empty(day.share.size) for _ in range(3))  # scratch, one a key

    def come_first(self, now: int, due: Ints) -> NDArray[Any]:
        """Count the first requests of the keys that open; return how many recomputes they ask for."""
        day, keys = self.day, self.keys
        if not due.size:
            return self.direct[now]
        self.hot[now] = day.count(due[due < day.size])
        firsts, fresh = day.count(due % day.size), keys.fresh
        self.direct[now] = day.count(fresh % day.size)
        if day.serves_stale:
            self._answer_stale(now, fresh, keys.opened[fresh], keys.waits_from[fresh])
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
        if keys.fresh.size:  # a key that was asked for again in the very tick of its fill waits from then on
            self.begin[keys.fresh] = keys.waits_from[keys.fresh]
        np.minimum(keys.filled_at, t1, out=self.end)
        np.subtract(self.end, self.begin, out=seconds)
        np.maximum(seconds, 0.0, out=seconds)
        seconds *= day.share
        self.waits[now] = waits = self._total(seconds)
        self.hot_waits[now] = seconds[: day.size]
        total = rate * waits
        if day.coalesces:
            total = self._coalesced(now, total, accepted)
        if day.serves_stale:
            self._serve_stale(now)
        if day.refreshes:
            total = self._refresh_early(now, total)
        self.meant[now] = total
        np.subtract(self.served_share, seconds, out=seconds)
        seconds *= keys.made_at
        np.add.reduce(seconds.reshape(day.keys, day.size), axis=0, out=self.made[now])
        self.repeats[now] = repeats = self._at_random(now, total)
        return repeats

    def _at_random(self, now: int, mean: FloatArray) -> FloatArray:
        """A count of this mean: without a lock a share of those let in, else as many as come of themselves."""
        day = self.day
        share = np.minimum(mean / day.mean_let_in[now], 1.0)
        part = day.let_in[now] * share
        left = part * (1.0 - share)
        thinned = part + np.minimum(np.sqrt(3.0 * left), left) * day.spread[now]
        if not day.coalesces:
            return thinned
        free = mean + np.minimum(np.sqrt(3.0 * mean), mean) * day.spread[now]
        return np.where(day.alone[now], thinned, free)

    def _total(self, by_key: FloatArray) -> FloatArray:
        return np.add.reduce(by_key.reshape(self.day.keys, self.day.size), axis=0)

    def _coalesced(self, now: int, total: FloatArray, accepted: FloatArray) -> FloatArray:
        """Each process asks once, and again when it gave up: a wave of P(1 - exp(-λu/P)), then a steady trickle."""
        day, keys, t0, shape = self.day, self.keys, now * self.day.dt, (self.day.keys, self.day.size)
        alone, slots, end = day.alone[now], day.finite_slots[now], self.end.reshape(shape)
        waits_from, share = keys.waits_from.reshape(shape), day.share.reshape(shape)
        each = day.rate[now] * share / slots
        taken = each * accepted  # a rejected process may ask again at once
        young, old = (np.minimum(np.maximum(t - waits_from, 0.0), day.hold) for t in (t0, end))
        wave = (slots / accepted - 1.0) * (np.exp(-taken * young) - np.exp(-taken * old))
        asked = wave + self._ask_again(now, end, taken, slots / accepted)
        late = np.maximum(end - np.maximum(waits_from + day.timeout, t0), 0.0)
        self.gave_up[now] = np.where(alone, 0.0, day.left[now] / day.dt * self._total(late * share))
        self.hot_waits[now] = np.where(alone, self.hot_waits[now], asked[0] / day.rate[now])
        return np.where(alone, total, self._total(asked))

    def _ask_again(self, now: int, end: FloatArray, taken: FloatArray, slots: FloatArray) -> FloatArray | float:
        """Tries of those whose holder gave up, at their mean rate, and those by which they begin in step.

        A try is followed by the hold and a wait for the next reader. Where the hold is most of that, all holders give
        up together, and a mean rate alone would be half a try a holder short.
        """
        day, again_from = self.day, self.keys.again_from.reshape(end.shape)
        if not np.count_nonzero(again_from < end):
            return 0.0
        held = taken * day.hold / (1.0 + taken * day.hold)  # share of the time that a holder holds
        old, young = (np.maximum(t - again_from, 0.0) for t in (end, now * day.dt))
        old, fading = np.maximum(old, young), 2.0 * taken + 2.0 / day.hold
        in_step = 0.5 * held * held * (np.exp(-fading * young) - np.exp(-fading * old))
        return slots * ((old - young) * held / day.hold + in_step)

    def _refresh_early(self, now: int, total: FloatArray) -> FloatArray:
        """XFetch: others who refresh, each with its own chance, while the first refresh is on its way."""
        day, keys, t0, t1 = self.day, self.keys, now * self.day.dt, (now + 1) * self.day.dt
        early = np.flatnonzero((keys.opened < t1) & (keys.expiry > t0))
        member, expiry = early % day.size, keys.expiry[early]
        start = np.maximum(keys.opened[early], t0)
        lead = day.lead[now, member]
        end = np.maximum(np.minimum(self.end[early], expiry), start)
        extra = exposure(start, end, expiry, lead) * day.rate[now, member] * day.share[early]
        off = (day.slots[now, member] == 1) | (day.swr[now, member] > 0) | (lead <= 1e-9)
        extra = np.where(off, 0.0, extra)
        self.early[now] = day.count(member, extra)
        hottest = day.count(member, np.where(early < day.size, extra, 0.0))
        self.hot_waits[now] += hottest / day.rate[now]
        return total + self.early[now]

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
        day, keys, t0 = self.day, self.keys, now * self.day.dt
        rate = day.let_in[now] / day.dt
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

    def waiting(self) -> FloatArray:
        """Readers who came while their key was neither fresh nor stale, per tick."""
        return self.waits * self.day.let_in / self.day.dt

    def hottest(self) -> FloatArray:
        """Recomputes of the hottest key asked for, per tick."""
        noise_of = self.repeats / np.maximum(self.meant, TINY)
        return self.hot + self.day.rate * self.hot_waits * noise_of

    def share_answers(self, now: int, landed: Ints) -> None:
        """A shared recompute answers the readers who still wait for it, and the one who asked."""
        day, keys, member = self.day, self.keys, landed % self.day.size
        at, waits_from, opened = (times[landed] for times in (keys.filled_at, keys.waits_from, keys.opened))
        shared, timeout = day.slots[now, member] < np.inf, day.timeout[member]
        waited = np.minimum(np.maximum(at - waits_from, 0.0), timeout)
        came = day.came_by(at, member) - day.came_by(at - waited, member)
        crowd = np.where(shared, day.share[landed] * came, 0.0)
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
        self.seen = day.history(self.past + AHEAD)  # requests of all readers so far, less those turned away
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
        self.pointer = day.members.copy()  # row in which the head of the queue came, as a place in flat histories
        self.following = np.arange(1, AHEAD + 1)[:, None] * day.size
        self.fading = np.minimum(day.dt / day.hold, 1.0)

    def history_of(self, flow: FloatArray) -> FloatArray:
        """The cumulative history of a count per tick."""
        history = np.zeros((self.past + 1 + len(flow), flow.shape[1]))
        np.add.accumulate(flow, axis=0, out=history[self.past + 1 :])
        return history

    def number_at(self, time: FloatArray, member: Ints) -> FloatArray:
        """Recomputes accepted by some times of the past."""
        tick = time / self.day.dt
        low = np.floor(tick).astype(np.int64)
        below = self.asked[self.past + low, member]
        return below + (self.asked[self.past + low + 1, member] - below) * (tick - low)

    def ahead(self, now: int) -> FloatArray:
        """Useful requests at which one that comes now is served: those before it in the queue, unless it drowned."""
        row = self.past + now
        return self.useful + np.where(self.drowned, 0.0, self.seen[row] - self.headed[row])

    def work(self, now: int, asked_for: FloatArray) -> None:
        """Accept what the queue can hold, start what the workers can take; workers are busy for one recompute time."""
        day, row = self.day, self.past + now + 1
        asked, started = self.asked[row - 1], self.started[row - 1]
        self.able = able = np.maximum(started, day.workers[now] + self.lag.back(self.started, row, day.members))
        wanted = np.add(asked_for, day.background[now], out=self.wanted[now])
        top, all_asked, seen = able + day.limit, asked + wanted, day.mean_let_in[now]
        self.full = all_asked > top
        if np.count_nonzero(self.full):
            room = np.maximum(top - asked, 0.0)
            accepted = self.accepted[now] = np.where(self.full, room / np.maximum(wanted, TINY), 1.0)
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
        self.useful_before = self.useful
        if not np.count_nonzero(self.queued):
            self.headed[row] = self.seen[row]
            self.late, self.drowned = self.late_if_idle, day.hopeless
            self.useful = self.useful + (self.headed[row] - self.headed[row - 1]) * self.in_time_if_idle
            return
        self._look_at_head(row)
        before, self.late = self.late, (now + 1 - self.head[row]) * day.dt + self.late_if_idle
        was_drowned, self.drowned = self.drowned, ~day.patient & (self.late > 0)
        if np.count_nonzero(self.drowned & was_drowned) == day.size:
            return  # nothing useful is at the head of any queue
        in_time = np.where(self.queued & ~day.patient, 1.0 - share_above(before, self.late), self.in_time_if_idle)
        self.useful = self.useful + (self.headed[row] - self.headed[row - 1]) * in_time

    def _look_at_head(self, row: int) -> None:
        """When the requests now being started had come, and how many had been seen then."""
        size, asked, seen, level = self.day.size, self.asked.reshape(-1), self.seen.reshape(-1), self.started[row]
        at = np.where(self.queues, self.pointer, row * size + self.day.members)
        while True:
            passed = np.add.reduce(asked[at + self.following] <= level, axis=0)
            at += passed * size
            if passed.max() < AHEAD:
                break
        after = at + size
        here = asked[at]
        part = (level - here) / np.maximum(asked[after] - here, TINY)
        self.pointer = at
        self.head[row] = at // size - self.past + part
        low = seen[at]
        self.headed[row] = low + (seen[after] - low) * part

    def at_head(self, history: FloatArray, rows: int | slice = slice(None)) -> FloatArray:
        """Value that a cumulative history had when the requests at the head of the queue came."""
        low = np.floor(self.head[rows]).astype(np.int64)
        part = self.head[rows] - low
        low = low + self.past
        above = np.minimum(low + 1, len(history) - 1)
        return history[low, self.day.members] * (1.0 - part) + history[above, self.day.members] * part

    def free(self, now: int, member: Ints, number: FloatArray) -> FloatArray:
        """Tick (with its fraction) in which a worker is free for the recompute of this number."""
        idle = (self.day.workers[now] + self.lag.back(self.started, self.past + now, self.day.members))[member]
        part = (number - idle) / np.maximum(self.able[member] - idle, TINY)
        return now + np.minimum(np.maximum(part, 0.0), 1.0)

    def began(self, now: int, member: Ints, place: FloatArray) -> FloatArray:
        """Tick (with its fraction) in which useful requests of this tick were started."""
        before = self.useful_before[member]
        part = (place - before) / np.maximum((self.useful - self.useful_before)[member], TINY)
        part = np.minimum(np.maximum(part, 0.0), 1.0)
        if not np.count_nonzero(self.queued):
            return now + part
        return np.where(self.queued[member], self._began_queued(self.past + now + 1, member, part), now + part)

    def _began_queued(self, row: int, member: Ints, part: FloatArray) -> FloatArray:
        """A queued request is started when it had come and a worker was free."""
        came, rank = (
            h[row - 1, member] + part * (h[row, member] - h[row - 1, member]) for h in (self.head, self.started)
        )
        return np.maximum(came, self.free(row - self.past - 1, member, rank))

    def waits(self) -> FloatArray:
        """How long the requests now being started have waited, one row a tick."""
        return (np.arange(len(self.head))[:, None] - self.past - self.head) * self.day.dt
