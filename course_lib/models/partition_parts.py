"""The parts of a fleet of partitions: day, keys, caches, clients, partitions, and the store that splits them.

Each part declares its arrays, one line of meaning each, and owns its step; `hot_partition` says in which order they
move. A site is a partition; with splits, a second half of sites are the partitions that splits make. Sites that a
member does not have are asked nothing and can do nothing. Arrays are (sites, members), with a row per tick in front
where they are histories; the hot key's sub-keys are in groups, one a `home` site, in place of the sites.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.models import exact, noise
from course_lib.models.exact import FloatArray, total
from course_lib.models.schedule import window
from course_lib.models.simulation import Batch
from course_lib.theory.hashing import MOST_SPENT_REJECTING, SLOTS, partition_of, slot_edges, slot_of, zipf_shares

VIRAL_KEY = 1 << 40  # a key that is not among the Zipf keys
LANE = 32  # partitions that share one stream of noise
NEVER = 1e-9  # per second
NO_BOUND = 1024.0  # times the mean: more than any partition can take
Ints = NDArray[np.int64]


class Day:
    """What the parameters and chance bring."""

    def __init__(self, batch: Batch, ticks: int, width: int | None = None) -> None:
        self.batch, self.ticks, self.size, self.dt = batch, ticks, batch.size, batch.dt
        self.members, self.time = np.arange(batch.size), np.arange(ticks) * batch.dt
        self.width = width or int(batch.highest("partitions"))  # partitions, padded to the widest member's
        self.splits, self.caches = batch.highest("split") > 0, batch.highest("cache_ttl") > 0
        self.bounds = bool(np.isfinite(batch.lowest("bounded_load")))
        self.sites = self.width * (1 + self.splits)
        self.real = np.arange(self.width)[:, None] < batch.partitions  # partitions that a member has
        rated = batch.at("partition_capacity", self.time) * self.dt
        self.rated = np.broadcast_to(rated, (ticks, self.size))  # operations a partition does in a tick, on the mean
        self.able, self.dips = self._service(rated[:, None])  # operations it can do; chance of running empty on the way
        self.arrivals = self._by_site(noise.normal, "arrivals", batch.seeds)  # standard normal, for first attempts
        self.changes = self._changes()  # ticks at which keys move or traffic is mixed anew

    def at(self, name: str, now: int) -> FloatArray:
        """A scheduled field at one tick."""
        return self.batch.at(name, self.time[now : now + 1])[0]

    def viral(self, now: int, n: int = 1) -> FloatArray:
        """Share of all requests that go to the viral key, in `n` ticks."""
        time = self.time[now : now + n]
        lasts = window(self.batch.viral_start, self.batch.viral_duration, 1.0, 0.0)
        return lasts.at(time) * self.batch.at("viral_share", time)

    def _changes(self) -> set[int]:
        names = ("write_share", "salts", "salted", "bounded_load", "cache_ttl")
        rows = [self.viral(0, self.ticks), *(self.batch.at(name, self.time) for name in names)]
        changed = [1 + np.flatnonzero((row[1:] != row[:-1]).any(axis=1)) for row in rows]
        return {0, *np.concatenate(changed).tolist()}

    def _service(self, rated: FloatArray) -> tuple[FloatArray, FloatArray]:
        distinct, column = np.unique(self.batch.seeds, return_inverse=True)
        if rated.shape[2] > 1 or self.batch.seeds.size == 1:  # otherwise members of one seed share its draws
            distinct, column = self.batch.seeds, np.arange(max(self.batch.seeds.size, rated.shape[2]))
        able = noise.poisson(self._by_site(noise.normal, "service", distinct), rated)
        dips = 4.0 * rated * self._by_site(noise.exponential, "dips", distinct)
        real = np.concatenate([self.real] * (1 + self.splits))
        return able[:, :, column] * real, dips[:, :, column] * real

    def _by_site(self, draw: Callable[..., FloatArray], stream: str, seeds: Ints) -> FloatArray:
        """Draws (ticks, sites, seeds) that depend on seed, site and tick alone."""
        halves = (stream, f"split {stream}")[: 1 + self.splits]
        return np.concatenate([_lanes(draw, seeds, half, self.ticks, self.width) for half in halves], axis=1)


def _lanes(draw: Callable[..., FloatArray], seeds: Ints, stream: str, ticks: int, count: int) -> FloatArray:
    lanes = range(-(-count // LANE))
    drawn = [draw(seeds, f"{stream} {lane}", ticks * LANE).reshape(ticks, LANE, -1) for lane in lanes]
    return (drawn[0] if len(drawn) == 1 else np.concatenate(drawn, axis=1))[:, :count]


class Keys:
    """Where keys live, and what one request asks of each site."""

    def __init__(self, day: Day) -> None:
        self.day, batch = day, day.batch
        self.partitions = batch.partitions.astype(np.int64)
        self.hashed = batch.highest("salt_placement") == 1
        groups = day.width if self.hashed else min(day.width, int(batch.highest("salts")))
        place, seeds = np.arange(groups)[:, None], batch.seeds.astype(np.uint64)
        self.viral_home = partition_of(slot_of(VIRAL_KEY, seeds), self.partitions)  # the viral key's own partition
        first = np.where(place < self.partitions, (self.viral_home + place) % self.partitions, place)
        self.first_home = first + 0 * day.members  # each group's partition, before any split
        self.sets = self._sets()  # seed, exponent, partitions of each member
        self.fan_out: FloatArray | None = None  # sub-keys of an ordinary key
        self.heaviest = self._by_partition(heaviest_keys, self.sets) if day.bounds or day.splits else None
        self.home = np.empty((day.ticks, groups, day.size), dtype=np.int64)  # each group's site
        self.copied = np.empty((day.ticks, groups, day.size))  # sub-keys in each group
        self.hot_part = np.empty((day.ticks, groups, day.size))  # the hot key's part of its site's first attempts

    def place(self, now: int) -> None:
        """Where keys live from this tick on, until a schedule changes again."""
        day = self.day
        self.viral, self.writes, self.salts = day.viral(now)[0], day.at("write_share", now), day.at("salts", now)
        fan_out = np.where(day.at("salted", now) == 1, self.salts, 1.0)
        if self.fan_out is None or not np.array_equal(fan_out, self.fan_out):
            self.fan_out, self.shares = fan_out, self._rest_shares(fan_out)
        self.copies = self._copies()

    def weigh(self, now: int, asked: Any, store: Store) -> tuple[FloatArray, FloatArray, Ints]:
        """Operations per request: the other keys' by site, the hot key's by group, and the groups' sites."""
        hot = self.viral * (self.writes / self.salts + (1.0 - self.writes) * asked) * self.copies
        rest = (1.0 - self.viral) * (self.writes + (1.0 - self.writes) * self.fan_out) * self.shares
        if self.day.bounds:
            rest = self._bounded(rest, hot, self.day.at("bounded_load", now))
        return self._after_splits(rest, hot, store.has_split) if self.day.splits else (rest, hot, self.first_home)

    def _bounded(self, rest: FloatArray, hot: FloatArray, factor: FloatArray) -> FloatArray:
        """Let keys overflow clockwise past partitions at their bound; one key can't be parted, so it may exceed it."""
        width, fixed = self.day.width, np.zeros((self.day.width, self.day.size))
        fixed[self.first_home, self.day.members] += hot
        bound = np.minimum(factor, NO_BOUND) * (total(rest) + total(fixed)) / self.day.batch.partitions
        whole = np.where(fixed > 0, 0.0, self._heaviest(rest))
        room = np.where(self.day.real, np.maximum(bound - fixed, whole), 0.0)
        laps = np.concatenate([rest - room] * 2)  # what the last partitions pass on goes round to the first
        lap = np.add.accumulate(laps, axis=0)
        carried = lap - np.minimum(np.minimum.accumulate(lap, axis=0), 0.0)
        return np.maximum(rest + carried[width - 1 : -1] - carried[width:], 0.0)

    def _after_splits(
        self, rest: FloatArray, hot: FloatArray, split: NDArray[np.bool_]
    ) -> tuple[FloatArray, FloatArray, Ints]:
        """Where a split has been, the hot key has moved to the new site alone; without one, half the range has."""
        holds_hot = np.zeros((self.day.width, self.day.size), dtype=bool)
        holds_hot[self.first_home, self.day.members] = hot > 0
        moved = np.maximum(rest - self._heaviest(rest), 0.0) / 2 * (split & ~holds_hot)
        home = self.first_home + self.day.width * split[self.first_home, self.day.members]
        return np.concatenate([rest - moved, moved]), hot, home

    def _heaviest(self, rest: FloatArray) -> FloatArray:
        return self.heaviest / self.fan_out * total(rest)

    def _sets(self) -> list[tuple[Any, ...]]:
        seeds, partitions = (x + 0 * self.day.members for x in (self.day.batch.seeds, self.partitions))
        exponents = self.day.batch.zipf_exponent + 0 * self.day.members
        return list(zip(seeds.tolist(), exponents.tolist(), partitions.tolist(), strict=True))

    def _rest_shares(self, fan_out: FloatArray) -> FloatArray:
        wide = (fan_out + 0 * self.day.members).astype(np.int64).tolist()
        return self._by_partition(partition_shares, [(*keys, n) for keys, n in zip(self.sets, wide, strict=True)])

    def _by_partition(self, measure: Callable[..., FloatArray], members: list[tuple[Any, ...]]) -> FloatArray:
        table, keys = np.zeros((self.day.width, self.day.size)), int(self.day.batch.keys[0])
        for column, (seed, exponent, partitions, *more) in enumerate(members):
            table[:partitions, column] = measure(seed, exponent, keys, partitions, *more)
        return table

    def _copies(self) -> FloatArray:
        """Sub-keys in each of the hot key's groups."""
        p, place = self.day.batch.partitions, np.arange(len(self.first_home))[:, None]
        copies = np.where(place < p, self.salts // p + (place < self.salts % p), 0.0)
        return np.where(self.day.batch.salt_placement == 1, self._hashed_copies(), copies) if self.hashed else copies

    def _hashed_copies(self) -> FloatArray:
        copies = np.zeros(self.first_home.shape)
        for i in range(int(self.salts.max())):
            at = partition_of(slot_of(VIRAL_KEY + i, self.day.batch.seeds.astype(np.uint64)), self.partitions)
            copies[(at - self.viral_home) % self.partitions + 0 * self.day.members, self.day.members] += i < self.salts
        return copies


class Caches:
    """The pods' local caches of the hot key.

    A pod without a copy asks for one with each of its `r` reads per second, and `1 - p` of them are admitted at once; a
    retry that is admitted later brings a fresh copy, too, `late` of them per second. So a pod goes without a copy for
    ``W = 1 / (r (1 - p) + late)`` and has one for ``L = (exp(late T) - 1) / late``, T where nobody is refused.
    """

    def __init__(self, day: Day) -> None:
        self.day = day
        self.refused = np.zeros(day.size)  # p: share of the hot key's attempts refused, in the latest tick
        self.late = np.zeros(day.size)  # copies per second and pod that retries bring, over the last two backoffs
        self.reads, self.asked = np.zeros(day.size), np.ones(day.size)  # r, and the share of them that ask
        self.age = np.zeros((day.ticks, day.size))  # seconds: mean age of a copy that is read

    def misses(self, now: int, n: int, keys: Keys) -> Any:
        """Share of the hot key's reads that the pods' caches pass on: ``W / (W + L)``."""
        if not self.day.caches:
            return 1.0
        reads = self.day.at("arrival_rate", now) * keys.viral * (1.0 - keys.writes) / self.day.batch.pods
        self.reads, ttl = reads, self.day.at("cache_ttl", now)
        if not (self.refused.any() or self.late.any()):  # the same, sooner
            self.age[now : now + n], self.asked = ttl / 2, 1.0 / (1.0 + reads * ttl)
            return self.asked
        late = np.maximum(self.late, NEVER)
        renewed = np.minimum(late * ttl, 50.0)
        lasts = np.where(self.late > NEVER, np.expm1(renewed) / late, ttl)
        young = 1.0 / late - ttl / np.expm1(np.maximum(renewed, NEVER))
        self.age[now : now + n] = np.where(renewed > 1e-3, young, ttl / 2)
        self.asked = 1.0 / (1.0 + (reads * (1.0 - self.refused) + self.late) * lasts)
        return self.asked

    def learn(self, now: int, keys: Keys, refused: FloatArray, retries: int) -> None:
        """After a tick: how much is refused where the hot key lives, and how many copies come late."""
        at_home = refused[keys.home[now], self.day.members]
        if not at_home.any() and not self.late.any():
            self.refused = self.late
            return
        self.refused = total(at_home * keys.copies) / np.maximum(total(keys.copies + 0 * at_home), 1.0)
        allowed, again, late = self.day.at("max_retries", now), self.reads * self.asked, 0.0
        for k in range(retries):
            again = again * self.refused * (k < allowed)
            late = late + again * (1.0 - self.refused)
        pace = np.minimum(self.day.dt / (2.0 * self.day.batch.retry_delay), 1.0)
        self.late = self.late + (late - self.late) * pace


class Clients:
    """Who is refused comes back after a backoff, or gives up."""

    def __init__(self, day: Day) -> None:
        self.day, batch = day, day.batch
        self.retries = int(batch.highest("max_retries"))
        self.always_same = batch.highest("max_retries") == batch.lowest("max_retries")
        self.delays = [exact.lag(batch.ticks_in(batch.retry_delay * 2.0**k)) for k in range(self.retries)]  # ticks
        self.allowed = batch.at("max_retries", day.time)
        longest = int(max((np.max(delay) for delay in self.delays), default=0))
        self.back = np.zeros((self.retries, longest + 1, day.sites, day.size))  # refused lately, by number: a ring
        self.lost = np.empty((day.ticks, day.sites, day.size))  # attempts that were the last

    def send(self, now: int, fresh: FloatArray) -> list[FloatArray]:
        """First attempts, first retries, second retries, ... of one tick."""
        return [fresh, *(self._returning(k, now) for k in range(self.retries))]

    def _returning(self, k: int, now: int) -> FloatArray:
        """Retries number ``k + 1``: attempts number k refused one backoff ago."""
        row = (now - self.delays[k]) % len(self.back[k])
        return self.back[k, row] if isinstance(row, int) else self.back[k, row, :, self.day.members].T

    def give_up(self, now: int, sent: list[FloatArray], refused: FloatArray) -> None:
        """Refused attempts are lost or come back, by their number."""
        row = now % self.back.shape[1]
        if self.always_same:
            np.multiply(sent[-1], refused, out=self.lost[now])
            for k in range(self.retries):
                np.multiply(sent[k], refused, out=self.back[k, row])
            return
        allowed = self.day.at("max_retries", now)
        self.lost[now] = 0.0
        for k, attempts in enumerate(sent):
            self.lost[now] += attempts * (refused * (k >= allowed))
            if k < self.retries:
                np.multiply(attempts, refused * (k < allowed), out=self.back[k, row])


class Partitions:
    """Every site: its queue, what it is asked and what it refuses."""

    def __init__(self, day: Day) -> None:
        self.limit, self.cost = day.batch.queue_limit, day.batch.rejection_cost
        self.extra_work = self.cost / (1.0 - self.cost)  # refused because refusing others has cost work
        self.able, self.dips, self.rated = day.able, day.dips, day.rated
        self.tight = self.limit * self.limit < 2.0 * self.rated  # queues that a tick's chance alone fills and empties
        self.any_tight = self.tight.any(axis=1).tolist()
        self.fresh, self.attempts = (np.empty((day.ticks, day.sites, day.size)) for _ in range(2))  # operations asked
        self.refused = np.empty((day.ticks, day.sites, day.size))  # share of the attempts
        self.queue = np.zeros((day.ticks + 1, day.sites, day.size))  # work that the next one meets, itself included

    def ask(self, now: int, sent: list[FloatArray]) -> None:
        """What each site is asked in one tick, first attempts and retries."""
        attempts = self.attempts[now]
        attempts[:] = sent[0]
        for returning in sent[1:]:
            attempts += returning

    def admit(self, now: int) -> None:
        """One tick of every partition: the queue moves, and what does not fit is refused."""
        attempts, able = self.attempts[now], self.able[now]
        net = attempts - able
        lowest = 0.5 * (net + np.sqrt(net * net + self.dips[now]))  # if it ran empty within the tick
        queue = np.maximum(self.queue[now] + net, lowest)
        over = np.maximum(queue - self.limit, 0.0)
        np.minimum(queue, self.limit, out=self.queue[now + 1])
        over += np.minimum(over * self.extra_work, MOST_SPENT_REJECTING * able)  # refusing is work
        np.minimum(over / np.maximum(attempts, 1e-9), 1.0, out=self.refused[now])

    def admit_tightly(self, now: int) -> None:
        """Refuse what a queue far shorter than a tick's work does: M/M/1/K's share, the tick being long for it."""
        attempts, able, rated = self.attempts[now], self.able[now], self.rated[now]
        over = overflow(attempts, able, self.limit, rated)
        spent = np.minimum(self.cost * over, MOST_SPENT_REJECTING * able)
        more = overflow(attempts, able - spent, self.limit, rated) - over  # had refusing them been work
        grows = np.minimum(more / np.maximum(spent, 1e-9), 1.0)
        over = np.minimum(over / (1.0 - self.cost * grows), over + MOST_SPENT_REJECTING * able)
        share = np.minimum(over / np.maximum(attempts, 1e-9), 1.0)
        self.refused[now] = np.where(self.tight[now], share, self.refused[now])


def overflow(asked: FloatArray, able: FloatArray, limit: FloatArray, rated: FloatArray) -> FloatArray:
    """Operations that a queue of `limit` turns away in a tick in which it could be filled many times over.

    M/M/1/K's blocking at the tick's own counts, less what their scatter adds to a bent curve.

    Examples
    --------
    >>> full = overflow(np.array([800.0, 1000.0, 1700.0]), np.array([1000.0]), np.array([1.0]), np.array([1000.0]))
    >>> (full / np.array([800.0, 1000.0, 1700.0])).round(2).tolist()
    [0.44, 0.5, 0.63]
    """
    load = np.log(np.maximum(asked, 1e-9) / np.maximum(able, 1e-9))
    steep = np.where(np.abs(load) < 1e-6, 1e-6, load)
    down = -np.abs(steep)
    share = np.expm1(down) / np.expm1((limit + 1.0) * down) * np.where(steep < 0, np.exp(limit * down), 1.0)
    x = np.maximum(np.abs(asked - able) * limit / rated, 0.05)
    u = np.exp(-x)
    bend = u * ((x - 2.0) + (x + 2.0) * u) / (1.0 - u) ** 3
    return np.maximum(asked * share - limit * bend, 0.0)


class Store:
    """The store that watches its partitions, and splits one that has been overloaded for long enough."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.overloaded = np.zeros((day.width, day.size))  # ticks in a row
        self.has_split = np.zeros((day.width, day.size), dtype=bool)
        self.history = np.zeros((day.ticks, day.width, day.size), dtype=bool) if day.splits else None

    def open(self, now: int) -> None:
        """A site that a split makes can work from the split on."""
        twins = slice(self.day.width, None)
        self.day.able[now, twins] *= self.has_split
        self.day.dips[now, twins] *= self.has_split

    def watch(self, now: int, attempts: FloatArray) -> None:
        """After a tick: which partitions are due."""
        full = attempts[: self.day.width] > self.day.rated[now]
        self.overloaded = np.where(full & self.day.real, self.overloaded + 1, 0)
        due = self.overloaded * self.day.dt >= self.day.batch.split_delay - 1e-9
        self.has_split = self.has_split | (due & (self.day.at("split", now) == 1))
        self.history[now] = self.has_split


# -- where the ordinary keys live ------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=64)
def _popularity(keys: int, exponent: float) -> FloatArray:
    return zipf_shares(keys, exponent)


@functools.lru_cache(maxsize=64)
def _slots(seed: int, keys: int) -> NDArray[np.int64]:
    return slot_of(np.arange(keys), seed)


@functools.lru_cache(maxsize=1024)
def _share_before_slot(seed: int, exponent: float, keys: int) -> FloatArray:
    shares = np.bincount(_slots(seed, keys), weights=_popularity(keys, exponent), minlength=SLOTS)
    return np.concatenate([[0.0], np.add.accumulate(shares)])


@functools.lru_cache(maxsize=1024)
def _first_key(seed: int, keys: int) -> NDArray[np.int64]:
    first = np.full(SLOTS, keys)
    np.minimum.at(first, _slots(seed, keys), np.arange(keys))
    return first


def partition_shares(seed: int, exponent: float, keys: int, partitions: int, salts: int = 1) -> FloatArray:
    """Share of the ordinary keys' requests on each partition, shape (partitions,); `salts` when every key is salted."""
    shares = np.diff(_share_before_slot(seed, exponent, keys)[slot_edges(partitions)])
    if salts == 1:
        return shares
    whole, part = divmod(salts, partitions)
    laps = np.add.accumulate(np.concatenate([[0.0], shares, shares]))
    over = laps[partitions + 1 :] - laps[partitions + 1 - part : 2 * partitions + 1 - part]
    return (whole * laps[partitions] + over) / salts


def heaviest_keys(seed: int, exponent: float, keys: int, partitions: int) -> FloatArray:
    """Share of the most popular ordinary key on each partition, shape (partitions,)."""
    first = np.minimum.reduceat(_first_key(seed, keys), slot_edges(partitions)[:-1])
    return np.append(_popularity(keys, exponent), 0.0)[first]
