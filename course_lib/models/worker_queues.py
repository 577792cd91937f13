"""What the queues of many workers hold together: healthy, overloaded, full, and on the way between.

Each worker is an M/M/1 queue of its own; requests go to one at random. Where x attempts/s come to a worker that can do
m, the mean q and the variance v of what its queue holds obey exactly

    dq/dt = x - m + m P        dv/dt = x + m - m P (1 + 2 q)        P: the chance that it is empty

A step that looks ahead is the root of a square, whose other side is the room that full queues have:

    fills    P = g / (1 + q), so with u = 1 + q:  u' = (B + sqrt(B^2 + 4 m g Delta)) / 2,  B = u + (x - m) Delta
             g = exp(k (1 - q (1 + q) / v)): 1 where the law is exponential, as in a steady state, k such that it is
             2 / pi where it is half a normal's (grown from nothing at x = m), and nothing once the queue stands
    empties  to its steady h = x / (m - x): P = (1 - x / m) s^4, where s^2 = 1 - e^2 / t, e = q - h and t is what the
             second moment has beyond its steady one; then z = 1 / s - s is in proportion to e all the way down, and
             dz/dt = -c (1 - s^4), as good as -c (1 - e^(-2 z)), has a solution
    full     dF/dt = m / F - (x - m): room F, in a steady state m / (x - m), as in an M/M/1/K queue

Against M/M/1's exact law, ten seconds at 0.9, 1.02 and 1.1 of capacity and ticks of 0.25 and 1 s (tests/models): the
mean within 5 % of its highest, but for 8 % after the first tick of a second; of those late in all within 5 %.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.models.exact import FloatArray

CLOSE = np.log(np.pi / 2) / (1 / (np.pi / 2 - 1) - 1)  # k: half a normal has v = (pi / 2 - 1) q^2
USUAL = 0.25  # a queue that holds so much more than is usual, or less, fills; it empties from more
LITTLE = 1e-9  # attempts
ROUND, NARROW = 1e-9, 1e-3  # least of e^2 / t, and of 1 - e^2 / t
NORMAL = (1.5976 * 2**0.5, 0.07056 * 2**1.5)  # 1 / (1 + exp(-1.5976 z - 0.07056 z^3)): the normal curve (Page, 1977)
BEYOND, FAR = 12.0, 50.0  # deviations, and exponents, that are as good as infinite; numpy is slow where it underflows
NOBODY = np.zeros(0, dtype=np.int64)


class WorkerQueues:
    """The queues of each member's fleet, in attempts of all its workers.

    Attributes
    ----------
    mean : ndarray
        What they hold, on average over chance.
    stays : ndarray
        Of attempts more or less that chance has brought: the share that the tick's end still sees.
    most : ndarray
        What they hold at most, on average: a full one has room now and then.
    """

    def __init__(self, workers: ArrayLike, limit: FloatArray) -> None:
        size = limit.shape
        self.limit, self.half_limit = limit, np.where(np.isfinite(limit), limit / 2, 0.0)
        self.workers = np.asarray(workers, dtype=float) + np.zeros(size)
        self.four, self.twice, self.half = 4 * self.workers, 2 * self.workers, self.workers / 2
        self.mean, self.room, self.most = np.zeros(size), np.zeros(size), limit
        self.uneven, self.near = np.full(size, LITTLE), np.ones(size)  # N^2 v, and g
        self.stays = np.ones(size)
        self._before = self.mean, self.uneven
        self._both = self.workers  # the mean before and after, and a worker each
        self._rows = NOBODY  # members whose queues empty

    def step(self, expected: FloatArray, able: FloatArray) -> None:
        """Go one tick in which `expected` attempts come, on average, and `able` can be done."""
        more, mean, uneven = expected - able, self.mean, self.uneven
        level = self._roots(more, able)
        self.mean = np.maximum(level - self.workers, 0.0)
        self._before, self._both = (mean, uneven), mean + level
        idle = self.mean - mean - more
        wider = uneven + self.workers * (expected + able) - idle * self._both
        most = np.maximum(self.mean * level, LITTLE)
        self.uneven = np.maximum(np.minimum(wider, most), LITTLE)
        below = mean * more + self.workers * expected
        self._rows = NOBODY
        if below.min(initial=1.0) <= 0.0:
            self._settle(below, most, expected, able)
        self.near = np.exp(np.maximum(CLOSE - CLOSE * most / self.uneven, -FAR))

    def _roots(self, more: FloatArray, able: FloatArray) -> FloatArray:
        """Set room, most and stays; return the mean after the tick, and a worker each."""
        sides, pull = np.empty((2, len(more))), np.empty((2, len(more)))
        np.add(self.mean + self.workers, more, out=sides[0])
        np.subtract(self.room, more, out=sides[1])
        np.multiply(self.four, able, out=pull[1])
        np.multiply(pull[1], self.near, out=pull[0])
        root = np.sqrt(sides * sides + pull)
        fill, room = 0.5 * (sides + root)
        self.stays = fill / root[0]
        self.room = np.minimum(room, self.half_limit)
        self.most = self.limit - self.room
        return fill

    def _settle(self, below: FloatArray, most: FloatArray, expected: FloatArray, able: FloatArray) -> None:
        """Who holds more than is usual has an exponential law, or by far more, and empties."""
        self.uneven = np.where(below <= 0.0, np.maximum(self.uneven, most), self.uneven)
        self._rows = np.flatnonzero(below + USUAL * self.workers * expected < -LITTLE)
        if self._rows.size:
            most[self._rows] = self._empty(self._rows, expected, able)

    def _empty(self, rows: NDArray[np.int64], expected: FloatArray, able: FloatArray) -> FloatArray:
        """Let those empty that hold more than is usual; return the variance that makes `near` 1, or theirs if more."""
        workers = self.workers[rows]
        x, m, before = expected[rows] / workers, able[rows] / workers, self._before[0][rows] / workers
        usual = x / (m - x)
        above = before - usual
        second = self._before[1][rows] / workers**2 + before**2 - usual * (1 + 2 * usual) + above
        s = np.sqrt(np.minimum(np.maximum(1 - above**2 / np.maximum(second, LITTLE), NARROW), 1 - ROUND))
        z = 1 / s - s
        scale = z / above
        z = np.log1p(np.expm1(2 * z) * np.exp(-2 * scale * (m - x))) / 2
        s = (np.sqrt(z * z + 4) - z) / 2
        above = z / scale
        after = usual + above
        spread = above / (scale * s) - above * (1 + usual + after) + usual * (1 + usual)
        self.mean[rows] = after * workers
        self.uneven[rows] = uneven = np.maximum(spread * workers**2, LITTLE)
        self.stays[rows] = 1 - s**4
        return np.maximum(after * (1 + after) * workers**2, uneven)

    def late(self, within: FloatArray, expected: FloatArray, able: FloatArray, chance: FloatArray) -> FloatArray:
        """Share of a tick's attempts that find more before them than the `within` that can be done until the deadline.

        A queue that empties is still above what is usual, with a chance, or is not any more.
        """
        rise = self.mean - self._before[0]  # in the course of a tick: attempts find all its stages
        uneven = self._before[1] + self.uneven + rise * rise / 6.0
        middle = self._both * 0.5
        late = late_share(within, middle + chance, uneven + self.twice * within, self.near, middle + self.half)
        rows = self._rows
        if rows.size:
            workers, x, m, until = self.workers[rows], expected[rows], able[rows], within[rows]
            usual = workers * x / (m - x)
            above = np.maximum((self._before[0][rows] + self.mean[rows]) / 2 - usual, LITTLE)
            spread = uneven[rows] / 2
            s2 = np.maximum(spread / (above * above + spread), NARROW)
            near = np.exp(CLOSE * (1 - 1 / s2))
            still = 1 - s2 * near
            above /= still
            level = usual + above + workers
            spread = 2 * (s2 * above * above + workers * until)
            behind = late_share(until, level - workers / 2 + chance[rows], spread, near, level)
            late[rows] = still * behind + (1 - still) * np.exp(-until / (workers + usual))
        return late

    def refuse(self, refuses: NDArray[np.bool_], sent: FloatArray) -> None:
        """Hold no more than there is room for; full queues differ by no more than what has room in them."""
        over = self.mean - np.maximum(self.most, self.mean - sent)
        np.maximum(over, 0.0, out=over)
        self.mean = self.mean - over
        self._both = self._both - over
        narrow = np.maximum(self.room * self.room, LITTLE)
        self.uneven = np.where(refuses, np.minimum(self.uneven, narrow), self.uneven)


def late_share(
    within: FloatArray,
    queue: FloatArray,
    uneven: FloatArray,
    near: FloatArray,
    level: FloatArray,
) -> FloatArray:
    """Share that waits for more than is done until the deadline; `uneven`: twice a variance."""
    free = (within - queue) / np.sqrt(uneven)
    free = np.minimum(np.maximum(free, -BEYOND), BEYOND)
    stands = 1.0 / (1.0 + np.exp(free * (NORMAL[0] + NORMAL[1] * free * free)))
    tail = np.exp(-within / level)
    return stands + near * near * (tail - stands)
