"""Parts of `cascading_failure`: looking back, circuit breakers, one a dependency, and the reviews, which may hang."""

from __future__ import annotations

import numpy as np

from course_lib.models.exact import TINY, FloatArray, lag
from course_lib.models.simulation import Batch

CLOSED, OPEN, TRYING = range(3)
ENOUGH, PROBES = 20.0, 10.0  # calls that a breaker must have seen to open (Hystrix: 20), and lets through to see
SLACK = 1e-6  # of a call: what rounding may hold back of the last probe


class Past:
    """What a history, of any shape with rows first, held some whole ticks ago: so many for each of its places."""

    def __init__(self, history: FloatArray, ticks: np.ndarray) -> None:
        self.flat, self.step = history.reshape(-1), history[0].size
        self.place = np.arange(self.step).reshape(history[0].shape) - ticks * self.step

    def at(self, row: int) -> FloatArray:
        """Values so long before `row`, shape of one row."""
        return self.flat.take(self.place + row * self.step)


class PastBetween:
    """The same in every tick from `first`, for times of `ticks`, shape (ticks, *one row), which need not be whole."""

    def __init__(self, history: FloatArray, ticks: FloatArray, first: int) -> None:
        step, whole = history[0].size, np.floor(ticks).astype(np.int64)
        self.newer, self.older = history[1:].reshape(-1), history.reshape(-1)
        rows = np.arange(first - 1, first - 1 + len(ticks)).reshape(-1, *[1] * (ticks.ndim - 1)) - whole
        self.place, self.part = rows * step + np.arange(step).reshape(history[0].shape), ticks - whole

    def at(self, n: int) -> FloatArray:
        """Values so long before the `n`-th tick, between two rows."""
        newer, older = self.newer.take(self.place[n]), self.older.take(self.place[n])
        return newer + (older - newer) * self.part[n]


class Breakers:
    """A breaker for each dependency: shop, stock, database, reviews, in this order; members on the last axis.

    Closed, it opens when of at least `ENOUGH` calls that ended in its window a threshold's share failed. Open, it
    refuses everything for a time, then lets `PROBES` calls through, and closes or opens by how these end.
    """

    def __init__(self, batch: Batch, ticks: int) -> None:
        size = batch.size
        self.on = batch.at("breaker", np.arange(ticks) * batch.dt) == 1
        self.window, self.rest = batch.ticks_in(batch.breaker_window), batch.ticks_in(batch.breaker_open)
        self.threshold = batch.breaker_threshold
        self.state, self.since = np.zeros((4, size), dtype=np.int64), np.zeros((4, size), dtype=np.int64)
        self.tried = np.zeros((4, size))
        self.ended, self.failed = np.zeros((ticks + 1, 4, size)), np.zeros((ticks + 1, 4, size))
        self.states = np.zeros((ticks + 1, 4, size))
        self.tiers, self.members = np.arange(4)[:, None], np.arange(size)

    def admits(self, n: int) -> FloatArray:
        """Calls that each breaker lets through in tick `n`."""
        due = (self.state == OPEN) & (n - self.since >= self.rest)
        self._enter(due, TRYING, n)
        left = np.maximum(PROBES - self.tried, 0.0)
        return np.where(self.state == CLOSED, np.inf, np.where(self.state == OPEN, 0.0, left))

    def note(self, n: int, entered: FloatArray, ended: FloatArray, failed: FloatArray) -> None:
        """Count the calls that were let through, that ended, and that failed in tick `n`; open and close."""
        row = n + 1
        np.add(self.ended[n], ended, out=self.ended[row])
        np.add(self.failed[n], failed, out=self.failed[row])
        trying = self.state == TRYING
        self.tried = np.where(trying, self.tried + entered, 0.0)
        first = np.maximum(np.where(trying, 0, row - self.window), self.since)
        calls = self.ended[row] - self.ended[first, self.tiers, self.members]
        ill = self.failed[row] - self.failed[first, self.tiers, self.members]
        bad = ill >= self.threshold * calls
        enough = calls >= np.where(trying, PROBES, ENOUGH) - SLACK
        on = self.on[n if len(self.on) > 1 else 0]
        self._enter(enough & bad & on & (self.state != OPEN), OPEN, row)
        self._enter((enough & ~bad & trying) | (~on & (self.state != CLOSED)), CLOSED, row)
        self.states[row] = self.state

    def _enter(self, where: np.ndarray, state: int, row: int) -> None:
        self.state = np.where(where, state, self.state)
        self.since = np.where(where, row, self.since)


class Reviews:
    """The optional dependency: who wants it, whose calls hang, and what becomes of them.

    A hanging call holds a worker of the gateway until it times out or the trouble ends; its user may leave before. The
    share of the gateway's queue that wants the reviews is taken as well mixed.
    """

    def __init__(self, batch: Batch, ticks: int) -> None:
        size, time = batch.size, np.arange(ticks) * batch.dt
        self.share, self.ill = batch.feature_share + np.zeros(size), batch.trigger == 1
        begin = np.round(np.minimum(batch.trigger_start / batch.dt, 2**40)).astype(np.int64)
        end = np.round(np.minimum((batch.trigger_start + batch.trigger_duration) / batch.dt, 2**40)).astype(np.int64)
        self.happens = bool(self.ill.any()) and bool((begin < ticks).any())
        self.mode = batch.at("feature", time)  # required, optional, off
        self.begin, self.end = begin + np.zeros(size, dtype=np.int64), end + np.zeros(size, dtype=np.int64)
        held = batch.ticks_in(batch.feature_timeout) + np.zeros(size, dtype=np.int64)
        waits = np.minimum(held, batch.ticks_in(batch.user_timeout))
        self.past = int(held.max()) + 1
        self.patience, self.leaves_first = (lag(held), lag(waits)), waits < held
        rows = self.past + ticks if self.happens else 1
        self.called, self.wanted = np.zeros((rows, size)), np.zeros((rows, size))
        self.gone = np.zeros((2, size))  # of each, calls that are over
        self.hung, self.inside = np.zeros(size), np.zeros(size)
        self.started = self.good = self.bad = self.stuck = self.ended = self.failed = self.over = np.zeros(size)
        self.members = np.arange(size)

    def mixed(self, first: FloatArray, again: FloatArray, queue: FloatArray, calls: FloatArray) -> None:
        """Take up what arrives at the gateway: `first` and `again` that may want reviews, among queue and calls."""
        if not self.happens:
            self.mingled = self.share
            return
        self.inside = self.inside + self.share * first + again
        seen = np.minimum(self.inside / np.maximum(queue + calls, TINY), 1.0)
        self.mingled = np.where(self.ill, seen, self.share)

    def start(self, n: int, starts: FloatArray, room: FloatArray, admits: FloatArray) -> FloatArray:
        """Call the reviews for those that want them; return how many requests do not go to the shop."""
        self.started = starts * self.mingled
        if not self.happens:
            self.good = self.started
            self.through = self.ended = np.minimum(self.started, admits)
            return self.started
        mode = self.mode[n if len(self.mode) > 1 else 0]
        calls = np.minimum(np.where(mode == 2, 0.0, self.started), admits)
        hangs = self.ill & (n >= self.begin) & (n < self.end)
        through = np.where(hangs, np.minimum(calls, np.maximum(room - self.hung, 0.0)), calls)
        refused = self.started - through
        self.stuck = np.where(hangs, through, 0.0)
        quick = through - self.stuck
        self.good = quick + np.where(mode == 0, 0.0, refused)
        self.bad = np.where(mode == 0, refused, 0.0)
        self.through, self.ended, self.failed = through, quick, 0.0 * quick
        return self.started

    def wait(self, n: int, alive: FloatArray, queue: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Carry the hanging calls on by a tick, of which a share `alive` is awaited; return users served and failed."""
        row = self.past + n
        if not self.happens:
            return self.hung, self.hung
        self.inside = self.mingled * queue
        stuck = self.stuck * alive
        np.add(self.called[row - 1], self.stuck, out=self.called[row])
        np.add(self.wanted[row - 1], stuck, out=self.wanted[row])
        ends = n + 1 >= self.end
        worker, user = (self._over(curve, row, wait, gone, ends) for curve, wait, gone in zip(
            (self.called, self.wanted), self.patience, self.gone, strict=True))  # fmt: skip
        self.over, left = worker - self.gone[0], user - self.gone[1]
        self.gone = np.stack([worker, user])
        self.hung = np.maximum(self.called[row] - worker, 0.0)
        mode = self.mode[n if len(self.mode) > 1 else 0]
        fine = ends | (~self.leaves_first & (mode != 0))
        self.ended, self.failed = self.ended + self.over, self.failed + np.where(ends, 0.0, self.over)
        return np.where(fine, left, 0.0), np.where(fine, 0.0, left)

    def _over(self, curve: FloatArray, row: int, wait, gone: FloatArray, ends: np.ndarray) -> FloatArray:
        """How many calls are over: those one patience old, or all once the trouble ends."""
        expired = curve[row - wait] if isinstance(wait, int) else curve[row - wait, self.members]
        return np.maximum(gone, np.where(ends, curve[row], expired))
