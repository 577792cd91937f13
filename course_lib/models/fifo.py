"""A first-in-first-out queue whose callers give up after a timeout, while the service works on for them.

Two cumulative curves hold it: work that has `arrived` and work that is `done`; their gap is the queue. Where the second
crosses the first one timeout ago tells, exactly, who was served in time. Nobody gives up before one timeout has passed,
so a block of ticks up to that long is a few array operations; where blocks end changes no bit.

In row n, with A arrivals, w the work that can be done, W its running sum, τ the timeout in ticks:

    1  begin, end = A[n - τ - 1], A[n - τ]                    the cohort whose time is up
    2  late = where the line done - cohort lies above zero    (`exact.share_above`)
    3  lost = (end - begin) late
    4  A[n] = A[n - 1] + what enters
    5  done - W = min(done - W, A - W)                        Lindley's recursion, as a running minimum
    6  good = progress of max(done, A[n - τ]), less what was overtaken

One fast server: a wait counts, a service time is only added. Histories keep `past` rows of silence before tick 0, and
cumulative ones hold their value at the *end* of a tick.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from course_lib.models.exact import FloatArray, accumulate, back, first_reached, lag, ratio, share_above


class Fifo:
    """The queue of a batch.

    Parameters
    ----------
    able : ndarray, shape (ticks, members or 1)
        Work that can be done in each tick.
    timeout : ndarray of int, shape (members,) or (1,)
        Ticks a caller waits, at least one.
    members : int
    past : int, optional
        Rows of silence before tick 0, at least the longest timeout and one; more where others look further back.
    """

    def __init__(self, able: FloatArray, timeout: NDArray[np.int64], members: int, past: int = 0) -> None:
        self.timeout, self.ticks = lag(timeout), len(able)
        self.past = max(past, int(np.max(timeout)) + 1)
        rows = self.past + self.ticks
        self.able = np.concatenate([np.zeros((self.past, able.shape[1])), able])
        self.capacity = accumulate(np.add, self.able)  # work that could have been done so far
        self.arrived = np.zeros((rows, members))  # work that has entered so far
        self.done = np.zeros((rows, members))  # work done so far, wanted or not
        self.lost_share = np.zeros((rows, members))  # share of the cohort one timeout ago that gives up in a tick
        self.overtaken = np.zeros((rows, members))  # work whose caller gives up in a tick
        self.dropped: FloatArray = np.zeros((1, 1))  # work that was thrown away unserved, in each tick: here none
        self.ahead = np.zeros(members)  # done less capacity, as the last block left it

    @property
    def longest_block(self) -> int:
        """Ticks that may be advanced at once."""
        return int(np.min(self.timeout))

    def give_up(self, now: int, n: int) -> FloatArray:
        """Share of the work of one timeout ago whose callers give up, `n` ticks from row `now`.

        The cohort that arrived a timeout ago sits in the queue between `begin` and `end`.
        Service reaches `done` at the tick's start and moves by `able` during it. Both
        boundaries move linearly, so the share of the cohort that is overtaken by its
        deadline is where two straight lines cross.
        """
        begin, end = (back(self.arrived, row, n, self.timeout) for row in (now - 1, now))
        done = np.minimum(self._done_before(now, n), end)
        share = share_above(begin - done, end - done - self.able[now : now + n])
        self.lost_share[now : now + n] = share
        np.multiply(end - begin, share, out=self.overtaken[now : now + n])
        return share

    def enter(self, now: int, flow: FloatArray) -> None:
        """Let in work, tick by tick from row `now`."""
        extend(self.arrived, now, flow)

    def serve(self, now: int, n: int) -> None:
        """Move the service along: as far as it is able, never past what has arrived."""
        rows = slice(now, now + n)
        self._move(rows, np.minimum(accumulate(np.minimum, self.arrived[rows] - self.capacity[rows]), self.ahead))

    def _move(self, rows: slice, ahead: FloatArray) -> None:
        self.ahead = ahead[-1]
        self.done[rows] = np.minimum(ahead + self.capacity[rows], self.arrived[rows])

    # -- tick by tick, for a queue with a bound ------------------------------------------------------------------------

    def room(self, now: int, i: int, limit: FloatArray, arrived: FloatArray, done: FloatArray) -> FloatArray:
        """Work for which a queue of `limit` has room in tick `i` of the block, where `done` of `arrived` is done."""
        return limit + self.able[now + i] + done - arrived

    def step(self, now: int, i: int, ahead: FloatArray, arrived: FloatArray) -> FloatArray:
        """How far the service is ahead of its capacity after tick `i` of a block, when `arrived` has arrived."""
        return np.minimum(ahead, arrived - self.capacity[now + i])

    def _done_before(self, now: int, n: int) -> FloatArray:
        """Service's progress at the start of each tick, counting only work that was there when the block began."""
        if n == 1:
            return self.done[now - 1 : now]
        old, capacity = self.arrived[now - 1], self.capacity[now : now + n - 1]
        reached = np.minimum(np.minimum(self.ahead, old - capacity) + capacity, old)
        return np.concatenate([self.done[now - 1 : now], reached])

    # -- what it shows ---------------------------------------------------------------------------------------------

    def answered(self, now: int, n: int) -> FloatArray:
        """Work done in time in `n` ticks from row `now`: progress through the queue, less what had given up by then."""
        gone = back(self.arrived, now - 1, n + 1, self.timeout)
        reached = np.maximum(self.done[now - 1 : now + n], gone)
        progress = reached[1:] - reached[:-1]
        return np.maximum(progress - self.overtaken[now : now + n], 0.0)

    def waiting(self, now: int, n: int) -> FloatArray:
        """Work in the queue at the end of `n` ticks from row `now`, its callers still there or not."""
        return np.maximum(self.arrived[now : now + n] - self.done[now : now + n], 0.0)

    def waits(self) -> tuple[FloatArray, NDArray[np.int64]]:
        """Ticks that the work waited which is served in the middle of each tick, and the row in which it entered."""
        done, arrived = self.done[self.past - 1 :], self.arrived[self.past - 1 :]
        gone = back(self.arrived, self.past, self.ticks, self.timeout)
        middle = (done[1:] + np.minimum(np.maximum(done[:-1], gone), done[1:])) / 2
        row = first_reached(arrived, middle)
        level, below = (np.take_along_axis(arrived, np.maximum(row - less, 0), axis=0) for less in (0, 1))
        came = row - 1 + ratio(middle - below, level - below)
        left = np.arange(self.ticks)[:, None] + ratio(middle - done[:-1], done[1:] - done[:-1], empty=0.5)
        return np.maximum(left - came, 0.0), row + self.past - 1


def extend(total: FloatArray, now: int, flow: FloatArray) -> None:
    """Carry a cumulative history on from row `now`, adding one tick after the other whatever the block."""
    rows = total[now - 1 : now + len(flow)]
    rows[1:] = flow
    accumulate(np.add, rows, out=rows)
