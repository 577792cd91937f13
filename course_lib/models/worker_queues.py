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
    full     dF/dt = g m / F - (x - m): room F, in a steady state m / (x - m), as in an M/M/1/K queue; g as above, of
             F^2 / v, as full queues that empty have room sooner than chance gives them some

Of chance that befalls the fleet, a tick keeps the share s = du'/dB, as good as 1 / (1 + theta) where it forgets theta
times a tick: exactly the m (1 - x / m)^2 of a steady state. N queues that have nothing to do with one another vary by
N v together: that is how much of what attempts and services bring (each a Poisson's) is added.

    late     of exponential queues e^-y on average, y = deadline * (m - x); of n that hold G together, as of the points
             that cut a line at random, (1 - y / G)^(n - 1), where G is a gamma's (by Wilson and Hilferty)
    seen     n = N (1 + theta / (4 (1 - y / (e^y - 1)))) queues in a tick, for a queue beyond y stays there for a while:
             after a late attempt, 2 x / (m (1 - x / m)^2) more are late that would not be, where few are, and of a
             reflected Brownian motion's time beyond y the variance over long times tells how many where more are

Against M/M/1's exact law, ten seconds at 0.9, 1.02 and 1.1 of capacity and ticks of 0.25 and 1 s (tests/models): the
mean within 5 % of its highest, but for 8 % after the first tick of a second; of those late in all within 5 %.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from course_lib.models.one_or_many import Many, One, Table

CLOSE = math.log(math.pi / 2) / (1 / (math.pi / 2 - 1) - 1)  # k: half a normal has v = (pi / 2 - 1) q^2
USUAL = 0.25  # a queue that holds so much more than is usual, or less, fills; it empties from more
LITTLE = 1e-9  # attempts
ROUND, NARROW = 1e-9, 1e-3  # least of e^2 / t, and of 1 - e^2 / t
NORMAL = (1.5976 * 2**0.5, 0.07056 * 2**1.5)  # 1 / (1 + exp(-1.5976 z - 0.07056 z^3)): the normal curve (Page, 1977)
MANY = 1e6  # a tick that forgets so many times is as good as one that forgets more often
BEYOND, FAR = 12.0, 50.0  # deviations, and exponents, that are as good as infinite; numpy is slow where it underflows
STAGES = (0.1, 0.3, 0.5, 0.7, 0.9)  # of a tick
Values = Any  # of members: an array, or of one a float


class WorkerQueues:
    """The queues of each member's fleet, in attempts of all its workers; members as arrays, or one as floats.

    Attributes
    ----------
    mean : float or ndarray
        What they hold, on average over chance.
    chance, spread : float or ndarray
        What they hold beyond it, as it happens, and the variance of that.
    most : float or ndarray
        What they hold at most, on average: a full one has room now and then.
    keeps : float or ndarray
        How much of who is late the next tick keeps.
    alike : float or ndarray
        Variance of a tick's share of late ones that is in who of the queues are long, over late (1 - late).
    """

    def __init__(self, workers: Values, limit: Values) -> None:
        self.do = do = One if isinstance(limit, float) else Many
        none = 0.0 * workers
        self.limit, self.workers, self.each = limit, workers, 1.0 / workers
        self.half_limit = do.where(limit < math.inf, 0.5 * do.minimum(limit, 1e300 + none), none)
        self.four, self.twice, self.half = 4.0 * workers, 2.0 * workers, 0.5 * workers
        self.mean, self.room, self.most = none, none, limit
        self.uneven, self.near = none + LITTLE, none + 1.0  # N^2 v, and g
        self.stays, self.busy, self.keeps, self.alike, self.seen = none + 1.0, none, none + 1.0, self.each, workers
        self.chance, self.one = none, none  # and what one attempt more adds to it
        self.spread, self.sd = none + LITTLE, none + math.sqrt(LITTLE)
        self._before = none, self.uneven, none, self.spread
        self._empties = None  # members whose queues empty

    def step(self, expected: Values, able: Values, varies: Values, more: Values, normal: Values) -> Values:
        """Go one tick in which `expected` attempts come, on average, and `able` can be done.

        Chance brings `more`, whose variance is `varies`, and services as a `normal` draw says. Return how many more
        than usual can be done.
        """
        do, net, mean, uneven = self.do, expected - able, self.mean, self.uneven
        self._before = mean, uneven, self.chance, self.spread
        level = self._roots(net, able)
        self.mean = do.maximum(level - self.workers, 0.0)
        idle = self.mean - mean - net
        wider = uneven + self.workers * (expected + able) - idle * (mean + level)
        most = do.maximum(self.mean * level, LITTLE)
        self.uneven = do.maximum(do.minimum(wider, most), LITTLE)
        below = mean * net + self.workers * expected
        self._empties = None
        falls = below <= 0.0
        if do.any(falls):
            most = self._settle(falls, below, most, expected, able)
            idle = self.mean - mean - net
        self.near = do.exp(do.maximum(CLOSE - CLOSE * most / self.uneven, -FAR))
        self.busy = do.maximum(able - do.maximum(idle, 0.0), 0.0)
        done = do.sqrt(self.busy) * normal
        self._happen(varies + self.busy, more - done)
        return done

    def _roots(self, net: Values, able: Values) -> Values:
        """Set room, most and stays; return the mean after the tick, and a worker each."""
        do, pull = self.do, self.four * able
        side, other = self.mean + self.workers + net, self.room - net
        root = do.sqrt(side * side + pull * self.near)
        fill = 0.5 * (side + root)
        self.stays = fill / do.maximum(root, LITTLE)
        near = do.exp(do.minimum(do.maximum(CLOSE - CLOSE * self.room * self.room / self.uneven, -FAR), 0.0))
        self.room = do.minimum(0.5 * (other + do.sqrt(other * other + pull * near)), self.half_limit)
        self.most = self.limit - self.room
        return fill

    def _happen(self, brings: Values, brought: Values) -> None:
        """Let chance bring what it does, as far as the queues keep it."""
        do, most = self.do, self.uneven * self.each
        left = do.minimum(self.stays * self.stays * self.spread, most)
        new = do.minimum(most - left, brings)
        self.one = do.sqrt(new / do.maximum(brings, LITTLE))
        self.chance = do.sqrt(left / self.spread) * self.chance + self.one * brought
        self.spread = do.maximum(left + new, LITTLE)
        self.sd = do.sqrt(self.spread)

    def held(self) -> Values:
        """What they hold as it happens."""
        happens = drawn(self.do, self.chance / self.sd, self.mean * self.mean / self.spread)
        return self.do.minimum(self.mean * happens, self.limit)

    def _settle(self, falls: Values, below: Values, most: Values, expected: Values, able: Values) -> Values:
        """Who holds more than is usual has an exponential law, or by far more, and empties."""
        do = self.do
        self.uneven = do.where(falls, do.maximum(self.uneven, most), self.uneven)
        beyond = below + USUAL * self.workers * expected < -LITTLE
        if not do.any(beyond):
            return most
        self._empties = who = do.those(beyond)
        return do.put(most, who, self._empty(who, do.take(expected, who), do.take(able, who)))

    def _empty(self, who: Any, expected: Values, able: Values) -> Values:
        """Let those empty that hold more than is usual; return the variance that makes `near` 1, or theirs if more."""
        do = self.do
        workers, mean, uneven = (do.take(one, who) for one in (self.workers, *self._before[:2]))
        x, m, before = expected / workers, able / workers, mean / workers
        usual = x / (m - x)
        above = before - usual
        second = uneven / (workers * workers) + before * before - usual * (1.0 + 2.0 * usual) + above
        s2 = 1.0 - above * above / do.maximum(second, LITTLE)
        s = do.sqrt(do.minimum(do.maximum(s2, NARROW), 1.0 - ROUND))
        z = 1.0 / s - s
        scale = z / above
        z = do.log1p(do.expm1(2.0 * z) * do.exp(do.maximum(-2.0 * scale * (m - x), -FAR))) * 0.5
        s = (do.sqrt(z * z + 4.0) - z) * 0.5
        above = z / scale
        after = usual + above
        spread = above / (scale * s) - above * (1.0 + usual + after) + usual * (1.0 + usual)
        uneven = do.maximum(spread * (workers * workers), LITTLE)
        self.mean = do.put(self.mean, who, after * workers)
        self.uneven = do.put(self.uneven, who, uneven)
        self.stays = do.put(self.stays, who, 1.0 - s * s * (s * s))
        return do.maximum(after * (1.0 + after) * (workers * workers), uneven)

    def late(self, within: Values, expected: Values, able: Values) -> Values:
        """Share of a tick's attempts that find more before them than the `within` that can be done until the deadline.

        A queue that empties is still above what is usual, with a chance, or is not any more.
        """
        do = self.do
        mean, uneven, chance, spread = self._before
        rise = self.mean - mean  # in the course of a tick: attempts find all its stages
        first = self.stays * 0.5  # a queue that soon forgets is nearly all the time where the tick ends
        level = self.mean - rise * first + self.workers
        square = rise * rise
        uneven = 2.0 * (self.uneven + (uneven - self.uneven) * first) + square / 6.0
        found = self.chance - self.one  # an attempt does not wait for itself
        deviates = found / self.sd
        self._see(within, level)
        queue = level - self.half + (chance + found) * 0.5
        inner = do.maximum(uneven - spread - self.spread, LITTLE) + self.twice * within
        late = late_share(do, within, queue, inner, self.near, level, self.seen, deviates)
        steep = square > 0.5 * uneven
        if do.any(steep):
            who = do.those(steep)
            told = (do.take(one, who) for one in (within, found, deviates, *self._before))
            late = do.put(late, who, self._stages(who, *told))
        who = self._empties
        if who is not None:
            told = (do.take(one, who) for one in (within, expected, able, mean, uneven, chance + found, deviates))
            late = do.put(late, who, self._still(who, *told))
        return late

    def _see(self, within: Values, level: Values) -> None:
        """Set how many queues a tick's attempts see, how long they stay late, and how much alike they fare."""
        do = self.do
        depth = do.minimum(do.maximum(within / level, LITTLE), FAR)
        told = depth / do.expm1(depth)
        forgets = (1.0 / do.maximum(self.stays, LITTLE) - 1.0) / (2.0 * (1.0 + LITTLE - told))
        forgets = do.minimum(forgets, MANY)
        self.keeps = 1.0 / (1.0 + forgets)
        self.seen = do.maximum(self.workers + self.half * forgets, 2.0)
        self.alike = (1.0 - depth * told) / self.seen

    def _stages(
        self,
        who: Any,
        within: Values,
        found: Values,
        deviates: Values,
        mean: Values,
        uneven: Values,
        chance: Values,
        spread: Values,
    ) -> Values:
        """The same, stage by stage of a tick in which a queue grows by more than queues differ."""
        do = self.do
        rise, wider, luck = do.take(self.mean, who) - mean, do.take(self.uneven, who) - uneven, found - chance
        workers, seen, more = do.take(self.workers, who), do.take(self.seen, who), do.take(self.spread, who) - spread
        late = 0.0 * within
        for part in STAGES:
            middle, differ = mean + rise * part, uneven + wider * part
            level = middle + workers
            near = do.exp(do.minimum(do.maximum(CLOSE - CLOSE * middle * level / differ, -FAR), 0.0))
            queue = level - 0.5 * workers + chance + luck * part
            inner = 2.0 * (do.maximum(differ - spread - more * part, LITTLE) + workers * within)
            late = late + late_share(do, within, queue, inner, near, level, seen, deviates)
        return late / len(STAGES)

    def _still(
        self,
        who: Any,
        within: Values,
        expected: Values,
        able: Values,
        mean: Values,
        uneven: Values,
        chance: Values,
        deviates: Values,
    ) -> Values:
        """The same of queues that empty."""
        do, workers, seen = self.do, self.do.take(self.workers, who), self.do.take(self.seen, who)
        usual = workers * expected / (able - expected)
        above = do.maximum((mean + do.take(self.mean, who)) * 0.5 - usual, LITTLE)
        spread = uneven * 0.5
        s2 = do.maximum(spread / (above * above + spread), NARROW)
        near = do.exp(do.maximum(CLOSE * (1.0 - 1.0 / s2), -FAR))
        still = do.maximum(1.0 - s2 * near, NARROW)
        above = above / still
        level = usual + above + workers
        spread = 2.0 * (s2 * above * above + workers * within)
        queue = level - 0.5 * workers + chance * 0.5
        behind = late_share(do, within, queue, spread, near, level, seen, deviates)
        return still * behind + (1.0 - still) * tail_share(do, within / (workers + usual), seen, deviates)

    def refuse(self, refuses: Values, sent: Values) -> None:
        """Hold no more than there is room for; full queues differ by no more than what has room in them."""
        do = self.do
        self.mean = self.mean - do.maximum(self.mean - do.maximum(self.most, self.mean - sent), 0.0)
        narrow = do.maximum(self.room * self.room, LITTLE)
        self.uneven = do.where(refuses, do.minimum(self.uneven, narrow), self.uneven)
        less = do.where(refuses, do.minimum(self.uneven * self.each / self.spread, 1.0), 1.0)
        self.spread, self.chance = do.maximum(self.spread * less, LITTLE), self.chance * do.sqrt(less)
        self.sd = do.sqrt(self.spread)


def late_share(
    do: type[Many] | type[One],
    within: Values,
    queue: Values,
    uneven: Values,
    near: Values,
    level: Values,
    seen: Values,
    deviates: Values,
) -> Values:
    """Share that waits for more than is done until the deadline; `uneven`: twice a variance."""
    free = do.minimum(do.maximum((within - queue) / do.sqrt(uneven), -BEYOND), BEYOND)
    stands = 1.0 / (1.0 + do.exp(free * (NORMAL[0] + NORMAL[1] * free * free)))
    return stands + near * near * (tail_share(do, within / level, seen, deviates) - stands)


def tail_share(do: type[Many] | type[One], depth: Values, seen: Values, deviates: Values) -> Values:
    """Share e^-depth on average, of so many exponential queues whose sum is as a normal draw says."""
    sums = seen - 1.0 / 9.0 + do.sqrt(seen) * deviates / 3.0
    whole = do.maximum(sums * sums * sums, LITTLE)
    return do.exp((seen - 1.0) * do.log(do.maximum(1.0 - depth * seen * seen / whole, LITTLE)))


def _cut(power: int) -> Table:
    """Powers of a normal law cut off below zero, of mean 1: mean^2 / variance, where it is cut, what it is times."""
    cuts = np.concatenate([np.linspace(4.0, -8.0, 1201), -np.geomspace(8.0, 1e5, 1200)[1:]])
    beyond = np.array([math.erfc(cut / math.sqrt(2)) / 2 for cut in cuts])
    moments = [beyond, np.exp(-cuts * cuts / 2) / math.sqrt(2 * math.pi) - cuts * beyond]
    for k in range(2, 2 * power + 1):
        moments.append((k - 1) * moments[-2] - cuts * moments[-1])
    mean, second = moments[power], moments[2 * power]
    far = cuts < -30.0  # where the difference of two large numbers says nothing
    sharp = np.where(far, cuts * cuts / power**2, mean * mean / np.where(far, 1.0, second - mean * mean))
    return Table(sharp, cuts, 1 / mean)


CROWD = _cut(2)


def drawn(do: type[Many] | type[One], normal: Values, sharp: Values) -> Values:
    """A draw of mean 1 and variance 1 / sharp that is never negative, from a normal one: the square of one cut off."""
    cut, times = do.look_up(CROWD, sharp)
    base = do.maximum(normal - cut, 0.0)
    return base * base * times
