"""Hot partitions: one key goes viral, its partition melts, and the rest of the fleet idles.

Keys are hashed to partitions; each partition has a capacity of its own and a queue of its own. A key lives in exactly
one partition, so its load can't spread: adding partitions adds capacity everywhere but there. Throttled clients retry,
and rejecting them costs the partition a little work each time, so the hot partition does *less* the more it is asked.

How it is computed. Time runs in ticks of a second, on arrays of (partitions, members). A tick of a partition is one
step of a reflected walk: what is asked less what it can do, its queue held between nothing and its limit. The lowest
point of the walk *within* the tick is drawn too (of a Brownian bridge: Asmussen, Glynn and Pitman 1995), so the queue
of a partition that is only nearly full has the right law (M/M/1: exponential, mean 1 / (mu - lambda)) although a
second is long for it. Throttled operations come back after their backoff: a look back into earlier ticks. Whose
operations they were is told apart after the run: within a partition and tick all are admitted alike.

Assumptions. A fluid of operations with Poisson noise, one unit of work each, read or write. Capacity is *per partition*
and fixed: more partitions are more capacity. A request counts as answered when its operations are admitted (an admitted
operation is served, first come first served). Clients miss their backoff by up to half a tick either way (without that,
those throttled together come back together, and up to 2 % fewer attempts are made). A retry goes where its first
attempt went, even after a split. Sub-reads of one logical read succeed independently. A split takes effect at once
after its delay; the local cache holds the hot key alone; bounded loads move whole keys at once, by expected load.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.models import exact, noise, simulation
from course_lib.models.exact import cumulative, later, power, ratio, total
from course_lib.models.parameters import ParameterSet, choice, fixed, scheduled, swept
from course_lib.models.recovery import trigger_events
from course_lib.models.schedule import window
from course_lib.models.simulation import Batch, Model
from course_lib.models.trace import Curves, FloatArray, Record, Signal, State, Trace
from course_lib.theory.hashing import MOST_SPENT_REJECTING, SLOTS, partition_of, slot_edges, slot_of, zipf_shares

VIRAL_KEY = 1 << 40  # a key that is not among the Zipf keys
LANE = 32  # partitions that share one stream of noise
BLOCK = 65536  # ticks x partitions x members whose arrivals are drawn together, so that they stay in a core's cache
PIECE = 8192  # partitions x members run together
NO_BOUND = 1024.0  # times the mean: more than any partition can take
FASTEST, OCTAVES, HALVINGS = 2.0**-11, 18, 11  # latencies are found by bisection between 0.5 ms and 128 s, to 1 %


@dataclasses.dataclass(frozen=True)
class Parameters(ParameterSet):
    """Parameters of the hot partition; see each field's metadata for range, unit and source."""

    # fmt: off
    arrival_rate: Any = scheduled(20_000.0, "requests/s", 0, 1e6, "λ",
        "logical requests per second over all keys", "chosen: five eighths of 32 partitions' capacity")
    partitions: Any = swept(32, "partitions", 1, 512, "P",
        "equal ranges of the hash; each brings its own capacity", "chosen", integer=True, by="operator")
    partition_capacity: Any = scheduled(1000.0, "operations/s", 1, 1e5, "c",
        "what one partition works through",
        "DynamoDB: 1000 write units/s; Kinesis: 1000 records/s, per partition or shard", by="operator")
    zipf_exponent: Any = swept(0.6, "", 0, 1.5, "s",
        "skew of the ordinary keys' popularity", "Breslau et al. 1999: 0.6 to 1.1 for web objects")
    keys: Any = fixed(100_000, "keys", 1, 1e6, "K",
        "ordinary keys", "chosen", integer=True)
    write_share: Any = scheduled(0.9, "of requests", 0, 1, "w",
        "writes among requests: likes, votes, events", "chosen: a counter's mix")
    viral_start: Any = swept(60.0, "s", 0, 1e5, "t₀",
        "when one key goes viral", "chosen")
    viral_duration: Any = swept(180.0, "s", 0, 1e5, "d",
        "for how long it is viral", "chosen")
    viral_share: Any = scheduled(0.1, "of requests", 0, 1, "v",
        "share of all requests that go to the viral key; the total stays the same", "chosen")
    queue_limit: Any = swept(1000.0, "operations", 1, 1e6, "q̂",
        "operations a partition's queue holds; more are throttled", "chosen: one second of capacity", by="operator")
    max_retries: Any = scheduled(3, "retries", 0, 10, "R",
        "tries after a throttled attempt",
        "3 retries is a common setting; SRE book ch. 21 caps at 3 attempts", integer=True, by="operator")
    retry_delay: Any = swept(1.0, "s", 0.1, 60, "b",
        "backoff before the first retry; doubles with each", "chosen", by="operator")
    rejection_cost: Any = swept(0.05, "of an operation", 0, 0.5, "κ",
        "work that throttling one attempt costs the partition", "chosen; SRE book ch. 21: rejecting is not free")
    salts: Any = scheduled(1, "sub-keys", 1, 512, "N",
        "sub-keys of a salted key: a write goes to one, a read asks all", "1: unsalted", integer=True, by="operator")
    salted: Any = choice("hot", ("hot", "every"),
        "which keys are salted", "write sharding, both variants", kind="scheduled")
    salt_placement: Any = choice("spread", ("spread", "hashed"),
        "sub-keys on neighbouring partitions, or wherever their hash falls (some fall together)",
        "explicit hash keys against hashed suffixes")
    cache_ttl: Any = scheduled(0.0, "s", 0, 3600, "T",
        "how long each pod's local cache keeps the hot key; 0 is no cache", "off by default", by="operator")
    pods: Any = swept(50, "pods", 1, 1e4, "n",
        "client pods with a cache each", "chosen", integer=True, by="operator")
    bounded_load: Any = scheduled(np.inf, "of the mean", 1.01, np.inf, "ε",
        "consistent hashing with bounded loads: no partition above this; whole keys overflow to the next",
        "off by default; Envoy and HAProxy: 1.25 to 1.5", by="operator")
    split: Any = choice("off", ("off", "on"),
        "split for heat: isolate the hot key, or halve the range", "DynamoDB adaptive capacity", kind="scheduled")
    split_delay: Any = swept(60.0, "s", 1, 3600, "h",
        "overload that the store watches before it splits", "chosen: it acts by itself after a while", by="operator")
    dt: Any = fixed(1.0, "s", 0.1, 10, "Δ",
        "length of a tick", "one second")
    # fmt: on


def simulate(
    parameters: Parameters | None = None,
    seed: ArrayLike = 0,
    *,
    until: float,
    state: State | None = None,
    record: Record | None = None,
) -> Trace:
    """Run a hot partition for `until` seconds; see `simulation.simulate` for batches, records and resuming.

    Examples
    --------
    >>> viral = simulate(Parameters(partitions=[32, 64]), seed=7, until=120)
    >>> viral["goodput"].shape, (viral["hottest_utilisation"][-1] > 0.99).tolist()
    ((120, 2), [True, True])
    """
    return simulation.simulate(MODEL, parameters or Parameters(), seed, until=until, state=state, record=record)


class Run:
    """One batch on its way through time. Histories have shape (ticks, sites, members).

    A site is a partition; with splits, a second half of sites are the partitions that splits make. Ragged partition
    counts are padded: a site that a member does not have is asked nothing and can do nothing. The hot key's sub-keys
    have an axis of their own, each group of sub-keys with its `home` site.
    """

    def __init__(self, batch: Batch, ticks: int, width: int | None = None) -> None:
        self.batch, self.ticks, self.members = batch, ticks, np.arange(batch.size)
        self.width = width or int(batch.highest("partitions"))
        self.splits, self.caches = batch.highest("split") > 0, batch.highest("cache_ttl") > 0
        self.bounds = bool(np.isfinite(batch.lowest("bounded_load")))
        self.sites = self.width * (1 + self.splits)
        self.time = np.arange(ticks) * batch.dt
        self.real = np.arange(self.width)[:, None] < batch.partitions
        self._set_retries()
        self._set_keys()
        self._set_histories()
        self._draw_noise()

    def go(self) -> Run:
        """Run all ticks, block by block: what is asked in the block, then each tick's admission."""
        for now, n in self._blocks():
            if now in self.changes:
                self.place(now)
            self.arrive(now, n)
            for tick in range(now, now + n):
                self.admit(tick)
        return self

    def _blocks(self) -> Iterator[tuple[int, int]]:
        length = 1 if self.splits or self.caches else max(BLOCK // (self.sites * self.batch.size), 8)
        edges = sorted({*self.changes, *range(0, self.ticks, length), self.ticks})
        return ((now, after - now) for now, after in itertools.pairwise(edges))

    # -- what is asked -----------------------------------------------------------------------------------------------

    def place(self, now: int) -> None:
        """Where keys live from this tick on, until a schedule changes again."""
        self.viral, self.writes, self.salts = self._viral(now)[0], self._at("write_share", now), self._at("salts", now)
        fan_out = np.where(self._at("salted", now) == 1, self.salts, 1.0)
        if self.fan_out is None or not np.array_equal(fan_out, self.fan_out):
            self.fan_out, self.shares = fan_out, self._rest_shares(fan_out)
        self.copies = self._copies()

    def arrive(self, now: int, n: int) -> None:
        """First attempts at every site in `n` ticks, and the hot key's part in them."""
        rows = slice(now, now + n)
        asked = self._misses(now)
        rest, hot, home = self._weigh(now, asked)
        weights = rest + np.zeros(self.batch.size)
        weights[home, self.members] += hot
        rate = self.batch.at("arrival_rate", self.time[rows]) * self.batch.dt
        self.fresh[rows] = noise.poisson(self.arrival_noise[rows], rate[:, None] * weights)
        self.home[rows], self.hot_part[rows] = home, ratio(hot, weights[home, self.members])
        self.copied[rows] = self.copies
        seen = {"offered": rate, "viral": self.viral, "writes": self.writes, "salts": self.salts}
        for name, value in {**seen, "fan_out": self.fan_out, "asked": asked}.items():
            self.seen[name][rows] = value

    def _weigh(self, now: int, asked: Any) -> tuple[FloatArray, FloatArray, NDArray[np.int64]]:
        """Operations per request: the other keys' by site, the hot key's by sub-key, and the sub-keys' sites."""
        hot = self.viral * (self.writes / self.salts + (1.0 - self.writes) * asked) * self.copies
        rest = (1.0 - self.viral) * (self.writes + (1.0 - self.writes) * self.fan_out) * self.shares
        if self.bounds:
            rest = self._bounded(rest, hot, self._at("bounded_load", now))
        return self._after_splits(rest, hot, now) if self.splits else (rest, hot, self.first_home)

    def _misses(self, now: int) -> Any:
        """Share of the hot key's reads that the pods' caches pass on: ``1 / (1 + r T)``, r a pod's good reads/s."""
        if not self.caches:
            return 1.0
        reads = self._at("arrival_rate", now) * self.viral * (1.0 - self.writes) / self.batch.pods
        return 1.0 / (1.0 + self.filled * reads * self._at("cache_ttl", now))

    def _bounded(self, rest: FloatArray, hot: FloatArray, factor: FloatArray) -> FloatArray:
        """Let keys overflow clockwise past partitions at their bound; one key can't be parted, so it may exceed it."""
        fixed = np.zeros((self.width, self.batch.size))
        fixed[self.first_home, self.members] += hot
        bound = np.minimum(factor, NO_BOUND) * (total(rest) + total(fixed)) / self.batch.partitions
        whole = np.where(fixed > 0, 0.0, self._heaviest(rest))
        room = np.where(self.real, np.maximum(bound - fixed, whole), 0.0)
        laps = np.concatenate([rest - room] * 2)  # what the last partitions pass on goes round to the first
        lap = np.add.accumulate(laps, axis=0)
        carried = lap - np.minimum(np.minimum.accumulate(lap, axis=0), 0.0)
        return np.maximum(rest + carried[self.width - 1 : -1] - carried[self.width :], 0.0)

    def _after_splits(
        self, rest: FloatArray, hot: FloatArray, now: int
    ) -> tuple[FloatArray, FloatArray, NDArray[np.int64]]:
        """Where a split has been, the hot key has moved to the new site alone; without one, half the range has."""
        twins = slice(self.width, None)
        self.able[now, twins] *= self.has_split
        self.dips[now, twins] *= self.has_split
        holds_hot = np.zeros((self.width, self.batch.size), dtype=bool)
        holds_hot[self.first_home, self.members] = hot > 0
        moved = np.maximum(rest - self._heaviest(rest), 0.0) / 2 * (self.has_split & ~holds_hot)
        home = self.first_home + self.width * self.has_split[self.first_home, self.members]
        return np.concatenate([rest - moved, moved]), hot, home

    def _heaviest(self, rest: FloatArray) -> FloatArray:
        return self.heaviest / self.fan_out * total(rest)

    # -- what is admitted --------------------------------------------------------------------------------------------

    def admit(self, now: int) -> None:
        """One tick at every site: retries come back, the queue moves, the rest is throttled."""
        attempts, able, refused = self.attempts[now], self.able[now], self.refused[now]
        sent = [self.fresh[now]] + [self._returning(k, now) for k in range(self.retries)]
        attempts[:] = sent[0]
        for returning in sent[1:]:
            attempts += returning
        net = attempts - able
        lowest = 0.5 * (net + np.sqrt(net * net + self.dips[now]))  # if it ran empty within the tick
        queue = np.maximum(self.queue[now] + net, lowest)
        over = np.maximum(queue - self.batch.queue_limit, 0.0)
        np.subtract(queue, over, out=self.queue[now + 1])
        over += np.minimum(over * self.extra_work, MOST_SPENT_REJECTING * able)
        np.divide(over, np.maximum(attempts, 1e-9), out=refused)
        self._give_up(sent, refused, now)
        if self.splits or self.caches:
            self._learn(now)

    def _returning(self, k: int, now: int) -> FloatArray:
        """Retries number ``k + 1``: attempts number k refused one backoff ago."""
        row = (now - self.delays[k]) % len(self.back[k])
        return self.back[k, row] if isinstance(row, int) else self.back[k, row, :, self.members].T

    def _give_up(self, sent: list[FloatArray], refused: FloatArray, now: int) -> None:
        """Refused attempts are lost or come back, by their number."""
        row = now % self.back.shape[1]
        if self.same_retries:
            np.multiply(sent[-1], refused, out=self.lost[now])
            for k in range(self.retries):
                np.multiply(sent[k], refused, out=self.back[k, row])
            return
        allowed = self._at("max_retries", now)
        self.lost[now] = 0.0
        for k, attempts in enumerate(sent):
            self.lost[now] += attempts * (refused * (k >= allowed))
            if k < self.retries:
                np.multiply(attempts, refused * (k < allowed), out=self.back[k, row])

    def _learn(self, now: int) -> None:
        """After a tick: how well the caches' fills succeed, which partitions have been overloaded for long enough."""
        refused = self.refused[now][self.home[now], self.members]
        lost, allowed = refused, self._at("max_retries", now)
        for k in range(self.retries):
            lost = lost * np.where(k < allowed, refused, 1.0)
        self.filled = 1.0 - total(lost * self.copies) / np.maximum(total(self.copies + 0 * lost), 1.0)
        if self.splits:
            full = self.attempts[now, : self.width] > self.rated[now]
            self.overloaded = np.where(full & self.real, self.overloaded + 1, 0)
            due = self.overloaded * self.batch.dt >= self.batch.split_delay - 1e-9
            self.has_split = self.has_split | (due & (self._at("split", now) == 1))
            self.split_history[now] = self.has_split

    # -- set-up ------------------------------------------------------------------------------------------------------

    def _set_retries(self) -> None:
        batch = self.batch
        self.retries = int(batch.highest("max_retries"))
        self.same_retries = batch.highest("max_retries") == batch.lowest("max_retries")
        self.delays = [exact.lag(batch.ticks_in(batch.retry_delay * 2.0**k)) for k in range(self.retries)]
        self.allowed = batch.at("max_retries", self.time)
        self.extra_work = batch.rejection_cost / (1.0 - batch.rejection_cost)

    def _set_keys(self) -> None:
        batch, p = self.batch, self.batch.partitions.astype(np.int64)
        self.hashed = batch.highest("salt_placement") == 1
        groups = self.width if self.hashed else min(self.width, int(batch.highest("salts")))
        place, seeds = np.arange(groups)[:, None], batch.seeds.astype(np.uint64)
        self.viral_home = partition_of(slot_of(VIRAL_KEY, seeds), p)
        self.first_home = np.where(place < p, (self.viral_home + place) % p, place) + 0 * self.members
        wide = [x + 0 * self.members for x in (batch.seeds, p)]
        exponents = batch.zipf_exponent + 0 * self.members
        self.key_sets = list(zip(wide[0].tolist(), exponents.tolist(), wide[1].tolist(), strict=True))
        self.fan_out: FloatArray | None = None
        self.heaviest = self._by_partition(heaviest_keys, self.key_sets) if self.bounds or self.splits else None
        self.changes = self._changes()

    def _changes(self) -> set[int]:
        names = ("viral_share", "write_share", "salts", "salted", "bounded_load", "cache_ttl")
        rows = [self._viral(0, self.ticks), *(self.batch.at(name, self.time) for name in names[1:])]
        changed = [1 + np.flatnonzero((row[1:] != row[:-1]).any(axis=1)) for row in rows]
        return {0, *np.concatenate(changed).tolist()}

    def _set_histories(self) -> None:
        ticks, size, groups = self.ticks, self.batch.size, len(self.first_home)
        self.fresh, self.attempts, self.refused, self.lost = (np.empty((ticks, self.sites, size)) for _ in range(4))
        self.queue = np.zeros((ticks + 1, self.sites, size))
        longest = int(max((np.max(delay) for delay in self.delays), default=0))
        self.back = np.zeros((self.retries, longest + 1, self.sites, size))  # a ring of the latest ticks
        self.home = np.empty((ticks, groups, size), dtype=np.int64)
        self.hot_part, self.copied = np.empty((ticks, groups, size)), np.empty((ticks, groups, size))
        names = ("offered", "viral", "writes", "salts", "fan_out", "asked")
        self.seen = {name: np.empty((ticks, size)) for name in names}
        self.filled, self.overloaded = np.ones(size), np.zeros((self.width, size))
        self.has_split = np.zeros((self.width, size), dtype=bool)
        self.split_history = np.zeros((ticks, self.width, size), dtype=bool) if self.splits else None

    def _draw_noise(self) -> None:
        rated = self.batch.at("partition_capacity", self.time) * self.batch.dt
        self.rated, rated = np.broadcast_to(rated, (self.ticks, self.batch.size)), rated[:, None]
        distinct, column = np.unique(self.batch.seeds, return_inverse=True)
        if rated.shape[2] > 1 or self.batch.seeds.size == 1:  # otherwise members of one seed share its draws
            distinct, column = self.batch.seeds, np.arange(max(self.batch.seeds.size, rated.shape[2]))
        able = noise.poisson(self._by_site(noise.normal, "service", distinct), rated)
        dips = 4.0 * rated * self._by_site(noise.exponential, "dips", distinct)
        real = np.concatenate([self.real] * (1 + self.splits))
        self.able, self.dips = able[:, :, column] * real, dips[:, :, column] * real
        self.arrival_noise = self._by_site(noise.normal, "arrivals", self.batch.seeds)

    def _by_site(self, draw: Callable[..., FloatArray], stream: str, seeds: NDArray[np.int64]) -> FloatArray:
        """Draws (ticks, sites, seeds) that depend on seed, site and tick alone."""
        halves = (stream, f"split {stream}")[: 1 + self.splits]
        return np.concatenate([_lanes(draw, seeds, half, self.ticks, self.width) for half in halves], axis=1)

    # -- small reads -------------------------------------------------------------------------------------------------

    def _at(self, name: str, now: int) -> FloatArray:
        return self.batch.at(name, self.time[now : now + 1])[0]

    def _viral(self, now: int, n: int = 1) -> FloatArray:
        time = self.time[now : now + n]
        lasts = window(self.batch.viral_start, self.batch.viral_duration, 1.0, 0.0)
        return lasts.at(time) * self.batch.at("viral_share", time)

    def _rest_shares(self, fan_out: FloatArray) -> FloatArray:
        wide = (fan_out + 0 * self.members).astype(int).tolist()
        return self._by_partition(partition_shares, [(*keys, n) for keys, n in zip(self.key_sets, wide, strict=True)])

    def _by_partition(self, measure: Callable[..., FloatArray], members: list[tuple[Any, ...]]) -> FloatArray:
        table = np.zeros((self.width, self.batch.size))
        for column, (seed, exponent, partitions, *more) in enumerate(members):
            table[:partitions, column] = measure(seed, exponent, int(self.batch.keys[0]), partitions, *more)
        return table

    def _copies(self) -> FloatArray:
        """Sub-keys at each of the hot key's homes."""
        p, place = self.batch.partitions, np.arange(len(self.first_home))[:, None]
        copies = np.where(place < p, self.salts // p + (place < self.salts % p), 0.0)
        return np.where(self.batch.salt_placement == 1, self._hashed_copies(), copies) if self.hashed else copies

    def _hashed_copies(self) -> FloatArray:
        p, copies = self.batch.partitions.astype(np.int64), np.zeros(self.first_home.shape)
        for i in range(int(self.salts.max())):
            at = partition_of(slot_of(VIRAL_KEY + i, self.batch.seeds.astype(np.uint64)), p)
            copies[(at - self.viral_home) % p + 0 * self.members, self.members] += i < self.salts
        return copies


def _lanes(
    draw: Callable[..., FloatArray], seeds: NDArray[np.int64], stream: str, ticks: int, count: int
) -> FloatArray:
    lanes = range(-(-count // LANE))
    drawn = [draw(seeds, f"{stream} {lane}", ticks * LANE).reshape(ticks, LANE, -1) for lane in lanes]
    return (drawn[0] if len(drawn) == 1 else np.concatenate(drawn, axis=1))[:, :count]


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


# -- what a run shows ------------------------------------------------------------------------------------------------


class Flows:
    """A finished run, told apart by whose operations they were; arrays (ticks, members), the hot key's by sub-key."""

    def __init__(self, run: Run) -> None:
        self.run, seen = run, run.seen
        self.attempts, self.rejected = _over(run.attempts), _over(run.attempts * run.refused)
        self.fresh = _over(run.fresh)
        self._follow_hot_key()
        hot_good, hot_lost = _over(self.hot_good), _over(self.hot_lost)
        good = np.maximum(self.attempts - self.rejected - hot_good, 0.0)
        lost = np.maximum(_over(run.lost) - hot_lost, 0.0)
        self.rest = _answered(good, lost, _part(seen["writes"], seen["fan_out"]), seen["fan_out"])
        self.hot = self._hot_answered(hot_good, hot_lost)

    def _follow_hot_key(self) -> None:
        """The hot key's attempts, tick by tick and retry by retry, at its sites."""
        run = self.run
        refused, fresh = at_home(run, run.refused), at_home(run, run.fresh) * run.hot_part
        self.hot_attempts, self.hot_good, self.hot_lost = (np.zeros_like(fresh) for _ in range(3))
        for k, sent in enumerate(attempts_by_number(run, fresh, refused)):
            self.hot_attempts += sent
            self.hot_good += sent * (1.0 - refused)
            self.hot_lost += sent * refused * (k >= run.allowed)[:, None]

    def _hot_answered(self, good: FloatArray, lost: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The hot key's requests answered and failed: a read needs all its sub-keys, or a cache."""
        seen = self.run.seen
        part = ratio(seen["writes"], seen["writes"] + (1.0 - seen["writes"]) * seen["asked"] * seen["salts"])
        found = ratio(self.hot_good, self.hot_good + self.hot_lost, empty=1.0)
        all_found = power(found[:, 0], self.run.copied[:, 0])
        for place in range(1, found.shape[1]):
            all_found = all_found * power(found[:, place], self.run.copied[:, place])
        reads = (good + lost) * (1.0 - part) / seen["salts"]
        cached = seen["offered"] * seen["viral"] * (1.0 - seen["writes"]) * (1.0 - seen["asked"])
        return good * part + reads * all_found + cached, lost * part + reads * (1.0 - all_found)


def _answered(
    good: FloatArray, lost: FloatArray, part: FloatArray, fan_out: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Requests answered and failed; `part` of the operations are writes, the others reads in `fan_out` pieces."""
    all_found = power(ratio(good, good + lost, empty=1.0), fan_out)
    reads = (good + lost) * (1.0 - part) / fan_out
    return good * part + reads * all_found, lost * part + reads * (1.0 - all_found)


def _part(writes: FloatArray, fan_out: FloatArray) -> FloatArray:
    return ratio(writes, writes + (1.0 - writes) * fan_out)


def _over(by_site: FloatArray) -> FloatArray:
    """Sum (ticks, sites, members) over sites."""
    return total(by_site, axis=1)


def attempts_by_number(run: Run, fresh: FloatArray, refused: FloatArray) -> Iterator[FloatArray]:
    """First attempts, first retries, ... of a stream (ticks, sites, members) that meets these refusals."""
    sent = fresh
    for k, delay in enumerate(run.delays):
        yield sent
        sent = later(sent * refused * (k < run.allowed)[:, None], delay)
    yield sent


def at_home(run: Run, by_site: FloatArray) -> FloatArray:
    """What the hot key's sub-keys meet at their sites, shape (ticks, sub-keys, members)."""
    if not run.splits:
        return np.broadcast_to(by_site, run.attempts.shape)[:, run.first_home, run.members]
    return np.broadcast_to(by_site, run.attempts.shape)[np.arange(run.ticks)[:, None, None], run.home, run.members]


class Source:
    """The finished runs behind a batch's curves: kept when there is one, made again when there are many."""

    def __init__(self, batch: Batch, ticks: int) -> None:
        self.batch, self.ticks, self.width = batch, ticks, int(batch.highest("partitions"))
        self.kept: Run | None = None
        self.loads: dict[str, FloatArray] = {}

    def runs(self) -> Iterator[Run]:
        """The runs in the order of their members."""
        if self.kept is not None:
            yield self.kept
            return
        pieces = list(self.batch.chunks(max(PIECE // self.width, 1)))
        for _, piece in pieces:
            run = Run(piece, self.ticks, self.width).go()
            self.kept = run if len(pieces) == 1 else None
            yield run

    def load(self, name: str) -> FloatArray:
        """One of the curves over all partitions, which are made together when the first is read."""
        self.loads = self.loads or self.read(_load)
        return self.loads[name]

    def read(self, measure: Callable[[Run], dict[str, FloatArray]]) -> dict[str, FloatArray]:
        """Measures of all members, joined on the last axis."""
        parts = [measure(run) for run in self.runs()]
        return {name: np.concatenate([part[name] for part in parts], axis=-1) for name in parts[0]}


def _curves(batch: Batch, ticks: int) -> Curves:
    source = Source(batch, ticks)
    curves = Curves(batch.dt, source.read(_answers), {name: functools.partial(source.load, name) for name in LOAD})
    curves.source = source
    return curves


def _answers(run: Run) -> dict[str, FloatArray]:
    """Curves (ticks + 1, members) of what was asked and answered."""
    flows, seen, step = Flows(run), run.seen, run.batch.dt
    reads = seen["offered"] * (1.0 - seen["writes"])
    hot_reads = reads * seen["viral"]
    sums = {
        "offered": seen["offered"],
        "good": flows.hot[0] + flows.rest[0],
        "failed": flows.hot[1] + flows.rest[1],
        "hot_good": flows.hot[0],
        "hot_failed": flows.hot[1],
        "rest_good": flows.rest[0],
        "rest_failed": flows.rest[1],
        "operations": flows.fresh,
        "attempts": flows.attempts,
        "rejected": flows.rejected,
        "hot_attempts": _over(flows.hot_attempts),
        "hot_rejected": _over(flows.hot_attempts - flows.hot_good),
        "reads": reads,
        "lookups": (reads - hot_reads) * seen["fan_out"] + hot_reads * seen["asked"] * seen["salts"],
        "staleness": (1.0 - seen["asked"]) * run.batch.at("cache_ttl", run.time) / 2 * step,
    }
    return {name: cumulative(flow) for name, flow in sums.items()} | {"sites": _sites(run)}


LOAD = ("worked", "able", "busiest", "skew", "queue", "longest_queue")


def _load(run: Run) -> dict[str, FloatArray]:
    """Curves (ticks + 1, members) of the partitions' load; `busiest` and `skew` add up, so that a rate is a mean."""
    busy, sites, step = busy_by_site(run), _sites(run), run.batch.dt
    sums = {
        "worked": _over(busy),
        "able": run.rated * sites[1:],
        "busiest": np.minimum(busy.max(axis=1) / run.rated, 1.0) * step,
        "skew": ratio(run.fresh.max(axis=1) * sites[1:], _over(run.fresh), empty=1.0) * step,
    }
    levels = {"queue": _over(run.queue), "longest_queue": run.queue.max(axis=1)}
    return {name: cumulative(flow) for name, flow in sums.items()} | levels


def _sites(run: Run) -> FloatArray:
    """Partitions at each instant, with those that splits have made."""
    sites = np.zeros((run.ticks + 1, run.batch.size)) + run.batch.partitions
    if run.splits:
        sites[1:] += run.split_history.sum(axis=1)
    return sites


def busy_by_site(run: Run) -> FloatArray:
    """Work done in each tick at each site, serving and rejecting, (ticks, sites, members)."""
    rejected = run.attempts * run.refused
    served = run.queue[:-1] - run.queue[1:]
    served += run.attempts
    served -= rejected
    served += np.minimum(rejected * run.batch.rejection_cost, MOST_SPENT_REJECTING * run.able)
    return np.minimum(np.maximum(served, 0.0, out=served), run.able, out=served)


# -- latency ---------------------------------------------------------------------------------------------------------


class Waits:
    """How long operations take from their first attempt, at some sites: a share late for any number of seconds.

    Within a tick a first attempt meets the queue of the walk: ``P(queue > y) = exp(-y (y - net) / (c dt))`` above where
    the tick would end without its reflection, which for a partition with room is M/M/1's exponential sojourn. A retry
    is met only where the queue is long: its wait is the queue's length.
    """

    def __init__(self, run: Run, pick: Callable[[FloatArray], FloatArray]) -> None:
        batch, attempts = run.batch, pick(run.attempts)
        spent = np.minimum(run.attempts * run.refused * batch.rejection_cost, MOST_SPENT_REJECTING * run.able)
        self.scale, self.limit = run.rated, batch.queue_limit
        self.drain = (run.rated[:, None] - pick(spent)) / batch.dt
        self.net = attempts - pick(run.able)
        self.floor = pick(run.queue[:-1]) + self.net
        self.wait = pick(run.queue[1:]) / self.drain
        sent = attempts_by_number(run, pick(run.fresh), pick(run.refused))
        self.retried = [ratio(retries, attempts) for k, retries in enumerate(sent) if k]
        self.first = 1.0 - functools.reduce(np.add, self.retried, np.zeros_like(attempts))
        self.any_retried = (self.first < 1.0).any(axis=(0, 2))
        self.before = list(itertools.accumulate(delay * batch.dt for delay in run.delays))

    def late(self, seconds: FloatArray, site: int) -> FloatArray:
        """Share of the operations at one site that take longer than `seconds`, both (ticks, members)."""
        y = seconds * self.drain[:, site]
        late = np.exp(np.minimum(y * (self.net[:, site] - y) / self.scale, 0.0))
        late = np.where(y < self.floor[:, site], 1.0, late) * (y < self.limit)
        if self.any_retried[site]:
            late *= self.first[:, site]
            for share, before in zip(self.retried, self.before, strict=True):
                late += share[:, site] * (self.wait[:, site] + before > seconds)
        return late


def _latency(curves: Curves, of: Callable[[Run], Callable[[FloatArray], FloatArray]], quantile: float) -> FloatArray:
    return np.concatenate([_quantile(run, of(run), 1.0 - quantile) for run in curves.source.runs()], axis=-1)


def _quantile(run: Run, late: Callable[[FloatArray], FloatArray], share: float) -> FloatArray:
    """Seconds that only `share` of a tick's answered requests exceed, by bisection on a logarithmic scale."""
    scale = FASTEST * 2.0 ** np.linspace(0, OCTAVES, 2**HALVINGS + 1)
    low = np.zeros((run.ticks, run.batch.size), dtype=np.int64)
    for halving in range(1, HALVINGS + 1):
        middle = low + 2 ** (HALVINGS - halving)
        low = np.where(late(scale[middle]) > share, middle, low)
    return scale[low]


def _hot_late(run: Run) -> Callable[[FloatArray], FloatArray]:
    """Late share of the hot key's requests: a write waits for one sub-key, a read for the slowest of all."""
    waits, seen = Waits(run, functools.partial(at_home, run)), run.seen
    copies, writes = run.copied, seen["writes"]

    def late(seconds: FloatArray) -> FloatArray:
        one, all_in_time = np.zeros_like(seconds), np.ones_like(seconds)
        for place in range(copies.shape[1]):
            here = waits.late(seconds, place)
            one += here * copies[:, place]
            all_in_time *= power(1.0 - here, copies[:, place])
        return writes * one / seen["salts"] + (1.0 - writes) * seen["asked"] * (1.0 - all_in_time)

    return late


def _rest_late(run: Run) -> Callable[[FloatArray], FloatArray]:
    """Late share of all other keys' requests, the hot key's neighbours among them."""
    waits, seen = Waits(run, lambda by_site: np.broadcast_to(by_site, run.attempts.shape)), run.seen
    admitted = run.attempts * (1.0 - run.refused)
    taken = at_home(run, admitted) * run.hot_part
    rows, home = np.arange(run.ticks)[:, None, None], run.home
    admitted[rows, home, run.members] = np.maximum(admitted[rows, home, run.members] - taken, 0.0)
    whole, writes = _over(admitted), seen["writes"]

    def late(seconds: FloatArray) -> FloatArray:
        one = np.zeros_like(seconds)
        for site in range(run.sites):
            one += waits.late(seconds, site) * admitted[:, site]
        one = ratio(one, whole)
        return writes * one + (1.0 - writes) * (1.0 - power(1.0 - one, seen["fan_out"]))

    return late


# -- partitions, events, signals -------------------------------------------------------------------------------------


def partitions(trace: Trace) -> dict[str, FloatArray]:
    """What each partition of a run saw: a heat map over partitions and time.

    Parameters
    ----------
    trace : Trace
        Of this model. A recorded or cut trace runs again for it.

    Returns
    -------
    dict of str to ndarray, each (steps, sites, *batch)
        `demand` (first attempts/s), `attempts` (attempts/s), `queue` (operations, at the end of a step), `throttled`
        (of attempts), `utilisation` (of capacity). NaN where a member has no such partition. Sites beyond the
        parameter `partitions` are those that splits have made, in the order of the partitions they came from.
    """
    batch = Batch(trace.parameters, trace.seed)
    ticks = round(trace.state.until / batch.dt)
    rows = np.round(trace.time / batch.dt).astype(int) - 1
    seen = Source(batch, ticks).read(_by_partition)
    return {name: values[rows].reshape(len(rows), -1, *trace.shape) for name, values in seen.items()}


def _by_partition(run: Run) -> dict[str, FloatArray]:
    step = run.batch.dt
    there = np.broadcast_to(run.real, (run.ticks, run.width, run.batch.size))
    if run.splits:
        there = np.concatenate([there, run.split_history], axis=1)
    seen = {
        "demand": run.fresh / step,
        "attempts": run.attempts / step,
        "queue": run.queue[1:],
        "throttled": run.refused,
        "utilisation": np.minimum(busy_by_site(run) / run.rated[:, None], 1.0),
    }
    return {name: np.where(there, values, np.nan) for name, values in seen.items()}


def _events(batch: Batch, curves: Curves) -> dict[str, FloatArray]:
    """When the key goes viral and stops, when the fleet has recovered from it, and when a partition was first split.

    Recovered when in each of five seconds 99 % of the requests that end are answered.
    """
    starts = batch.viral_start + np.zeros(batch.size)
    ends = starts + batch.viral_duration
    ended, step = curves["good"] + curves["failed"], curves.step
    made = curves["sites"][1:] > batch.partitions
    when = np.arange(1, len(made) + 1)[:, None] * step
    return {
        **trigger_events(starts, ends, curves["good"], ended, step=step, share=0.99, seconds=5.0),
        "first_split": np.where(made.any(axis=0), when[made.argmax(axis=0), 0], np.nan),
    }


def _share(part: str, *whole: str) -> Callable[[Curves], FloatArray]:
    return lambda c: ratio(c.rate(part), sum(c.rate(name) for name in whole))


SIGNALS = {
    "offered_rate": Signal("requests/s", "logical requests", lambda c: c.rate("offered")),
    "goodput": Signal("requests/s", "requests answered", lambda c: c.rate("good")),
    "error_ratio": Signal("of ended requests", "requests that failed for good", _share("failed", "good", "failed")),
    "hot_error_ratio": Signal(
        "of ended requests", "the same, of the hot key", _share("hot_failed", "hot_good", "hot_failed")
    ),
    "rest_error_ratio": Signal(
        "of ended requests", "the same, of all other keys", _share("rest_failed", "rest_good", "rest_failed")
    ),
    "operation_rate": Signal("operations/s", "first attempts at partitions", lambda c: c.rate("operations")),
    "attempt_rate": Signal("attempts/s", "first attempts and retries", lambda c: c.rate("attempts")),
    "amplification": Signal("attempts per operation", "attempts ÷ first attempts", _share("attempts", "operations")),
    "throttled_share": Signal("of attempts", "attempts throttled", _share("rejected", "attempts")),
    "hot_throttled_share": Signal("of attempts", "the same, of the hot key", _share("hot_rejected", "hot_attempts")),
    "imbalance": Signal(
        "busiest ÷ mean", "first attempts at the busiest partition ÷ the mean", lambda c: c.rate("skew")
    ),
    "hottest_utilisation": Signal("of capacity", "work done by the busiest partition", lambda c: c.rate("busiest")),
    "mean_utilisation": Signal("of capacity", "work done by all partitions", _share("worked", "able")),
    "queue_depth": Signal("operations", "operations in all queues", lambda c: c.level("queue")),
    "longest_queue": Signal("operations", "operations in the longest queue", lambda c: c.level("longest_queue")),
    "latency_p99_hot": Signal(
        "s", "99th percentile of the hot key's answered requests", lambda c: _latency(c, _hot_late, 0.99), full=True
    ),
    "latency_p99_rest": Signal(
        "s", "99th percentile of all other answered requests", lambda c: _latency(c, _rest_late, 0.99), full=True
    ),
    "latency_p50_rest": Signal(
        "s", "median of all other answered requests", lambda c: _latency(c, _rest_late, 0.5), full=True
    ),
    "reads_per_read": Signal("lookups per read", "lookups at partitions ÷ logical reads", _share("lookups", "reads")),
    "staleness": Signal("s", "mean age of what reads of the hot key return", lambda c: c.rate("staleness")),
    "partitions": Signal("partitions", "partitions, with those that splits have made", lambda c: c.level("sites")),
}

MODEL = Model("hot_partition", _curves, SIGNALS, _events)
