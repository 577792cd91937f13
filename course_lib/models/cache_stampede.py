"""Cache stampedes: one expired key sends a crowd to the origin, and a slow origin keeps the crowd coming.

Readers ask for keys of Zipf popularity. A fresh entry answers at once. Once it has expired, every reader asks the
origin until the first answer is back, one recompute time later: 1 + λδ recomputes for one value. The origin has so many
workers and one FIFO queue. Once its queue outlasts the readers' patience, answers come back to nobody, nobody fills the
cache, and each key that expires meanwhile adds its whole traffic: the outage outlives its trigger.

How it is computed. Time runs in ticks of Δ, but each key's own times (first request, fill, expiry) are real numbers, so
that ticks as long as the recompute time do not blur a stampede. A tick from t to t+Δ, for a key of popularity p:

1. first     the key opens when λ·p·(exposure since its fill) has reached a draw of Exp(1); a lock's holder may die
2. wait      p·[seconds of the tick in which it is open and no stale answer is left], summed over keys
3. repeats   nobody shares: λ·wait; P processes: a wave (P/a − 1)(1 − e^(−λpu/P)), then their second tries
4. origin    asked += min(firsts + repeats + background, room); started = min(asked, workers + started one δ ago)
5. head      the time at which `asked` was what `started` is now: who came then is served now
6. own       the key's own request, number n at the origin, begins when started > n; too late if that ends past τ
7. useful    requests whose recompute began in time; after a late one the key waits for the next useful one, Exp(1)/p
             of them later (behind a lock: for the next try)
8. fill      one δ after it began; the entry is fresh for T(1 − ju) from then on

`stampede_day` says what parameters, triggers and chance bring; `stampede_parts` owns the steps: its keys 1, 6 and 8,
its readers 2 and 3, its origin 4, 5 and 7.

Conserved: requests let in = hits + stale answers + misses, and misses end answered or failed; recomputes asked for =
begun + waiting + turned away; begun at most what the workers can take; a fill is never ahead of its recompute.

Assumptions. Poisson readers, as many whatever happens (an open loop: N clients that each wait for their answer stampede
with at most N); the TTL counts from the first fill of a cycle; recompute times are fixed, workers may be a fraction,
and those that a slower origin no longer has finish what they run; the origin works on for readers who left; the noise
of repeats is summed over keys; a lock that lapses before its holder is back lets the next reader through, and tries
after the second are taken at their mean rate, so that a sudden rise of the load finds too few locks free (20 processes
behind a valve that opens: 45 failed requests/s in the next 20 s where an event loop has 95); the first recompute to
land answers all who wait for its key, whatever their process (with read_through, errors in an overload come out up to a
third low; in the five seconds after a flush 12/s where the loop has 57); readers turned away behind a lock are counted
as if they had waited (a queue of 10: 133 failed/s, loop 156); an early refresh (XFetch) uses the nominal recompute
time; keys rarer than the listed ones are a constant `background_rate`.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_lib.models import simulation
from course_lib.models.exact import Lag, accumulate, cumulative, ratio, windowed_quantile
from course_lib.models.parameters import ParameterSet, choice, fixed, scheduled, swept
from course_lib.models.recovery import trigger_events
from course_lib.models.simulation import Batch, Model
from course_lib.models.stampede_day import BROWNOUT, HOT_KEY, NONE, Day, popularity
from course_lib.models.stampede_parts import AHEAD, Keys, Origin, Readers, exposure, reached
from course_lib.models.trace import Curves, FloatArray, Record, Signal, State, Trace

__all__ = ["Parameters", "exposure", "popularity", "reached", "simulate"]  # the lesson reads the equations here, too

TRIGGERS = ("none", "hot_key", "flush", "brownout")
SCOPES = ("none", "process", "fleet")
HIT_LATENCY = 0.002  # seconds a fresh or stale answer takes
LATENCY_WINDOW = 5.0  # seconds over which p50 and p99 are taken
WAITS = np.array([0.06, 0.19, 0.31, 0.44, 0.56, 0.69, 0.81, 0.99])  # waits behind a lock, as shares of the longest


@dataclasses.dataclass(frozen=True)
class Parameters(ParameterSet):
    """Parameters of the cache stampede; see each field's metadata for range, unit and source."""

    # fmt: off
    arrival_rate: Any = scheduled(500.0, "requests/s", 0, 1e6, "λ",
        "requests for all keys together", "chosen: the hottest key gets about 100/s")
    keys: Any = fixed(64, "keys", 1, 4096, "K",
        "cached values worth a recompute", "chosen: a catalogue of expensive pages", integer=True)
    zipf_exponent: Any = swept(1.0, "", 0, 3, "s",
        "skew: popularity falls as rank to the power -s", "Zipf's law; web caches 0.6-1.1")
    ttl: Any = scheduled(30.0, "s", 0.5, 1e6, "T",
        "how long a filled entry counts as fresh", "chosen: the lab's hot key", by="operator")
    ttl_jitter: Any = swept(0.0, "of TTL", 0, 1, "j",
        "an entry's TTL is uniform between T(1-j) and T", "off by default", by="operator")
    recompute_time: Any = swept(1.0, "s", 0.01, 60, "δ",
        "time of one recompute once a worker takes it", "chosen: an expensive page")
    origin_capacity: Any = scheduled(60.0, "recomputes/s", 0.1, 1e6, "C",
        "recomputes per second with all workers busy",
        "chosen: eight times the load of a coalesced cache", by="operator")
    background_rate: Any = scheduled(10.0, "recomputes/s", 0, 1e6, "λ₀",
        "origin work beside these keys: the cold tail, writes, other users", "chosen: a sixth of the origin")
    queue_limit: Any = swept(1000.0, "recomputes", 1, np.inf, "q̂",
        "recomputes that may wait; more are rejected at once", "chosen: a connection pool's backlog", by="operator")
    client_timeout: Any = swept(3.0, "s", 0.1, 600, "τ",
        "how long a reader waits for an answer", "chosen: three recompute times", by="operator")
    fill: Any = choice("look_aside", ("look_aside", "read_through"),
        "who fills: a reader who still waits, or the cache itself, however late", "Bronson et al., HotOS 2021")
    coalescing: Any = choice("none", SCOPES,
        "who shares one recompute: nobody, a process, the fleet",
        "golang.org/x/sync singleflight (process); memcache leases, NSDI 2013 (fleet)", kind="scheduled")
    processes: Any = swept(20, "processes", 1, 1e5, "P",
        "processes that each coalesce on their own", "chosen", integer=True)
    lock_expiry: Any = swept(10.0, "s", 0.1, np.inf, "ℓ",
        "after this a lock lapses; infinite: never",
        "memcache leases: one token per key per 10 s, NSDI 2013", by="operator")
    crash_probability: Any = swept(0.0, "per lock", 0, 1, "p₀",
        "chance that the holder of a fleet-wide lock dies", "none by default")
    beta: Any = scheduled(0.0, "", 0, 1000, "β",
        "XFetch: how early entries are refreshed; 0 is off", "Vattani et al., VLDB 2015: 1", by="operator")
    stale_while_revalidate: Any = scheduled(0.0, "s", 0, 1e6, "w",
        "after expiry, answer stale for so long while one refresh runs", "RFC 5861", by="operator")
    stale_if_error: Any = scheduled(0.0, "s", 0, 1e6, "w₂",
        "after expiry, answer stale for so long when a recompute fails", "RFC 5861", by="operator")
    admission: Any = scheduled(1.0, "of requests", 0, 1, "a",
        "share of requests let in; the rest are shed", "an operator's valve", by="operator")
    warmup_ramp: Any = swept(0.0, "s", 0, 1e4, "r",
        "after a flush, admission climbs from 0 to 1 in this time", "off by default", by="operator")
    cache_lost: Any = scheduled(0.0, "of keys", 0, 1, "x",
        "share of the keys whose cache node is down: nothing is kept", "an operator's flush or restart")
    trigger: Any = choice("hot_key", TRIGGERS,
        "what goes wrong: hottest key expires in a load peak, cache is emptied, origin slows",
        "the module's three triggers", by="world")
    trigger_start: Any = swept(60.0, "s", 0, 1e6, "t₀",
        "when it goes wrong", "chosen")
    trigger_duration: Any = swept(20.0, "s", 0, 1e6, "d",
        "how long the load peak or the brownout lasts", "chosen")
    surge_factor: Any = swept(3.0, "of arrival rate", 1, 100, "g",
        "load during the peak in which the hot key expires", "chosen")
    flush_share: Any = swept(1.0, "of keys", 0, 1, "x₀",
        "share of the keys that a flush empties", "chosen")
    brownout_capacity: Any = swept(0.2, "of capacity", 0, 1, "c",
        "origin capacity left in the brownout", "chosen")
    dt: Any = fixed(0.5, "s", 0.005, 5, "Δ",
        "length of a tick, at most a recompute time", "half a recompute")
    # fmt: on


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
    return simulation.simulate(
        MODEL, Parameters() if parameters is None else parameters, seed, until=until, state=state, record=record
    )


class Run:
    """One batch on its way through time; `Keys`, `Readers` and `Origin` say what each array means."""

    def __init__(self, batch: Batch, ticks: int) -> None:
        _check_tick(batch)
        self.day = Day(batch, ticks)
        self.keys, self.origin = Keys(self.day), Origin(self.day)
        self.readers = Readers(self.day, self.keys)

    def go(self) -> Run:
        """Run all ticks."""
        for now in range(self.day.ticks):
            self.advance(now)
        return self

    def advance(self, now: int) -> None:
        """One tick: what breaks, who asks first, who asks too, what the origin starts, which keys that fills."""
        day, keys, readers, origin = self.day, self.keys, self.readers, self.origin
        keys.disturb(now)
        firsts = readers.come_first(now, keys.open(now))
        asked = firsts + readers.repeat(now, origin.lately)
        if day.refreshes_stale[now]:
            asked = asked + readers.refresh_again(now)
        origin.work(now, asked)
        keys.queue(now, firsts, origin)
        origin.find_head(now)
        keys.begin_fills(now, origin)
        landed = keys.landed(now)
        if landed.size:
            if day.coalesces:
                readers.share_answers(now, landed)
            keys.fill(now, landed)


def _check_tick(batch: Batch) -> None:
    shortest = batch.lowest("recompute_time")
    if shortest < batch.dt - 1e-9:
        raise ValueError(
            f"recompute_time = {shortest:g} s is shorter than a tick of {batch.dt:g} s: set dt to {shortest:g} or less"
        )


# -- what a run shows ------------------------------------------------------------------------------------------------


def _curves(batch: Batch, ticks: int) -> Curves:
    run = Run(batch, ticks).go()
    day, readers, origin = run.day, run.readers, run.origin
    timeout, recompute = Lag(day.timeout, day.dt), Lag(day.recompute, day.dt)
    own = np.where(day.alone, readers.direct + readers.repeats, 0.0)  # readers who ask for a recompute of their own
    hottest = readers.hottest()
    begun, hot = (origin.history_of(flow * origin.accepted) for flow in (own, hottest))
    in_time, late = _outcomes(origin, begun, timeout, recompute)
    rejected = own * (1.0 - origin.accepted)
    failed = late + readers.gave_up + rejected
    excused, excused_age = _excused(day, readers, timeout, failed)
    flows = _answers(day, readers, own, in_time, excused) | {
        "failed": np.maximum(failed - excused, 0.0) + day.offered - day.let_in,
        "overdue": readers.overdue + excused_age,
        "wanted": origin.wanted,
        "worked": np.diff(recompute.shifted(origin.started), axis=0)[origin.past :],
        "hot": hottest,
    }
    workers = np.concatenate([day.workers[:1]] * (origin.past + 1) + [day.workers])
    running = origin.started - recompute.shifted(origin.started)
    levels = {
        "queue": origin.asked[:-AHEAD] - origin.started,
        "busy": np.minimum(running / np.maximum(workers, 1e-9), 1.0),
        "in_flight": hot - recompute.shifted(origin.at_head(hot)),
        "wait": origin.waits(),
    }
    curves = Curves(batch.dt)
    curves.update({name: cumulative(flow)[:, : batch.size] for name, flow in flows.items()})
    # A first request may come, and be answered, before as many have come as it stands for: then the answer waits.
    curves["good"] = accumulate(np.maximum, np.minimum(curves["good"], curves["offered"] - curves["shed"]))
    curves.update({name: np.maximum(level, 0.0)[origin.past :, : batch.size] for name, level in levels.items()})
    curves.ended = _ended(run, recompute, in_time, late, batch.size)
    return curves


def _outcomes(origin: Origin, begun: FloatArray, timeout: Lag, recompute: Lag) -> tuple[FloatArray, FloatArray]:
    """Readers on recomputes of their own that are answered in time, and that give up, in each tick."""
    back, left = recompute.shifted(origin.at_head(begun)), timeout.shifted(begun)
    in_time = np.maximum(np.diff(back, axis=0), 0.0) - np.maximum(left[1:] - back[:-1], 0.0)
    late = left[1:] - np.maximum(left[:-1], back[1:])
    return np.maximum(in_time, 0.0)[origin.past :], np.maximum(late, 0.0)[origin.past :]


def _answers(
    day: Day, readers: Readers, own: FloatArray, in_time: FloatArray, excused: FloatArray
) -> dict[str, FloatArray]:
    """What readers asked and got, per tick: each one let in has a hit, a stale answer, or a miss."""
    waiting = readers.waiting()
    kept = np.maximum(day.let_in - waiting, 0.0)
    early = np.where(day.alone, 0.0, readers.early)  # beside a lock: counted as misses, answered by what they had
    missed = np.where(day.alone, own, waiting + readers.direct)
    hits = _hits(day.let_in - missed - readers.stale - early)
    middle = (np.arange(day.ticks)[:, None] + 0.5) * day.dt
    return {
        "offered": day.offered,
        "missed": missed + early,
        "shed": day.offered - day.let_in,
        "stale": readers.stale + excused,
        "kept": kept,
        "age": np.maximum(kept * middle - readers.made * day.let_in / day.dt, 0.0),
        "quick": hits + readers.stale,
        "good": hits + readers.stale + early + in_time + readers.answered + excused,
    }


def _hits(expected: FloatArray) -> FloatArray:
    """Requests answered fresh: a first request may come before as many hits as it stands for, which are then owed."""
    return np.diff(accumulate(np.maximum, cumulative(expected)), axis=0)


def _excused(day: Day, readers: Readers, timeout: Lag, failed: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Failed requests that get a stale entry after all, and their age past expiry, by the share one timeout ago."""
    if not day.serves_stale:
        return 0.0 * failed, 0.0 * failed
    flows = (readers.spare, readers.waiting(), readers.spare_overdue)
    spare, waiting, overdue = (np.diff(timeout.shifted(cumulative(flow)), axis=0) for flow in flows)
    excused = failed * np.minimum(ratio(spare, waiting), 1.0)
    return excused, excused * (ratio(overdue, spare) + day.timeout)


def _ended(run: Run, recompute: Lag, in_time: FloatArray, late: FloatArray, size: int) -> tuple[FloatArray, FloatArray]:
    """Latencies and weights of misses that end in each tick, shape (ticks, kinds, members)."""
    day, readers = run.day, run.readers
    own = recompute.shifted(run.origin.waits())
    own = (own[1:] + own[:-1])[run.origin.past :] / 2 + day.recompute
    longest = ratio(readers.waited, readers.answered)
    waits = longest[:, None] * WAITS[:, None]
    times = np.concatenate([own[:, None], np.broadcast_to(day.timeout, own.shape)[:, None], waits], axis=1)
    shared = np.repeat(readers.answered[:, None] / len(WAITS), len(WAITS), axis=1)
    weights = np.concatenate([in_time[:, None], (late + readers.gave_up)[:, None], shared], axis=1)
    return times[..., :size], weights[..., :size]


def _latency(curves: Curves, quantile: float, hits: bool = True) -> FloatArray:
    """Quantile of the time to an answer (or to giving up) over each completed window, with or without the hits."""
    times, weights = curves.ended
    if hits:
        quick = np.diff(curves["quick"], axis=0)[:, None]
        times = np.concatenate([np.full_like(quick, HIT_LATENCY), times], axis=1)
        weights = np.concatenate([quick, weights], axis=1)
    per = max(round(LATENCY_WINDOW / curves.step), 1)
    return windowed_quantile(times, weights, quantile, per, least=0.5, empty=HIT_LATENCY * hits)


def _events(batch: Batch, curves: Curves) -> dict[str, FloatArray]:
    """Start and end of the trigger; recovered when in each of ten seconds at most one request in twenty fails."""
    lasting = (batch.trigger == HOT_KEY) | (batch.trigger == BROWNOUT)
    none = np.where(batch.trigger == NONE, np.nan, 0.0)
    starts = batch.trigger_start + none + np.zeros(batch.size)
    ends = starts + np.where(lasting, batch.trigger_duration, 0.0)
    good = curves["offered"] - curves["failed"]
    return trigger_events(starts, ends, good, curves["offered"], step=curves.step, share=0.95, seconds=10.0)


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
    "recomputes_hottest_most": Signal(
        "recomputes",
        "the most of them at once so far",
        lambda c: np.maximum.accumulate(c.level("in_flight"), axis=0),
        full=True,  # between two kept values there may have been more
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
    "utilisation": Signal(
        "of workers", "workers busy; all, while more run than a slower origin has", lambda c: c.level("busy")
    ),
    "latency_p50": Signal("s", "median of all answers, over 5 s", lambda c: _latency(c, 0.5), full=True),
    "latency_p99": Signal("s", "99th percentile of all answers, over 5 s", lambda c: _latency(c, 0.99), full=True),
    "miss_latency_p50": Signal("s", "median of misses, over 5 s", lambda c: _latency(c, 0.5, hits=False), full=True),
    "miss_latency_p99": Signal(
        "s", "99th percentile of misses, over 5 s", lambda c: _latency(c, 0.99, hits=False), full=True
    ),
    "stale_share": Signal(
        "of answers",
        "answers from an expired entry; at most all, where requests are few",
        lambda c: np.minimum(ratio(c.rate("stale"), c.rate("good")), 1.0),
    ),
    "stale_age": Signal(
        "s", "mean time past expiry of stale answers", lambda c: ratio(c.rate("overdue"), c.rate("stale"))
    ),
    "answer_age": Signal("s", "mean age of answers from the cache", lambda c: ratio(c.rate("age"), c.rate("kept"))),
    "shed_rate": Signal("requests/s", "requests not admitted", lambda c: c.rate("shed")),
}

GOLDEN = dict(traffic="offered_rate", errors="error_ratio", latency="latency_p99", saturation="utilisation")
MODEL = Model("cache_stampede", _curves, SIGNALS, _events, GOLDEN)
