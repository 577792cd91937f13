"""Hot partitions: one key goes viral, its partition melts, and the rest of the fleet idles.

Keys are hashed to partitions; each partition has a capacity of its own and a queue of its own. A key lives in exactly
one partition, so its load can't spread: adding partitions adds capacity everywhere but there. Throttled clients retry,
and rejecting them costs the partition a little work each time, so the hot partition does *less* the more it is asked.

How it is computed. Time runs in ticks of Δ = one second, on arrays of (partitions, members). At each partition, in
tick n, with s = Poisson(c Δ) what it can do and E an exponential draw:

    first      a₀[n] = Poisson(λ Δ w)                  w: operations there per request, by where keys live
    retries    aₖ[n] = aₖ₋₁[n − d] r[n − d]            d = b 2ᵏ⁻¹ / Δ: refused one backoff ago, k = 1 … R
    attempts   a[n]  = a₀ + a₁ + … + a_R
    lowest     m[n]  = (x + √(x² + 4 c Δ E)) / 2       x = a[n] − s[n]
    queue      y[n]  = max(q[n − 1] + x, m[n]),        q[n] = min(y[n], q̂)
    refused    r[n]  = (o + min(o κ/(1 − κ), 0.9 s)) / a[n],    o = y[n] − q[n]
    lost       l[n]  = a_R[n] r[n]                     who has no retry left

The queue is a reflected walk. Its lowest point *within* the tick is drawn (of a Brownian bridge: Asmussen, Glynn and
Pitman 1995), so that of a partition only nearly full has the right law (M/M/1: exponential, mean 1 / (mu - lambda))
although a second is long for it. Whose operations were refused is told apart after the run: within a partition and
tick all are admitted alike. The parts are in `partition_parts`, what a run shows in `partition_flows`.

Assumptions. A fluid of operations with Poisson noise, one unit of work each, read or write. Capacity is *per partition*
and fixed: more partitions are more capacity. A request counts as answered when its operations are admitted (an admitted
operation is served, first come first served). Clients miss their backoff by up to half a tick either way (without that,
those throttled together come back together, and up to 2 % fewer attempts are made). A retry goes where its first
attempt went, even after a split. Sub-reads of one logical read succeed independently. A split takes effect at once
after its delay; the local cache holds the hot key alone; bounded loads move whole keys at once, by expected load;
operations under way when salts or the mix of reads and writes change are counted by the new ones.

What a tick can't show. A queue shorter than a tick's chance (q̂² < 2 c Δ) refuses by M/M/1/K's blocking, to 2 % or
0.002; up to some five times longer, a partition at its critical load refuses up to a quarter less than one of single
operations would. In front of a key that is throttled all the same, caches pass on 2 to 3 % too few reads: retries fall
anywhere, where a pod's follow on its own. A ratio is over its own tick: utilisation is work done ÷ what could be done
*then*, so it is 1 where a partition never rests and needs many operations a tick to mean much.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_lib.models import noise, simulation
from course_lib.models.exact import cumulative, ratio, share, total
from course_lib.models.parameters import ParameterSet, choice, fixed, scheduled, swept
from course_lib.models.partition_flows import Flows, busy_by_site, hot_late, quantile_of, queued, rest_late
from course_lib.models.partition_parts import Caches, Clients, Day, Keys, Partitions, Store
from course_lib.models.recovery import trigger_events
from course_lib.models.simulation import Batch, Model
from course_lib.models.trace import Curves, FloatArray, Record, Signal, State, Trace

BLOCK = 65536  # ticks x partitions x members whose arrivals are drawn together, so that they stay in a core's cache
PIECE = 8192  # partitions x members run together
SEEN = ("offered", "viral", "writes", "salts", "fan_out", "asked")  # of each tick: requests, shares, sub-keys, misses


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
    return simulation.simulate(
        MODEL, Parameters() if parameters is None else parameters, seed, until=until, state=state, record=record
    )


class Run:
    """One batch on its way through time; the parts say what each array means."""

    def __init__(self, batch: Batch, ticks: int, width: int | None = None) -> None:
        self.day = day = Day(batch, ticks, width)
        self.keys, self.caches, self.clients = Keys(day), Caches(day), Clients(day)
        self.partitions, self.store = Partitions(day), Store(day)
        self.seen = {name: np.empty((ticks, batch.size)) for name in SEEN}

    def go(self) -> Run:
        """Run all ticks, block by block: within one, nothing feeds back into what is asked first."""
        for now, n in self._blocks():
            if now in self.day.changes:
                self.keys.place(now)
            self.arrive(now, n)
            for tick in range(now, now + n):
                self.advance(tick)
        return self

    def _blocks(self) -> Iterator[tuple[int, int]]:
        day = self.day
        length = 1 if day.splits or day.caches else max(BLOCK // (day.sites * day.size), 8)
        edges = sorted({*day.changes, *range(0, day.ticks, length), day.ticks})
        return ((now, after - now) for now, after in itertools.pairwise(edges))

    def arrive(self, now: int, n: int) -> None:
        """First attempts at every site in `n` ticks, and the hot key's part in them."""
        day, keys, rows = self.day, self.keys, slice(now, now + n)
        asked = self.caches.misses(now, n, keys)
        if day.splits:
            self.store.open(now)
        rest, hot, home = keys.weigh(now, asked, self.store)
        weights = rest + np.zeros(day.size)
        weights[home, day.members] += hot
        rate = day.batch.at("arrival_rate", day.time[rows]) * day.dt
        self.partitions.fresh[rows] = noise.poisson(day.arrivals[rows], rate[:, None] * weights)
        keys.home[rows], keys.hot_part[rows] = home, ratio(hot, weights[home, day.members])
        keys.copied[rows] = keys.copies
        for name, value in zip(SEEN, (rate, keys.viral, keys.writes, keys.salts, keys.fan_out, asked), strict=True):
            self.seen[name][rows] = value

    def advance(self, now: int) -> None:
        """One tick at every site: retries come back, the queue moves, the rest is refused and comes back or is lost."""
        partitions, clients = self.partitions, self.clients
        sent = clients.send(now, partitions.fresh[now])
        partitions.ask(now, sent)
        partitions.admit(now)
        if partitions.any_tight[now]:
            partitions.admit_tightly(now)
        clients.give_up(now, sent, partitions.refused[now])
        if self.day.caches:
            self.caches.learn(now, self.keys, partitions.refused[now], clients.retries)
        if self.day.splits:
            self.store.watch(now, partitions.attempts[now])


# -- what a run shows --------------------------------------------------------------------------------------------------


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
    flows, seen = Flows(run), run.seen
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
        "hot_attempts": total(flows.hot_attempts, axis=1),
        "hot_rejected": total(flows.hot_attempts - flows.hot_good, axis=1),
        "reads": reads,
        "lookups": (reads - hot_reads) * seen["fan_out"] + hot_reads * seen["asked"] * seen["salts"],
        "hot_reads": hot_reads * (1.0 - seen["asked"] * (1.0 - flows.hot_found)),
        "age": hot_reads * (1.0 - seen["asked"]) * run.caches.age,
    }
    return {name: cumulative(flow) for name, flow in sums.items()} | {"sites": _sites(run)}


LOAD = ("worked", "able", "busiest", "skew", "queue", "longest_queue")


def _load(run: Run) -> dict[str, FloatArray]:
    """Curves (ticks + 1, members) of the partitions' load; `busiest` and `skew` add up, so that a rate is a mean."""
    busy, asked, waiting, step = busy_by_site(run), run.partitions.fresh, queued(run), run.day.dt
    sites = _sites(run)
    sums = {
        "worked": total(busy, axis=1),
        "able": total(run.day.able, axis=1),
        "busiest": ratio(busy, run.day.able).max(axis=1) * step,
        "skew": ratio(asked.max(axis=1) * sites[1:], total(asked, axis=1), empty=1.0) * step,
    }
    levels = {"queue": total(waiting, axis=1), "longest_queue": waiting.max(axis=1)}
    return {name: cumulative(flow) for name, flow in sums.items()} | levels


def _sites(run: Run) -> FloatArray:
    """Partitions at each instant, with those that splits have made."""
    sites = np.zeros((run.day.ticks + 1, run.day.batch.size)) + run.day.batch.partitions
    if run.day.splits:
        sites[1:] += run.store.history.sum(axis=1)
    return sites


def _latency(curves: Curves, of: Callable[[Run], Callable[[FloatArray], FloatArray]], quantile: float) -> FloatArray:
    return np.concatenate([quantile_of(run, of(run), 1.0 - quantile) for run in curves.source.runs()], axis=-1)


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
    rows = np.round(trace.time / batch.dt).astype(np.int64) - 1
    seen = Source(batch, ticks).read(_by_partition)
    return {name: values[rows].reshape(len(rows), -1, *trace.shape) for name, values in seen.items()}


def _by_partition(run: Run) -> dict[str, FloatArray]:
    step = run.day.batch.dt
    there = np.broadcast_to(run.day.real, (run.day.ticks, run.day.width, run.day.batch.size))
    if run.day.splits:
        there = np.concatenate([there, run.store.history], axis=1)
    seen = {
        "demand": run.partitions.fresh / step,
        "attempts": run.partitions.attempts / step,
        "queue": queued(run)[1:],
        "throttled": run.partitions.refused,
        "utilisation": ratio(busy_by_site(run), run.day.able),
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


def _per(part: str, whole: str) -> Callable[[Curves], FloatArray]:
    return lambda c: ratio(c.rate(part), c.rate(whole))


def _share(part: str, rest: str) -> Callable[[Curves], FloatArray]:
    return lambda c: share(c.rate(part), c.rate(rest))


def _at_most_all(part: str, whole: str) -> Callable[[Curves], FloatArray]:
    return lambda c: np.minimum(ratio(c.rate(part), c.rate(whole)), 1.0)


SIGNALS = {
    "offered_rate": Signal("requests/s", "logical requests: the mean of what comes", lambda c: c.rate("offered")),
    "goodput": Signal("requests/s", "requests answered", lambda c: c.rate("good")),
    "error_ratio": Signal("of ended requests", "requests that failed for good", _share("failed", "good")),
    "hot_error_ratio": Signal("of ended requests", "the same, of the hot key", _share("hot_failed", "hot_good")),
    "rest_error_ratio": Signal("of ended requests", "the same, of all other keys", _share("rest_failed", "rest_good")),
    "operation_rate": Signal("operations/s", "first attempts at partitions", lambda c: c.rate("operations")),
    "attempt_rate": Signal("attempts/s", "first attempts and retries", lambda c: c.rate("attempts")),
    "amplification": Signal("attempts per operation", "attempts ÷ first attempts", _per("attempts", "operations")),
    "throttled_share": Signal("of attempts", "attempts throttled", _at_most_all("rejected", "attempts")),
    "hot_throttled_share": Signal(
        "of attempts", "the same, of the hot key", _at_most_all("hot_rejected", "hot_attempts")
    ),
    "imbalance": Signal(
        "busiest ÷ mean", "first attempts at the busiest partition ÷ the mean", lambda c: c.rate("skew")
    ),
    "hottest_utilisation": Signal(
        "of capacity",
        "work done by the busiest partition ÷ what it could do in the tick",
        lambda c: np.minimum(c.rate("busiest"), 1.0),
    ),
    "mean_utilisation": Signal(
        "of capacity", "work done by all partitions ÷ what they could do", _at_most_all("worked", "able")
    ),
    "queue_depth": Signal("operations", "operations in all queues", lambda c: c.level("queue")),
    "longest_queue": Signal("operations", "operations in the longest queue", lambda c: c.level("longest_queue")),
    "latency_p99_hot": Signal(
        "s", "99th percentile of the hot key's answered requests", lambda c: _latency(c, hot_late, 0.99), full=True
    ),
    "latency_p99_rest": Signal(
        "s", "99th percentile of all other answered requests", lambda c: _latency(c, rest_late, 0.99), full=True
    ),
    "latency_p50_rest": Signal(
        "s", "median of all other answered requests", lambda c: _latency(c, rest_late, 0.5), full=True
    ),
    "reads_per_read": Signal("lookups per read", "lookups at partitions ÷ logical reads", _per("lookups", "reads")),
    "staleness": Signal("s", "mean age of what answered reads of the hot key return", _per("age", "hot_reads")),
    "partitions": Signal("partitions", "partitions, with those that splits have made", lambda c: c.level("sites")),
}

GOLDEN = dict(traffic="offered_rate", errors="error_ratio", latency="latency_p99_hot", saturation="hottest_utilisation")
MODEL = Model("hot_partition", _curves, SIGNALS, _events, GOLDEN)
