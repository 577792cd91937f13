"""What many caches know of one name: the part of a DNS outage that has a memory.

Caches are a fluid: a mass of 1 that moves between *holding* a live answer, knowing that there is *none*, having
*failed* to ask, and being *ready* to ask at the next lookup. What a cache holds, it holds for a time that was fixed
when it was fetched, so masses leave where they were put down: `due` is a calendar. Only the phases of the caches at the
start are drawn; from there on the shares are the exact means over all that lookups may do.

Arrays are (rows, kinds, members): `OLD`, `NEW` and `WRONG` addresses, `NONE` and `FAILED`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from course_lib.models import exact, noise
from course_lib.models.exact import FloatArray
from course_lib.models.schedule import window
from course_lib.models.simulation import Batch

OLD, NEW, WRONG, NONE, FAILED = range(5)
KINDS = 5
ADDRESSES = 3
DEAD, SLOW, EMPTY, LIES = range(4)  # the order of the parameter `outage`; the last of its words is no outage
LEAST = 1e-300  # of what is remembered: nothing, but with a logarithm
STALE, KNOWN, AGE = slice(0, 3), slice(3, 6), 6  # rows of what is remembered
Ints = NDArray[np.int64]


class Day:
    """What the parameters and chance bring."""

    def __init__(self, batch: Batch, ticks: int) -> None:
        self.batch, self.ticks, self.size, self.dt = batch, ticks, batch.size, batch.dt
        self.time = np.arange(ticks) * batch.dt
        self.members = np.arange(batch.size)
        asked = batch.at("lookup_rate", self.time) * self.dt  # lookups at one cache in a tick
        spared = np.where(asked > 0, -np.expm1(-asked) / np.maximum(asked, LEAST), 1.0)
        rows = [np.broadcast_to(row, (ticks, self.size)) for row in (asked, np.exp(-asked), spared)]
        self.lookups, self.idle, self.spared = rows  # ... and shares not asked: of those ready, of those that become so
        self.out = window(batch.outage_start, batch.outage_duration, 1.0, 0.0).at(self.time) > 0
        self.mode = np.where(self.out, batch.at("outage", self.time), -1.0) + np.zeros(self.size)
        self.moved = self.time[:, None] >= batch.change_time - 5e-7  # the name has its new address
        self.delay = np.where(self.mode == SLOW, batch.slow_answer, 0.0)
        self.silent = (self.mode == DEAD) | (self.delay > batch.patience)
        self.room = (
            batch.at("authority_capacity", self.time) * self.dt / (2.0 * batch.caches)
        )  # answers a cache and tick
        self.lives = self._lives()

    def _lives(self) -> list[Ints]:
        """Ticks until what was asked for at a tick is over, by kind; (rows or 1, members or 1)."""
        batch, time = self.batch, self.time
        late = self.delay if (self.delay > 0).any() else 0.0
        ttl = batch.ticks_in(batch.at("ttl", time) + late)
        failed = batch.patience + np.maximum(batch.at("failure_ttl", time), batch.down_ttl)
        return [ttl, ttl, ttl, batch.ticks_in(batch.at("negative_ttl", time) + late), batch.ticks_in(failed)]

    def says(self, rows: slice) -> FloatArray:
        """Which kind of answer the authority gives, if any: 0 or 1, shape (ticks, 4, members)."""
        mode, moved = self.mode[rows], np.broadcast_to(self.moved[rows], (rows.stop - rows.start, self.size))
        lies, empty = mode == LIES, mode == EMPTY
        honest = ~(lies | empty | self.silent[rows])
        return np.stack([honest & ~moved, honest & moved, lies, empty], axis=1).astype(float)


def added(kinds: FloatArray) -> FloatArray:
    """Sum over the second axis, one after the other from the first."""
    whole = kinds[:, 0] + kinds[:, 1]
    for kind in range(2, kinds.shape[1]):
        whole += kinds[:, kind]
    return whole


class Caches:
    """All caches of a batch on their way through time."""

    def __init__(self, day: Day) -> None:
        self.day = day
        shape = (day.ticks + 1, KINDS, day.size)  # what falls due after the end is put into the last row
        self.due = np.zeros(shape)  # mass whose entry runs out in a tick
        self.asked = np.zeros(shape)[:-1]  # mass that asks in a tick, by what comes of it
        self.coming = np.zeros((day.ticks + 1, FAILED, day.size))  # mass that gets its answer in a tick
        self.landed = self.coming[:-1]
        self.ready = np.zeros((day.ticks + 1, day.size))  # mass that asks at its next lookup
        self.bare = np.zeros((day.ticks + 1, day.size))  # mass with neither a live address nor a live "no such name"
        self.memory = np.zeros((day.ticks + 1, 7, day.size))  # mass that remembers an address; see STALE, KNOWN, AGE
        self.faded = np.zeros((day.ticks + 1, day.size))  # log of the share that has not been refreshed since the start
        self.holding = np.ones((day.ticks + 1, day.size))  # mass that holds a live address
        self.late = bool((day.delay > 0).any())
        self.remembers = day.batch.highest("stale_limit") > 0 or day.batch.highest("last_known_good") > 0
        self._begin()

    def _begin(self) -> None:
        """Phases: a cycle is a TTL and the wait for the next lookup; each cache is somewhere in it."""
        day, batch = self.day, self.day.batch
        count = int(batch.highest("caches"))
        ttl, rate = batch.at("ttl", np.zeros(1))[0], batch.at("lookup_rate", np.zeros(1))[0]
        common = noise.uniform(batch.seeds, "common phase", 1)
        phase = common + batch.phase_spread * noise.uniform(batch.seeds, "phases", count)
        left = (phase - np.floor(phase)) * (ttl + 1.0 / np.maximum(rate, 1e-9))
        place = np.minimum(left / day.dt, day.ticks).astype(np.int64)
        place = np.where(left < ttl, place, day.ticks + 1)  # who has nothing live had it until a moment ago
        place = np.where(np.arange(count)[:, None] < batch.caches, place, day.ticks + 2) + 0 * day.members
        found = np.bincount((place * day.size + day.members).ravel(), minlength=(day.ticks + 3) * day.size)
        found = found.reshape(-1, day.size) / batch.caches
        self.due[:, OLD], self.ready[0] = found[: day.ticks + 1], found[day.ticks + 1]
        self.bare[0], self.holding[0] = self.ready[0], 1.0 - self.ready[0]
        self.memory[0, KNOWN.start] = self.ready[0]
        self.memory[0, STALE.start] = self.ready[0] * (batch.stale_limit > 0)

    def go(self) -> Caches:
        """Run all ticks, in blocks so short that nothing asked for in one falls due in it."""
        ticks, longest = self.day.ticks, max(min(int(life.min()) for life in self.day.lives), 1)
        for now in range(0, ticks, longest):
            rows = slice(now, min(now + longest, ticks))
            self._answer(rows, self.ask(rows))
            self._turn(rows)
            if self.remembers:
                self._remember(rows)
        return self

    def ask(self, rows: slice) -> FloatArray:
        """Mass that asks in each tick: it was ready, or became so, and a lookup came."""
        day, ready = self.day, self.ready
        came = added(self.due[rows])
        fresh, idle = came * day.spared[rows], day.idle[rows]
        for i, now in enumerate(range(rows.start, rows.stop)):
            after = ready[now + 1]
            np.multiply(ready[now], idle[i], out=after)
            after += fresh[i]
        return np.maximum(ready[rows] + came - ready[rows.start + 1 : rows.stop + 1], 0.0)

    def _answer(self, rows: slice, asks: FloatArray) -> None:
        """What comes of it, and when that will be over."""
        day, asked = self.day, self.asked[rows]
        room = day.room if len(day.room) == 1 else day.room[rows]
        np.multiply(np.minimum(asks, room)[:, None], day.says(rows), out=asked[:, :FAILED])
        answered = added(asked[:, :FAILED])
        asked[:, FAILED] = asks - answered
        there = [kind for kind in range(KINDS) if asked[:, kind].any()]
        for kind in there:
            self._put(self.due[:, kind], rows, asked[:, kind], day.lives[kind])
        if not self.late:
            self.landed[rows] = asked[:, :FAILED]
            return
        delay = np.round(day.delay / day.dt).astype(np.int64)
        for kind in there[: len(there) - (FAILED in there)]:
            self._put(self.coming[:, kind], rows, asked[:, kind], delay)

    def _put(self, line: FloatArray, rows: slice, mass: FloatArray, after: Ints) -> None:
        """Add mass to the rows that lie so many ticks after its own."""
        last = self.day.ticks
        after = after[rows] if len(after) > 1 else after
        if (after == after.flat[0]).all():
            start = rows.start + int(after.flat[0])
            fits = max(min(len(mass), last - start), 0)
            line[start : start + fits] += mass[:fits]
            return
        place = np.minimum(np.arange(rows.start, rows.stop)[:, None] + after, last)
        np.add.at(line, (place + 0 * self.day.members, self.day.members), mass)

    def _turn(self, rows: slice) -> None:
        """Mass that is left with neither an address nor a denial."""
        change = self.landed[rows] - self.due[rows, :FAILED]
        self._go_on(self.holding, rows, added(change[:, :ADDRESSES]))
        self._go_on(self.bare, rows, -added(change))

    def _go_on(self, level: FloatArray, rows: slice, change: FloatArray) -> None:
        change[0] += level[rows.start]
        level[rows.start + 1 : rows.stop + 1] = exact.accumulate(np.add, change)

    def _remember(self, rows: slice) -> None:
        """Addresses that have run out are remembered until the stale limit, or until something new is heard.

        All that lack an answer alike may hear one in a tick, however long they have lacked it.
        """
        due, landed = self.due[rows], self.landed[rows]
        lacking = self.bare[rows] + added(due[:, :FAILED])
        stays = 1.0 - np.minimum(exact.ratio(added(landed), lacking), 1.0)
        without = 1.0 - self.holding[rows] + added(due[:, :ADDRESSES])
        knows = 1.0 - np.minimum(exact.ratio(added(landed[:, :ADDRESSES]), without), 1.0)
        self._go_on(self.faded, rows, np.log(np.maximum(stays, LEAST)))
        gone, when = self._over_limit(rows)
        inflow = np.empty((len(due), 7, self.day.size))
        inflow[:, STALE], inflow[:, KNOWN] = due[:, :ADDRESSES] - gone, due[:, :ADDRESSES]
        ran_out = added(due[:, :ADDRESSES]) * self.day.time[rows, None]
        inflow[:, AGE] = ran_out - added(gone) * when
        self._fade(rows, inflow, stays, knows)

    def _over_limit(self, rows: slice) -> tuple[FloatArray, FloatArray]:
        """Mass that ran out one stale limit ago and has heard nothing since, and when it ran out."""
        day, limit = self.day, self.day.batch.stale_limit
        ticks = np.where(limit > 0, np.minimum(np.round(limit / day.dt), day.ticks + 1), 0).astype(np.int64)
        if (ticks > rows.stop).all():
            return np.zeros((rows.stop - rows.start, ADDRESSES, day.size)), np.zeros((1, 1))
        then = np.arange(rows.start, rows.stop)[:, None] - ticks + 0 * day.members
        there, then = then >= 0, np.maximum(then, 0)
        lasted = np.exp(np.minimum(self.faded[rows] - self.faded[then, day.members], 0.0)) * there
        gone = [self.due[then, kind, day.members] * lasted for kind in range(ADDRESSES)]
        gone[OLD] = gone[OLD] + (then == 0) * self.memory[0, STALE.start] * lasted
        return np.stack(gone, axis=1), then * day.dt

    def _fade(self, rows: slice, inflow: FloatArray, stays: FloatArray, knows: FloatArray) -> None:
        kept = np.empty_like(inflow)
        kept[:, STALE], kept[:, KNOWN], kept[:, AGE] = stays[:, None], knows[:, None], stays
        for i, now in enumerate(range(rows.start, rows.stop)):
            after = self.memory[now + 1]
            np.add(self.memory[now], inflow[i], out=after)
            after *= kept[i]
