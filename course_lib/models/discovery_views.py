"""What clients know: a continuum of clients, told apart by when each last had an answer.

A client picks evenly from the list of its last answer, of n(x) addresses if that came at x. So the share of clients
that pick an instance is the integral of 1/n(x) over those last answers x that listed it: a difference of two values of
one running sum, whatever the number of clients. Rows are instants, `each` of them a tick and `pad` before time 0,
members on the last axis: a list may change from one poll to the next, and who picks from it is looked at tick by tick.
"""

from __future__ import annotations

import numpy as np

from course_lib.models.discovery_fleet import DEAD, NEVER, Fleet, Registry
from course_lib.models.exact import FloatArray, accumulate, ratio
from course_lib.models.simulation import Batch
from course_lib.theory.discovery import before_collapse

FINEST = 0.75  # seconds, about, between two rows


class Polls:
    """When clients have answers: every poll interval, and after an outage as the herd is let in."""

    def __init__(self, batch: Batch, ticks: int, width: int) -> None:
        self.batch, self.ticks, self.width = batch, ticks, width
        self.each = 2 * max(round(batch.dt / FINEST / 2.0), 1)  # an even number: the middle of a tick is a row's
        self.step = batch.dt / self.each
        self.period = self.rows_in(batch.poll_interval) + np.zeros(width, dtype=np.int64)
        self.pad = int(self.period.max())
        self.rows = self.pad + self.each * (ticks + 1)
        self.time = (np.arange(self.rows) - self.pad)[:, None] * self.step
        self.begin = self.pad + self.each * np.arange(ticks + 1)[:, None]  # rows at which ticks begin
        self.start, self.end = (self.row(batch.outage_start + more) for more in (0.0, batch.outage_duration))
        self.dead = (batch.trigger == DEAD) & (self.end > self.start)
        self._herd()
        self.mass = self._mass()

    def rows_in(self, seconds: FloatArray) -> np.ndarray:
        """Seconds to whole rows, at least one."""
        return np.maximum(np.round(np.asarray(seconds) / self.step), 1).astype(np.int64)

    def row(self, time: FloatArray) -> np.ndarray:
        """Nearest row of a time in seconds, shape of `time` by width; the last but one more where there is none."""
        most = (self.rows - self.pad) * self.step
        inside = np.clip(np.where(np.isfinite(time), time, np.sign(time) * 1e12), -self.pad * self.step, most)
        return self.pad + np.round(inside / self.step).astype(np.int64) + np.zeros(self.width, dtype=np.int64)

    def tick(self, time: FloatArray) -> np.ndarray:
        """Nearest beginning of a tick: who lives then lives, on average, in its middle."""
        inside = np.clip(np.where(np.isfinite(time), time / self.batch.dt, np.sign(time) * 1e12), -1, self.ticks + 1)
        return np.round(inside).astype(np.int64)

    def _herd(self) -> None:
        """Of all clients, `through` get an answer, evenly between `first` and `first + lasts` after the outage."""
        batch, one = self.batch, np.zeros(self.width)
        s, r, u, most = (x + one for x in (
            batch.clients, batch.snapshot_rate, batch.admission_rate, batch.answer_timeout))  # fmt: skip
        fits = (u <= r) | (s / r - s / u <= most)
        self.through, self.lasts = np.where(fits, 1.0, 0.0), np.where(u <= r, s / u, s / r)
        for i in np.flatnonzero(~fits & np.isfinite(u)):
            served, lasts = before_collapse(float(u[i]), float(r[i]), float(most[i]))
            self.through[i], self.lasts[i] = min(served / s[i], 1.0), lasts
        together = np.isinf(u)  # they all share, and so all end together
        self.first = np.where(together, np.maximum(self.lasts - batch.dt / 2.0, 0.0), 0.0)
        self.lasts = np.maximum(np.where(together, 0.0, self.lasts), batch.dt)

    def _ramps(self, since: FloatArray) -> FloatArray:
        """Sum of ``max(since - k period, 0)`` over k = 0, 1, ..."""
        period = self.period * self.step
        whole = np.maximum(np.floor(since / period), -1.0)
        return (whole + 1.0) * np.maximum(since, 0.0) - period * whole * (whole + 1.0) / 2.0

    def _mass(self) -> FloatArray:
        """Share of clients that have an answer at each row, shape (rows, width)."""
        mass = np.where(np.arange(self.rows)[:, None] > self.pad - self.period, 1.0 / self.period, 0.0)
        if not self.dead.any():
            return mass
        begins = int(min(self.end.min(), self.rows - 1))  # before that nobody is back
        rows = np.arange(begins, self.rows + 1)[:, None]
        edges = np.maximum((rows - self.end - 0.5) * self.step - self.first, 0.0)
        upto = self.through * (self._ramps(edges) - self._ramps(edges - self.lasts)) / self.lasts
        herd = np.where(rows[:-1] >= self.end, np.maximum(np.diff(upto, axis=0), 0.0), 0.0)
        mass = np.where(self.dead & (np.arange(self.rows)[:, None] >= self.start), 0.0, mass)
        mass[begins:] += np.where(self.dead & (rows[:-1] >= self.start), herd, 0.0)
        return mass

    def returned(self, rows: np.ndarray, ahead: float = 0.5) -> FloatArray:
        """Share of clients that have had an answer since the outage, or never lost touch, shape of `rows` by width.

        So much of a row later: what goes on until the next one goes by the middle.
        """
        since = (rows - self.end + ahead) * self.step - self.first
        back = np.where(rows >= self.end, self.through * np.clip(since / self.lasts, 0.0, 1.0), 0.0)
        return np.where(self.dead & (rows >= self.start), back, 1.0)


class Views:
    """Which instance clients pick, and what their lists are worth, in closed form over time."""

    def __init__(self, fleet: Fleet, registry: Registry, polls: Polls) -> None:
        self.fleet, self.polls, self.batch = fleet, polls, fleet.batch
        self.come, self.go, self.back, self.out, self.forget, self.forgotten = (
            polls.row(getattr(registry, name)) for name in ("come", "go", "back", "out", "forget", "forgotten")
        )
        self.born, self.dies = polls.tick(fleet.born), polls.tick(fleet.dies)
        self.twice = bool((registry.back < NEVER).any())
        listed = self._count(self.come, self.go) + self._count(self.back, self.out)
        later = np.round(polls.period / 2.0).astype(np.int64)  # on average, since who doubts was last told
        first, again = (np.minimum(x + later, polls.rows) for x in (self.come, self.back))
        again = np.where((self.come < self.back) & (self.forget == self.back), self.back, again)  # was never forgotten
        self.learnt = np.where(self.come == 0, 0, first), again
        self.told = self._told(self.come, self.go), np.where(again == self.back, 1.0, self._told(self.back, self.out))
        self.middle = polls.begin + polls.each // 2 - 1  # the last row of answers that were had by then
        self.end = polls.begin + polls.each - 1
        self._sum(listed)
        self.windows = {True: self._look(self.end), False: self._look(self.middle)}
        self._invert()

    def _told(self, first: np.ndarray, last: np.ndarray) -> FloatArray:
        """Share of clients that poll while an instance is listed: who is listed for less than a poll is told to few."""
        return np.minimum((last - first) / self.polls.period, 1.0)

    def _count(self, first: np.ndarray, last: np.ndarray, each: FloatArray | None = None) -> FloatArray:
        """How many instances are between two rows of their own, at each row, each counted as so many."""
        rows, width = self.polls.rows, self.polls.width
        steps = np.zeros((rows + 2) * width)
        member, there = np.broadcast_to(np.arange(width), first.shape), first < last
        weights = None if each is None else each[there]
        for row, sign in ((first, 1.0), (last, -1.0)):
            steps += sign * np.bincount((row[there] * width + member[there]), weights, minlength=steps.size)
        return accumulate(np.add, steps.reshape(-1, width)[:rows])

    def _sum(self, listed: FloatArray) -> None:
        """Running sums over answers, (rows + 1, width): of clients, of 1/n, of n, and of clients that doubt."""
        polls = self.polls
        threshold = self.batch.at("panic_threshold", np.maximum(polls.time[:, 0], 0.0))
        doubts, self.recalled = np.zeros((1, 1), dtype=bool), np.zeros((len(self.middle), polls.width))
        if (threshold > 0).any():  # what is known counts only against a threshold
            known = self._count(self.come, self.forget) + self._count(self.back, self.forgotten)
            doubts = listed < threshold * known - 1e-9
            recalled = self._count(self.learnt[0], self.forget, self.told[0])
            recalled += self._count(self.learnt[1], self.forgotten, self.told[1])
            self.recalled = recalled[self.middle[:, 0]]
        believed = np.where(doubts, 0.0, polls.mass)
        parts = {
            "inverse": ratio(believed, listed),
            "believed": np.where(listed > 0, believed, 0.0),
            "length": believed * listed,
            "doubting": np.where(doubts, polls.mass, 0.0),
        }
        self.upto = {name: _running(part) for name, part in parts.items()}

    def _look(self, now: np.ndarray) -> tuple[np.ndarray, ...]:
        """Rows of last answers that count at each of some rows: after the first up to the second.

        Then the same of answers from before an outage, and the share of clients that have no later one.
        """
        polls = self.polls
        expired = now - polls.rows_in(np.minimum(self.batch.cache_life, 1e9))
        oldest = now - polls.period
        cut = polls.dead & (now >= polls.start)
        least = np.where(cut, polls.end - 1, 0)
        low = np.clip(np.maximum(np.maximum(oldest, expired), least) + 1, 0, polls.rows)
        high = np.maximum(np.broadcast_to(now + 1, low.shape), low)
        old_high = np.broadcast_to(polls.start, low.shape)
        old_low = np.minimum(np.maximum(np.maximum(polls.start - 1 - polls.period, expired) + 1, 0), old_high)
        stale = np.where(cut, 1.0 - polls.returned(now), 0.0)
        return low, high, old_low, old_high, stale

    def over(self, name: str, end: bool = False) -> FloatArray:
        """One running sum over the last answers that count, shape (ticks + 1, width), in the middle or end of ticks."""
        sums = self.upto[name]
        low, high, old_low, old_high, stale = self.windows[end]
        if not sums[-1].any():
            return np.zeros(low.shape)
        at = lambda rows: np.take_along_axis(sums, rows, axis=0)  # noqa: E731
        fresh = at(high) - at(low)
        if not self.polls.dead.any():
            return np.maximum(fresh, 0.0)
        return np.maximum(fresh + stale * (at(old_high) - at(old_low)), 0.0)

    def age(self) -> FloatArray:
        """Mean time since a client's last answer, s, shape (ticks + 1, width)."""
        polls = self.polls
        told, when = _running(polls.mass), _running(polls.mass * polls.time)
        now = polls.begin
        cut = polls.dead & (now >= polls.start)
        low = np.clip(np.maximum(now - polls.period + 1, np.where(cut, polls.end, 0)), 0, polls.rows)
        high = np.maximum(np.broadcast_to(now + 1, low.shape), low)
        part = lambda sums: np.take_along_axis(sums, high, axis=0) - np.take_along_axis(sums, low, axis=0)  # noqa: E731
        fresh = part(told) * ((now - polls.pad + 0.5) * polls.step) - part(when)
        waiting, stale = (np.where(cut, 1.0 - polls.returned(now, ahead), 0.0) for ahead in (0.0, 0.5))
        fresh = np.maximum(fresh, 0.0) * ratio(1.0 - waiting, 1.0 - stale, 0.0)
        return fresh + waiting * (now - polls.start + polls.period / 2.0) * polls.step

    def load(self) -> FloatArray:
        """Requests/s at the registry: polls, heartbeats, and after an outage those who ask until they are let in."""
        polls, batch = self.polls, self.batch
        now = polls.begin
        cut = polls.dead & (now >= polls.start)
        stale = np.where(cut, 1.0 - polls.returned(now, ahead=0.0), 0.0)
        asks = np.where(cut & (now < polls.end), 1.0 / (polls.period * polls.step), stale / batch.answer_timeout)
        return batch.clients * (polls.mass[now[:, 0]] / polls.step + asks) + batch.instances / batch.heartbeat

    def _invert(self) -> None:
        """What `picks` reads: the running sum of 1/n at the rows that bound each stretch, and by doubters' memory."""
        sums = self.upto["inverse"]
        bounds = [self.come, self.go, self.back, self.out][: 4 if self.twice else 2]
        self.listing = np.stack([np.take_along_axis(sums, rows, axis=0) for rows in bounds])
        at = lambda rows: np.take_along_axis(sums, rows, axis=0)  # noqa: E731
        low, high, old_low, old_high, self.stale = self.windows[False]
        self.fresh, self.old = (at(low), at(high)), (at(old_low), at(old_high))
        self.answered = (self.fresh[1] > self.fresh[0]).any(axis=1)  # ticks in which somebody has a list that counts
        self.second = (int(self.back.min()) - self.polls.pad) // self.polls.each  # tick of the first listed again
        self.doubting = self.over("doubting")
        self.doubted = bool(self.doubting.any())
        self.memory = np.stack([self.learnt[0], self.forget, self.learnt[1], self.forgotten, *self.told])

    def alive(self, rows: slice) -> np.ndarray:
        """Which instances live in some ticks after time 0, shape (ticks, instances, width)."""
        now = np.arange(rows.start, rows.stop)[:, None, None]
        return (self.born <= now) & (now < self.dies) & self.fleet.here

    def picks(self, rows: slice, listing: FloatArray, memory: FloatArray) -> FloatArray:
        """Share of clients that pick each instance of a listing, shape (ticks, n, width)."""
        low, high = (sums[rows][:, None] for sums in self.fresh)
        if self.answered[rows].any():
            picked = between(listing[0], listing[1], low, high)
            if self.twice and self.second < rows.stop:
                picked += between(listing[2], listing[3], low, high)
        else:
            picked = np.zeros((rows.stop - rows.start, *listing.shape[1:]))
        if self.stale[rows].any():
            low, high = (sums[rows][:, None] for sums in self.old)
            picked += self.stale[rows][:, None] * between(listing[0], listing[1], low, high)
        if self.doubting[rows].any():
            doubters = ratio(self.doubting[rows], self.recalled[rows])[:, None]
            picked += self._knows(rows, memory) * doubters
        return picked

    def _knows(self, rows: slice, memory: FloatArray) -> FloatArray:
        """Share of doubters that know each instance."""
        now = self.middle[rows][..., None]
        come, forget, back, forgotten, first, second = memory
        known = first * ((come <= now) & (now < forget))
        return np.maximum(known, second * ((back <= now) & (now < forgotten)))


class Residents:
    """Who lives in each slot: as one goes the next comes, so that of all instances only so many are looked at."""

    def __init__(self, views: Views) -> None:
        self.views, fleet = views, views.fleet
        count = fleet.count
        self.listing, self.memory = views.listing[:, :count].copy(), views.memory[:, :count].copy()
        lives = fleet.here[count:] & (views.dies[count:] > views.born[count:]) & (fleet.slot[count:] < count)
        number, member = np.nonzero(lives)
        tick = views.born[count:][number, member]
        order = np.argsort(tick, kind="stable")
        self.tick, self.member, self.number = tick[order], member[order], number[order] + count
        self.slot = fleet.slot[self.number, self.member]
        self.moved_in(0)

    def moved_in(self, tick: int) -> tuple[np.ndarray, np.ndarray]:
        """Let in who is born in a tick; return their slots and members."""
        who = slice(*np.searchsorted(self.tick, (tick, tick + 1)))
        slot, member, number = self.slot[who], self.member[who], self.number[who]
        self.listing[:, slot, member] = self.views.listing[:, number, member]
        if self.views.doubted:
            self.memory[:, slot, member] = self.views.memory[:, number, member]
        return slot, member

    def picks(self, rows: slice) -> tuple[FloatArray, dict[int, tuple[np.ndarray, np.ndarray]]]:
        """Share of clients that pick each slot's resident, (ticks, slots, width), and who has moved in, by tick."""
        found = np.empty((rows.stop - rows.start, *self.listing.shape[1:]))
        first, last = np.searchsorted(self.tick, (max(rows.start, 1), rows.stop))
        changes = np.unique(self.tick[first:last]).tolist()
        moved, now = {}, rows.start
        for then in [*changes, rows.stop]:
            if then > now:
                found[now - rows.start : then - rows.start] = self.views.picks(
                    slice(now, then), self.listing, self.memory
                )
            if then < rows.stop:
                moved[then] = self.moved_in(then)
            now = then
        return found, moved


def between(first: FloatArray, last: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Length of what two stretches have in common."""
    common = np.minimum(last, high)
    common -= np.maximum(first, low)
    return np.maximum(common, 0.0, out=common)


def _running(part: FloatArray) -> FloatArray:
    sums = np.zeros((len(part) + 1, part.shape[1]))
    accumulate(np.add, part, out=sums[1:])
    return sums


def all_dead(dead: FloatArray, listed: FloatArray, others: FloatArray) -> FloatArray:
    """Chance that 1 + `others` picks of different addresses are all dead, linear between whole numbers of dead ones."""
    below = np.floor(dead)
    part = dead - below
    low, high = np.ones_like(dead), np.ones_like(dead)
    for j in range(int(np.max(others, initial=0)) + 1):
        more = j <= others
        left = np.maximum(listed - j, 1e-9)
        low = np.where(more, low * np.clip((below - j) / left, 0.0, 1.0), low)
        high = np.where(more, high * np.clip((below + 1.0 - j) / left, 0.0, 1.0), high)
    return np.minimum(low + part * (high - low), 1.0)
