"""One hot key, request by request: the lab of module 02.

Readers ask for one key, about a thousand a second. Each looks at the entry's age and at its own draw of chance, and
three functions decide: may this reader have the entry (fresh, stale, or must it wait), should it recompute, and who
gets the lock. These functions may be given from outside; the model calls them once a tick, for all readers of the tick
and all members at once.

How it is computed. Readers' arrival times are real numbers, and so is the time at which a recompute is back; a reader
sees the entry, and the lock, as they are at its own time, so that a tick (at most a recompute time) blurs nothing.
Readers who wait behind the lock are one crowd, which looks again at the start of every tick as a single row with a
weight.

Assumptions. Poisson readers with endless patience; the origin never queues (the lesson's model does); the TTL counts
from the first fill of a cycle, and an answer's age from the same moment; a reader who refreshes early waits for its own
recompute, unless stale answers are allowed, which makes refreshing a background task; a holder that dies never
answers, and its lock lapses; whatever begins while the origin is out fails one recompute time later.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.models import exact, noise, simulation
from course_lib.models.exact import share
from course_lib.models.parameters import ParameterSet, choice, fixed, swept
from course_lib.models.simulation import Batch, Model
from course_lib.models.trace import Curves, FloatArray, Record, Signal, State, Trace

FRESH, STALE, WAIT = 0, 1, 2
FREE = -np.inf  # a lock that nobody holds lapsed long ago
NOBODY, FLEET = 0, 1


@dataclasses.dataclass(frozen=True)
class Parameters(ParameterSet):
    """Parameters of the drill; see each field's metadata for range, unit and source."""

    # fmt: off
    arrival_rate: Any = swept(1000.0, "requests/s", 0.01, 1e5, "λ",
        "requests for the key", "chosen: the lab's hot key")
    ttl: Any = swept(30.0, "s", 0.5, 1e6, "T",
        "how long a filled entry counts as fresh", "the lab's hot key", by="operator")
    recompute_time: Any = swept(1.0, "s", 0.05, 60, "δ",
        "time of one recompute", "chosen: 1,000 requests come while one runs")
    coalescing: Any = choice("none", ("none", "fleet"),
        "whether a lock lets one reader recompute", "memcache leases, NSDI 2013")
    lock_expiry: Any = swept(10.0, "s", 0.1, np.inf, "ℓ",
        "after this a lock lapses; infinite: never",
        "memcache leases: one token per key per 10 s, NSDI 2013", by="operator")
    beta: Any = swept(0.0, "", 0, 1000, "β",
        "XFetch: how early entries are refreshed; 0 is off", "Vattani et al., VLDB 2015: 1", by="operator")
    stale_while_revalidate: Any = swept(0.0, "s", 0, 1e6, "w",
        "after expiry, answer stale for so long", "RFC 5861", by="operator")
    stale_if_error: Any = swept(0.0, "s", 0, 1e6, "w₂",
        "after expiry, answer stale for so long when the last recompute failed", "RFC 5861", by="operator")
    crash_time: Any = swept(np.inf, "s", 0, np.inf, "t₁",
        "the first lock holder from then on dies", "never by default")
    purge_time: Any = swept(np.inf, "s", 0, np.inf, "t₂",
        "when the entry is thrown away", "never by default", by="operator")
    outage_start: Any = swept(0.0, "s", 0, 1e6, "t₀",
        "from when recomputes fail", "chosen")
    outage_duration: Any = swept(0.0, "s", 0, 1e6, "d",
        "for how long they do", "none by default")
    dt: Any = fixed(0.25, "s", 0.01, 5, "Δ",
        "length of a tick, at most a recompute time", "chosen")
    # fmt: on


def locking(
    held_until: FloatArray, now: FloatArray, asking: FloatArray, lock_expiry: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return how many of those who ask may recompute (0 or 1, a key), and until when the lock is then held."""
    granted = ((asking > 0) & (now >= held_until)).astype(float)
    return granted, np.where(granted > 0, now + lock_expiry, held_until)


def refreshing(
    left: FloatArray, recompute_time: FloatArray, beta: FloatArray, uniform: FloatArray
) -> NDArray[np.bool_]:
    """Return which readers recompute, with `left` seconds to the expiry: XFetch's rule; all once it has expired."""
    return left <= -recompute_time * beta * np.log1p(-uniform)


def serving(
    age: FloatArray, ttl: FloatArray, while_revalidate: FloatArray, if_error: FloatArray, failed: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return what each reader gets: the entry `FRESH`, the entry `STALE`, or nothing yet (`WAIT`); RFC 5861."""
    usable = np.maximum(while_revalidate, np.where(failed, if_error, 0.0))
    return np.where(age < ttl, FRESH, np.where(age < ttl + usable, STALE, WAIT))


@dataclasses.dataclass(frozen=True)
class Policies:
    """The three decisions; each takes arrays and returns arrays, and is called once a tick.

    Parameters
    ----------
    lock : callable
        (held_until, now, asking, lock_expiry) -> (granted, held_until); one entry a key, shape (members,). A free
        lock's `held_until` lies in the past; `now` is when the first of those who ask came.
    refresh_early : callable
        (left, recompute_time, beta, uniform) -> bool; one entry a reader, shape (readers, members). `left` is negative
        once the entry has expired, minus infinity where there is none.
    serve : callable
        (age, ttl, stale_while_revalidate, stale_if_error, failed) -> `FRESH`, `STALE` or `WAIT`; one entry a reader.
        The age is infinite where there is no entry; `failed` says whether the last recompute did.
    """

    lock: Callable[..., Any] = locking
    refresh_early: Callable[..., Any] = refreshing
    serve: Callable[..., Any] = serving


def simulate(
    parameters: Parameters | None = None,
    seed: ArrayLike = 0,
    *,
    until: float,
    state: State | None = None,
    record: Record | None = None,
    **policies: Callable[..., Any],
) -> Trace:
    """Run the key for `until` seconds from a fill at time 0; see `simulation.simulate` for batches and records.

    Parameters
    ----------
    **policies
        `lock`, `refresh_early` or `serve`, to take the place of the model's own; see `Policies`.

    Examples
    --------
    >>> naive, locked = (simulate(Parameters(coalescing=c), seed=7, until=35) for c in ("none", "fleet"))
    >>> [float(recomputes(run, 0, 35)) for run in (naive, locked)]
    [962.0, 1.0]
    """
    model = Model("stampede_drill", lambda batch, ticks: Run(batch, ticks, Policies(**policies)).go(), SIGNALS, _events)
    return simulation.simulate(
        model, Parameters() if parameters is None else parameters, seed, until=until, state=state, record=record
    )


def recomputes(trace: Trace, start: float, end: float) -> Any:
    """Recomputes begun between two times, shape ``batch``."""
    return total(trace, "recompute_rate", start, end)


def total(trace: Trace, signal: str, start: float, end: float) -> Any:
    """Increase of a rate between two times, shape ``batch``.

    Parameters
    ----------
    trace : Trace
    signal : str
        A signal with a unit per second.
    start, end : float
        Seconds.
    """
    during = (trace.time > start) & (trace.time <= end + 1e-9)
    return exact.total(trace[signal][during]) * (trace.time[1] - trace.time[0])


class Run:
    """One batch on its way through time; row 0 of a tick's readers is the crowd behind the lock."""

    def __init__(self, batch: Batch, ticks: int, policies: Policies) -> None:
        _check_tick(batch)
        self.batch, self.ticks, self.dt, self.policies = batch, ticks, batch.dt, policies
        size = batch.size
        self.locked = np.broadcast_to(batch.coalescing == FLEET, (size,))
        self.background = batch.stale_while_revalidate > 0
        self._draw_readers()
        self.made, self.held_until = np.zeros(size), np.full(size, FREE)
        self.back, self.fails = np.full(size, np.inf), np.full(size, np.inf)
        self.granted, self.failed, self.died = np.zeros(size), np.zeros(size, dtype=bool), np.full(size, np.nan)
        self.crowd, self.came, self.earliest = np.zeros(size), np.zeros(size), np.full(size, np.inf)
        self.flows = {name: np.zeros((ticks + 1, size)) for name in FLOWS}
        self.levels = {name: np.zeros((ticks + 1, size)) for name in LEVELS}

    def _draw_readers(self) -> None:
        """Arrival times by their gaps, and one draw of chance each; which of them come in which tick."""
        batch, until = self.batch, self.ticks * self.dt
        most = batch.highest("arrival_rate") * until
        count = int(most + 8.0 * np.sqrt(most)) + 20
        gaps = noise.exponential(batch.seeds, "gaps between readers", count)
        wide = (count, batch.size)
        self.times = np.broadcast_to(np.add.accumulate(gaps, axis=0) / batch.arrival_rate, wide)
        self.draws = np.broadcast_to(noise.uniform(batch.seeds, "readers' draws", count), wide)
        tick = np.minimum((self.times / self.dt).astype(np.int64), self.ticks)
        place = (tick * batch.size + np.arange(batch.size)).ravel()
        counts = np.bincount(place, minlength=(self.ticks + 1) * batch.size).reshape(self.ticks + 1, batch.size)
        self.counts = counts[: self.ticks]
        self.firsts = np.add.accumulate(counts, axis=0) - counts

    def go(self) -> Curves:
        """Run all ticks; return the curves."""
        for now in range(self.ticks):
            self._advance(now)
        curves = Curves(self.dt, self.levels)
        curves.update({name: np.add.accumulate(flow, axis=0) for name, flow in self.flows.items()})
        curves.died = self.died
        return curves

    def _advance(self, now: int) -> None:
        """One tick: who comes, what they see and get, who recomputes, what is back by the end."""
        t0 = now * self.dt
        purged = (self.batch.purge_time >= t0) & (self.batch.purge_time < t0 + self.dt)
        self.made = np.where(purged, -np.inf, self.made)
        time, weight, draw = self._readers(now, t0)
        filled = time >= self.back
        made = np.where(filled, self.back, self.made)
        failed = (self.failed | (time >= self.fails)) & ~filled
        age = time - made
        got = self._served(age, failed)
        asks = self._asks(age, draw) & (weight > 0)
        began = self._begin(time, weight, asks)
        self._answer(now + 1, time, weight, age, made, got, began)
        self._land(t0 + self.dt)

    def _readers(self, now: int, t0: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Time, weight and draw of the crowd and of each reader of this tick, padded with readers of no weight."""
        count, first = self.counts[now], self.firsts[now]
        slot = np.arange(int(count.max(initial=0)))[:, None]
        place = np.minimum(first + slot, len(self.times) - 1), np.arange(self.batch.size)
        here = slot < count
        time = np.where(here, self.times[place], t0)
        crowd_time = np.full((1, self.batch.size), t0)
        return (
            np.concatenate([crowd_time, time]),
            np.concatenate([self.crowd[None], here.astype(float)]),
            np.concatenate([np.full_like(crowd_time, 0.5), self.draws[place]]),
        )

    def _served(self, age: FloatArray, failed: NDArray[np.bool_]) -> NDArray[Any]:
        batch = self.batch
        return np.asarray(
            self.policies.serve(age, batch.ttl, batch.stale_while_revalidate, batch.stale_if_error, failed)
        )

    def _asks(self, age: FloatArray, draw: FloatArray) -> NDArray[np.bool_]:
        left = self.batch.ttl - age
        return np.asarray(self.policies.refresh_early(left, self.batch.recompute_time, self.batch.beta, draw)) != 0

    def _begin(self, time: FloatArray, weight: FloatArray, asks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Who begins a recompute: everyone who asks, or whom the lock lets through; what comes of it."""
        began = asks & ~self.locked
        if self.locked.any():
            began = np.where(self.locked, self._let_through(time, np.where(asks, weight, 0.0)), began)
        self._send(np.where(began, time, np.inf))
        return began

    def _let_through(self, time: FloatArray, asking: FloatArray) -> NDArray[np.bool_]:
        """Ask the lock; those it lets through are the first of those who ask (once a lock that lapses has lapsed)."""
        after = np.where(time >= self.held_until, asking, 0.0)
        asking = np.where(after.any(axis=0), after, asking)
        first = np.where(asking > 0, time, np.inf).min(axis=0)
        # Where nobody asks the time is the tick's start, so that a policy never meets an infinite clock.
        now = np.where(np.isfinite(first), first, time[0])
        before = np.add.accumulate(asking, axis=0)
        expiry = self.batch.lock_expiry + np.zeros_like(now)
        granted, until = self.policies.lock(self.held_until, now, before[-1], expiry)
        self.granted = np.asarray(granted, dtype=float)
        self.held_until = np.where(self.locked, until, self.held_until)
        return (asking > 0) & (before - asking < self.granted)

    def _send(self, began: FloatArray) -> None:
        """Set when the first of these recomputes is back, or fails; a holder that dies is never heard of again."""
        batch, first = self.batch, began.min(axis=0)
        dies = self.locked & np.isfinite(first) & (first >= batch.crash_time) & np.isnan(self.died)
        self.died = np.where(dies, first, self.died)
        out = (began >= batch.outage_start) & (began < batch.outage_start + batch.outage_duration)
        good, bad = (np.where(which, began, np.inf).min(axis=0) for which in (~out, out))
        self.back = np.where(dies, self.back, np.minimum(self.back, good + batch.recompute_time))
        self.fails = np.where(dies, self.fails, np.minimum(self.fails, bad + batch.recompute_time))

    def _answer(
        self, row: int, time: FloatArray, weight: FloatArray, age: FloatArray, made: FloatArray,
        got: NDArray[Any], began: NDArray[np.bool_],
    ) -> None:  # fmt: skip
        """Count what readers get at once, who waits for a recompute of its own, and who joins the crowd."""
        there, here, delta = got != WAIT, weight > 0, self.batch.recompute_time
        # A reader waits for its own recompute without a lock, or where it refreshes early and not in the background.
        own = began & np.where(there, ~self.background, ~self.locked)
        own[0] = False
        at_once, joins = there & ~own & here, ~there & ~own & here
        ages = np.where(at_once, age, 0.0)
        ages[0] = np.where(got[0] == STALE, ages[0], 0.0)  # the crowd gets a new entry when it lands
        count = {
            "requests": weight[1:],
            "started": self._started(weight, began),
            "fresh": weight * (at_once & (got == FRESH)),
            "stale": weight * (at_once & (got == STALE)),
            "waited": (weight * (own | joins))[1:],
        }
        for name, values in count.items():
            self.flows[name][row] = values.sum(axis=0)  # whole numbers, whose sum no order changes
        self.flows["wait_sum"][row] = delta * np.count_nonzero(own, axis=0)
        self.levels["oldest"][row] = np.where(np.isfinite(ages), ages, 0.0).max(axis=0)
        self.levels["longest_wait"][row] = delta * own.any(axis=0)
        self._move_crowd(row, time, made[0], at_once[0], got[0], joins[1:])

    def _started(self, weight: FloatArray, began: NDArray[np.bool_]) -> FloatArray:
        """Recomputes begun; a crowd that is let through under the lock sends as many as were granted."""
        crowd = np.where(self.locked, np.minimum(self.granted, weight[0]), weight[0])
        return np.where(began, np.concatenate([crowd[None], np.ones_like(weight[1:])]), 0.0)

    def _move_crowd(
        self, row: int, time: FloatArray, made: FloatArray, leaves: NDArray[np.bool_], got: NDArray[Any],
        joins: NDArray[np.bool_],
    ) -> None:  # fmt: skip
        """The crowd leaves with the entry it waited for, and those who must wait join it."""
        answered = np.where(got == FRESH, np.maximum(made, 0.0), time[0])
        waited = np.where(leaves, self.crowd * answered - self.came, 0.0)
        longest = np.where(leaves, answered - np.where(leaves, self.earliest, 0.0), 0.0)
        self.flows["wait_sum"][row] += waited
        stays = ~leaves
        came = np.where(joins, time[1:], np.inf)
        self.earliest = np.minimum(np.where(stays, self.earliest, np.inf), came.min(axis=0, initial=np.inf))
        self.came = np.where(stays, self.came, 0.0) + exact.total(np.where(joins, time[1:], 0.0))
        self.crowd = np.where(stays, self.crowd, 0.0) + joins.sum(axis=0)
        end = np.minimum(time[0] + self.dt, self.back)  # a new entry that lands within the tick ends the wait
        still = np.where(self.crowd > 0, end - np.where(self.crowd > 0, self.earliest, 0.0), 0.0)
        self.levels["crowd"][row] = self.crowd
        level = self.levels["longest_wait"]
        level[row] = np.maximum(level[row], np.maximum(longest, still))

    def _land(self, t1: float) -> None:
        """What is back by the end of the tick: a new entry, or word of a failure; either frees the lock."""
        filled, failed = self.back <= t1, self.fails <= t1
        self.made = np.where(filled, self.back, self.made)
        self.failed = (self.failed | failed) & ~filled
        self.held_until = np.where(filled | failed, FREE, self.held_until)
        self.back = np.where(filled, np.inf, self.back)
        self.fails = np.where(failed | filled, np.inf, self.fails)


FLOWS = ("requests", "started", "fresh", "stale", "waited", "wait_sum")
LEVELS = ("oldest", "longest_wait", "crowd")


def _check_tick(batch: Batch) -> None:
    shortest = batch.lowest("recompute_time")
    if shortest < batch.dt - 1e-9:
        raise ValueError(
            f"recompute_time = {shortest:g} s is shorter than a tick of {batch.dt:g} s: set dt to {shortest:g} or less"
        )


def _events(batch: Batch, curves: Curves) -> dict[str, FloatArray]:
    """Start and end of the outage, and when the holder died; NaN: never, or not within the run."""
    starts = np.where(batch.outage_duration > 0, batch.outage_start, np.nan) + np.zeros(batch.size)
    ends, over = starts + batch.outage_duration, curves.step * (len(curves["requests"]) - 1)
    return {
        "trigger_starts": np.where(starts < over, starts, np.nan),
        "trigger_ends": np.where(ends <= over, ends, np.nan),
        "holder_died": curves.died,
    }


SIGNALS = {
    "request_rate": Signal("requests/s", "requests for the key", lambda c: c.rate("requests")),
    "recompute_rate": Signal("recomputes/s", "recomputes begun", lambda c: c.rate("started")),
    "fresh_rate": Signal("requests/s", "answered fresh, at once or after a wait", lambda c: c.rate("fresh")),
    "stale_rate": Signal("requests/s", "answered from an expired entry", lambda c: c.rate("stale")),
    "waiting_rate": Signal("requests/s", "requests that had to wait", lambda c: c.rate("waited")),
    "stale_share": Signal("of answers", "answered stale", lambda c: share(c.rate("stale"), c.rate("fresh"))),
    "crowd": Signal("requests", "readers waiting behind the lock", lambda c: c.level("crowd")),
    "wait_rate": Signal("s/s", "seconds waited by readers who were answered", lambda c: c.rate("wait_sum")),
    "longest_wait": Signal(
        "s", "longest wait of a reader answered or still waiting", lambda c: c.level("longest_wait")
    ),
    "oldest_answer": Signal("s", "age of the oldest answer", lambda c: c.level("oldest")),
}
