"""What a day brings to a cache: its parameters tick by tick, the triggers, and chance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.models import noise
from course_lib.models.exact import Lag, cumulative
from course_lib.models.simulation import Batch
from course_lib.models.trace import FloatArray

NONE, HOT_KEY, FLUSH, BROWNOUT = range(4)
DRAWS = 256  # draws per key; a run with more cycles uses them again from the first
Ints = NDArray[np.int64]


def popularity(keys: int, exponent: ArrayLike) -> FloatArray:
    """Share of the requests that each key gets, hottest first, shape (keys, len(exponent)); Zipf's law."""
    power = np.repeat(-np.atleast_1d(np.asarray(exponent, dtype=float))[None], keys, axis=0)
    weight = np.arange(1.0, keys + 1)[:, None] ** power  # one power a number: numpy has another way for a lone one
    return weight / np.add.accumulate(weight, axis=0)[-1]


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
        self.mean_let_in = self.rate * self.dt
        self.let_in = self.offered * self.admitted  # requests let in
        self.came = cumulative(self.let_in)  # requests let in so far
        self.left = np.diff(Lag(self.timeout, self.dt).shifted(self.came), axis=0)  # requests let in one timeout ago

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

    def came_by(self, time: FloatArray, member: Ints) -> FloatArray:
        """Requests let in by some times."""
        tick = np.maximum(time / self.dt, 0.0)
        low = np.minimum(tick.astype(np.int64), self.ticks - 1)
        below = self.came[low, member]
        return below + (self.came[low + 1, member] - below) * np.minimum(tick - low, 1.0)

    def history(self, past: int) -> FloatArray:
        """An empty cumulative history."""
        return np.zeros((past + self.ticks + 1, self.size))

    def flow(self) -> FloatArray:
        """An empty count per tick."""
        return np.zeros((self.ticks, self.size))
