"""The queue of `fifo`, whose service drops work that has waited too long, and stops what begins too late.

Dropping moves the service along for nothing: what had arrived one permitted wait ago is a floor under the work that is
done with, so that Lindley's recursion becomes a walk between a floor and a ceiling. It may be switched on and off while
the queue runs; `margin` is the time a caller must have left when its work is begun.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from course_lib.models.exact import TINY, FloatArray, back, lag
from course_lib.models.fifo import Fifo, extend


@dataclasses.dataclass(frozen=True)
class Expiry:
    """When work is dropped.

    Parameters
    ----------
    on : ndarray of bool, shape (ticks or 1, members or 1)
        Whether expired work is dropped in a tick.
    margin : ndarray
        Ticks left to the timeout at which queued work is dropped; a tick of waiting is always allowed.
    service_time, slow : ndarray
        Mean time a healthy server works on a piece, s, and the share of its speed it has in each tick.
    dt : float
        Length of a tick, s.
    window : int
        Ticks over which drops are counted.
    """

    on: NDArray[np.bool_]
    margin: FloatArray
    service_time: FloatArray
    slow: FloatArray
    dt: float
    window: int


class ExpiringFifo(Fifo):
    """The queue of a batch; parameters as `fifo.Fifo`'s, and the rule by which work is dropped."""

    def __init__(self, able: FloatArray, timeout: NDArray[np.int64], members: int, past: int, expiry: Expiry) -> None:
        super().__init__(able, timeout, members, past)
        self.expiry, rows = expiry, self.past + self.ticks
        age = np.maximum(self.timeout - expiry.margin, 1.0)
        ticks = np.floor(age + 1e-9)
        self.drop_lag, self.part = lag(ticks.astype(np.int64)), np.maximum(age - ticks, 0.0)
        self.lead, self.margin = self.timeout - self.drop_lag, (self.timeout - age) * expiry.dt
        self.dropped = np.zeros((rows, members))
        self.unserved, self.dropped_live = (np.zeros((rows + 1, members)) for _ in range(2))

    @property
    def longest_block(self) -> int:
        """Ticks that may be advanced at once."""
        return int(np.min(self.drop_lag))

    def give_up(self, now: int, n: int) -> FloatArray:
        """Share of the work that entered one timeout ago that is lost in `n` ticks: in the queue, dropped, or late."""
        self._set_floor(now, n)
        share = super().give_up(now, n)
        begin, end = (back(self.arrived, row, n, self.timeout) for row in (now - 1, now))
        share = self._drop(now, n, share, self._done_before(now, n), np.where(self.settled, begin, end))
        self.lost_share[now : now + n] = share
        return share

    def serve(self, now: int, n: int) -> None:
        """Move the service along: as far as it is able, never past what has arrived, never below what is dropped."""
        rows = slice(now, now + n)
        head = self.arrived[rows] - self.capacity[rows]
        self._move(rows, self._limited(head, self.floors - self.capacity[rows]))

    def room(self, now: int, i: int, limit: FloatArray, arrived: FloatArray, done: FloatArray) -> FloatArray:
        """Work for which a queue of `limit` has room in tick `i` of the block; what is dropped makes room at once."""
        return np.maximum(super().room(now, i, limit, arrived, done), limit + self.floors[i] - arrived)

    def step(self, now: int, i: int, ahead: FloatArray, arrived: FloatArray) -> FloatArray:
        """How far the service is ahead of its capacity after tick `i` of a block, when `arrived` has arrived."""
        return super().step(now, i, np.maximum(ahead, self.floors[i] - self.capacity[now + i]), arrived)

    def _drop(self, now: int, n: int, share: FloatArray, done: FloatArray, live: FloatArray) -> FloatArray:
        """Drop what has waited too long; share of the cohort a timeout ago that was dropped or started too late.

        While work is dropped, what starts has the margin left, and what it waited for a free server after that: it is
        late with probability ``exp(-m/S) D S / (1 + D S)`` at D drops a second (see `theory.retries.expiring_goodput`).
        """
        rows, on, before, level = slice(now, now + n), self.dropping, self.levels[:-1], self.levels[1:]
        reached = done + self.able[rows]
        dropped = np.where(on, np.maximum(level - np.maximum(reached, before), 0.0), 0.0)
        late = self._late(now, n, dropped, np.maximum(np.minimum(reached, level) - np.maximum(done, before), 0.0))
        self.unserved[rows] = (dropped + late) / np.maximum(level - before, TINY)
        for i in np.flatnonzero(self.switched.any(axis=1)):
            self._drop_backlog(now + i, self.switched[i], reached[i], level[i])
        passed = np.where(on, np.maximum(level - np.maximum(reached, live), 0.0), 0.0)
        self.overtaken[rows] = np.where(self.settled, 0.0, self.overtaken[rows]) + passed + late
        self.dropped[rows] = np.where(on, np.maximum(level - reached, 0.0), 0.0)
        first, second = back(self.unserved, now, n, self.lead), back(self.unserved, now + 1, n, self.lead)
        gone = np.where(self.settled, 0.0, share) + (1.0 - self.part) * first + self.part * second
        return np.minimum(gone, 1.0)

    def _late(self, now: int, n: int, dropped: FloatArray, started: FloatArray) -> FloatArray:
        """Of the work that is started in each tick, what is not done before its timeout."""
        window, service_time = self.expiry.window, self.expiry.service_time
        extend(self.dropped_live, now, dropped)
        recent = self.dropped_live[now : now + n] - self.dropped_live[now - window : now + n - window]
        rate = recent / (window * self.expiry.dt) * service_time
        slow = self.expiry.slow[now - self.past : now - self.past + n]
        late = np.where(self.dropping, started, 0.0) * np.exp(-self.margin * slow / np.maximum(service_time, TINY))
        return late * rate / np.maximum(slow + rate, TINY)

    def _drop_backlog(self, now: int, switched: NDArray[np.bool_], reached: FloatArray, level: FloatArray) -> None:
        """Drop, as dropping is switched on, what is older than it may be and not yet at its timeout."""
        for ticks in range(1, int(np.max(self.lead))):
            before, end = self._drop_level(now - ticks - 1, 2)
            gone = np.maximum(np.minimum(end, level) - np.maximum(before, reached), 0.0) / np.maximum(
                end - before, TINY
            )
            self.unserved[now - ticks] = np.where(switched & (ticks < self.lead), gone, self.unserved[now - ticks])

    def _done_before(self, now: int, n: int) -> FloatArray:
        """Service's progress at the start of each tick, counting only work that was there when the block began."""
        if n == 1:
            return self.done[now - 1 : now]
        old, capacity = self.arrived[now - 1], self.capacity[now : now + n - 1]
        ahead = self._limited(old - capacity, self.floors[:-1] - capacity)
        return np.concatenate([self.done[now - 1 : now], np.minimum(ahead + capacity, old)])

    def _limited(self, ceiling: FloatArray, floor: FloatArray) -> FloatArray:
        ahead, value = np.empty_like(ceiling), self.ahead
        for i in range(len(ceiling)):
            value = np.minimum(ceiling[i], np.maximum(value, floor[i]))
            ahead[i] = value
        return ahead

    def _set_floor(self, now: int, n: int) -> None:
        """How far drops take the queue in a block, and where dropping is on, has just been, or was on before."""
        values = self.expiry.on
        at = np.arange(now, now + n) - self.past
        self.dropping = on = values if len(values) == 1 else values[at]
        was = on if len(values) == 1 else values[np.maximum(at - 1, 0)]
        self.switched, self.settled = on & ~was, on & (was | (self.lead == 0))
        self.levels = self._drop_level(now - 1, n + 1)
        self.floors = np.where(on, self.levels[1:], -np.inf)

    def _drop_level(self, now: int, n: int) -> FloatArray:
        """What had arrived when the oldest work that may wait did: between two ticks where the margin says so."""
        older, newer = (back(self.arrived, row, n, self.drop_lag) for row in (now - 1, now))
        return (1.0 - self.part) * newer + self.part * older
