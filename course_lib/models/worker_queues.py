"""What the queues of many workers hold together: healthy, overloaded, full, and on the way between.

Each worker is an M/M/1 queue of its own; requests go to one at random. Where x attempts/s come to a worker that can do
m, the mean q and the variance v of what its queue holds obey exactly

    dq/dt = x - m + m P        dv/dt = x + m - m P (1 + 2 q)        P: the chance that it is empty

A step that looks ahead is the root of a square:

    fills    P = g / u, u = q + c, so u' = (B + sqrt(B^2 + 4 m g Delta)) / 2,  B = u + (x - m) Delta
             g = exp(k (1 - q (1 + q) / v)): 1 where the law is exponential, as in a steady state, k such that it is
             2 / pi where it is half a normal's (grown from nothing at x = m), and nothing once the queue stands;
             c is one attempt of the first, half of one of the second: they come whole
    grows    from rest, by more than by chance: P by the law in closed form of `moved_queue`, moment by moment in the
             first half second, then as long as more comes than can be done
    empties  to its steady h = x / (m - x): P = (1 - x / m) w, of w of them that are settled, w = f s^4, where
             s^2 = 1 - e^2 / t, e = q - h and t is what the second moment has beyond its steady one; with f = 1,
             z = 1 / s - s is in proportion to e all the way down, and dz/dt = -c (1 - s^4), as good as
             -c (1 - e^(-2 z)), has a solution; f = exp(-0.065 (q (1 + q) / v)^2), as it is of M/M/1's law, while next
             to none has come to be empty
    full     where a queue is within five deviations of what it holds at most: `bounded_queue`

    late     who waits for more than y: of queues that grow from rest, by that law; of a normal one that is cut off at
             nothing and has that g, the share beyond, as good as e^-y in means as g comes to 1; of queues that
             empty, those that are settled have their steady law, the others such a normal one with the rest of mean
             and variance. A change of load comes to those who find Y attempts before them after E T^2 / (2 E T), T the
             time that Y take to go (the law turned round in time is the same), to the mean, as above,
             Y / (2 (m - x)) earlier: a lag

What chance does to all of them together, and to who is late, is in `queue_luck`. As queues grow or empty what they hold
together tells nearly all of who is late: `own_share` is what is left of late (1 - late).

Against M/M/1's exact law (tests/models), in ticks of half a second: from rest at 0.3 to 0.9 of capacity to 0.92 to 1.5
times it, for three seconds, the mean is within 1.6 %, the standard deviation within 3.4 %, and of all attempts 1 % more
or fewer are late in any tick. Ten seconds at 0.9 to 1.1 times it and ticks of 0.25 and 1 s: within 5 % of the highest.
As queues empty in ticks of half a second the mean is within 2 % of its highest and the standard deviation, but for the
last one or two seconds, within 10 %.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from course_lib.models import bounded_queue
from course_lib.models.bounded_queue import CLOSE, NEAR, USUAL
from course_lib.models.moved_queue import MOMENTS, UNTIL, WEIGHTS, Moves, total
from course_lib.models.one_or_many import Many, One
from course_lib.models.queue_luck import Luck, drawn

DRAINS = 9.0  # (room / sd)^2 from which a queue that drains sees nothing of the wall
SOON = 0.065  # of f: M/M/1's law gives 0.04 to 0.09, as queues empty at 0.6 to 0.95 of capacity
LITTLE = 1e-9  # attempts
ROUND, NARROW = 1e-9, 1e-3  # least of e^2 / t, and of 1 - e^2 / t
CUT = 0.98  # g from which a normal law that is cut off is as good as exponential
FAR = 50.0  # an exponent that is as good as infinite; numpy is slow where it underflows
STAGES = (0.1, 0.3, 0.5, 0.7, 0.9)  # of a tick
HALF = 0.5 / (1.0 - 2.0 / math.pi)  # of one that is missing where a law is half a normal's, by what g is
JUMP = 0.04  # (rise / sd)^2 of a queue at rest that is not chance any more
NEVER = 0.05  # g at which it is hardly ever empty
SIXTH = 1.0 / 6.0
LEAST = 0.02  # of a variance is its own
RARE = 1e-3  # late ones, or others, of whom chance may say what it likes
RAMP, WALK = 1 / 9, 2 / math.pi * (8 / 15) ** 2  # squares of the mean distance between two moments of a tick
Values = Any  # of members: an array, or of one a float


class WorkerQueues:
    """The queues of each member's fleet, in attempts of all its workers; members as arrays, or one as floats.

    Attributes
    ----------
    mean : float or ndarray
        What they hold, on average over chance.
    most : float or ndarray
        What they hold at most, on average: a full one has room now and then.
    refused, idle, busy : float or ndarray
        Attempts of a tick that full queues turn away; that could be done, and there is none; that are done; on average.
    luck : Luck
        What chance does to them.
    """

    def __init__(self, workers: Values, limit: Values) -> None:
        self.do = do = One if isinstance(limit, float) else Many
        none = 0.0 * workers
        self.limit, self.workers, self.each = limit, workers, 1.0 / workers
        self.half_limit = do.where(limit < math.inf, 0.5 * do.minimum(limit, 1e300 + none), none)
        self.four, self.half_each, self.tail = 4.0 * workers, 0.5 / workers, workers + 0.0
        self.mean, self.most, self.refused, self.busy, self.idle = none, limit, none, none, none
        self.uneven, self.near = none + LITTLE, none + 1.0  # N^2 v, and g
        self.stays, self.luck = none + 1.0, Luck(do, workers)
        self._bounded = do.any(limit < math.inf)
        self._before = none, self.uneven, none, self.luck.spread
        self.moves = Moves(do, none)
        self.fading: tuple[Values, Values, Values] | None = None
        # members whose queues empty, or are near what they hold at most; and those that begin to grow, how they do
        self._is_emptying = self._is_walled = none > none
        self._course: list[tuple[float, float, Values, Values]] = []
        self._depth, self._own_part = none, None

    def step(self, expected: Values, able: Values, varies: Values, more: Values, normal: Values) -> Values:
        """Go one tick in which `expected` attempts come, on average, and `able` can be done.

        Chance brings `more`, whose variance is `varies`, and services as a `normal` draw says. Return how many more
        than usual can be done.
        """
        do, net, mean, uneven = self.do, expected - able, self.mean, self.uneven
        self._before = mean, uneven, self.luck.chance, self.luck.spread
        near = self.near
        self.mean = self._root(net, able)
        level = self.mean + self.workers
        idle = self.mean - mean - net
        wider = uneven + self.workers * (expected + able) - idle * (mean + level)
        most = do.maximum(self.mean * level, LITTLE)
        self.uneven = do.maximum(do.minimum(wider, most), LITTLE)
        below = mean * net + self.workers * expected
        falls = below <= 0.0
        self._is_walled = self._is_emptying = falls > falls
        if self._bounded:
            self._is_walled = self._near_full(net, below + USUAL * self.workers * expected < 0.0)
            falls = falls > self._is_walled
        if do.any(falls):
            most = self._settle(falls, below, most, expected, able)
            idle = self.mean - mean - net
        self.near = do.exp(do.maximum(CLOSE - CLOSE * most / self.uneven, -FAR))
        idle = self._grow(near, idle, net, able)
        idle = do.maximum(idle, 0.0)
        if self._bounded:
            self.most = self.limit - do.minimum(self.workers * able / do.maximum(net, LITTLE), self.half_limit)
            self.refused = 0.0 * net
            if do.any(self._is_walled):
                idle = self._between(do.those(self._is_walled), idle, expected, able)
        self.busy, self.idle = do.maximum(able - idle, 0.0), idle
        # a Poisson's draw is askew, as the requests' is
        done = do.sqrt(self.busy) * normal + (normal * normal - 1.0) * SIXTH * (self.busy > 0.0)
        self.luck.happen(self.stays, self.uneven * self.each, varies + self.busy, more - done)
        return done

    def grows(self, expected: Values, able: Values) -> Values:
        """By how much what they hold on average will be more, as it looks before a tick."""
        least = self._least()
        side = self.mean + least + expected - able
        level = 0.5 * (side + self.do.sqrt(side * side + self.four * able * self.near))
        return level - least - self.mean - self.refused

    def _least(self) -> Values:
        """One each of a law that is exponential, half of one where it is half a normal's."""
        return self.workers * (1.0 - self.do.minimum((1.0 - self.near) * HALF, 0.5))

    def _root(self, net: Values, able: Values) -> Values:
        """Set stays; return the mean after the tick."""
        do, least = self.do, self._least()
        side = self.mean + least + net
        root = do.sqrt(side * side + self.four * able * self.near)
        fill = 0.5 * (side + root)
        self.stays = fill / do.maximum(root, LITTLE)
        return do.maximum(fill - least, 0.0)

    def _grow(self, near: Values, idle: Values, net: Values, able: Values) -> Values:
        """Let those that begin to grow, or go on, do so by their law; return what is idle, theirs replaced."""
        do, (mean, uneven, *_), moves = self.do, self._before, self.moves
        rises = self.mean - mean
        begin = (near >= CUT) * (rises > 0.0) * do.maximum(net > 0.0, rises * rises > JUMP * uneven) > self._is_emptying
        if not (moves.some or do.any(begin)):
            return idle
        moves.go(mean * self.each, net * self.each, (net + 2.0 * able) * self.each)
        moves.choose(begin, do.maximum(self._is_walled, self._is_emptying))
        if do.any(moves.begin):
            idle = self._begin(do.those(moves.begin), idle, net, able)
        goes_on = moves.go_on * (near > NEVER)
        if do.any(goes_on):
            idle = self._go_on(do.those(goes_on), idle, net, able)
        return idle

    def _begin(self, who: Any, idle: Values, net: Values, able: Values) -> Values:
        """Let those go their tick moment by moment that were at rest; return what is idle, theirs replaced."""
        do = self.do
        net, able, workers = (do.take(one, who) for one in (net, able, self.workers))
        before, uneven = (do.take(one, who) for one in self._before[:2])
        wider = do.take(self.moves.spread, who) * (workers * workers)
        empty, moved = zip(*(self.moves.empty(who, at) for at in MOMENTS), strict=True)
        unused, self._course = [able * one for one in empty], []
        means = [before + one * workers + total(until, unused) for one, until in zip(moved, UNTIL, strict=True)]
        means = [do.maximum(mean, LITTLE) for mean in means]
        narrower = [one * (workers + 2.0 * mean) for one, mean in zip(unused, means, strict=True)]
        for at, until, weight, mean in zip(MOMENTS, UNTIL, WEIGHTS, means, strict=True):
            differ = do.minimum(uneven + wider * at - total(until, narrower), mean * (mean + workers))
            self._course.append((weight, at, mean, do.maximum(differ, LITTLE)))
        mean = do.maximum(before + net + total(WEIGHTS, unused), LITTLE)
        self._set(who, mean, uneven + wider - total(WEIGHTS, narrower))
        forgets = total(WEIGHTS, [one / (workers + level) for one, level in zip(unused, means, strict=True)])
        self.stays = do.put(self.stays, who, do.exp(-do.minimum(forgets, FAR)))
        return do.put(idle, who, mean - before - net)

    def _go_on(self, who: Any, idle: Values, net: Values, able: Values) -> Values:
        """Let those go their tick that have moved for a while; return what is idle, theirs replaced."""
        do = self.do
        net, moves = do.take(net, who), do.take(net + 2.0 * able, who)
        workers, before, uneven = (do.take(one, who) for one in (self.workers, *self._before[:2]))
        unused = do.take(able, who) * self.moves.empty(who, 0.5)[0]
        mean = do.maximum(before + net + unused, LITTLE)
        self._set(who, mean, uneven + workers * moves - unused * (before + mean + workers))
        return do.put(idle, who, mean - before - net)

    def _set(self, who: Any, mean: Values, uneven: Values) -> None:
        """Their mean, and what they differ by."""
        do = self.do
        most = mean * (mean + do.take(self.workers, who))
        uneven = do.maximum(do.minimum(uneven, most), LITTLE)
        self.mean, self.uneven = do.put(self.mean, who, mean), do.put(self.uneven, who, uneven)
        self.near = do.put(self.near, who, do.exp(do.maximum(CLOSE - CLOSE * most / uneven, -FAR)))

    def _near_full(self, net: Values, drains: Values) -> Values:
        """Whether a full queue is within reach as the tick begins or ends, unless it drains."""
        do, (mean, uneven, *_) = self.do, self._before
        room = do.maximum(self.limit - mean - do.maximum(net, 0.0), 0.0)
        return room * (room + self.workers) < uneven * do.where(drains, DRAINS, NEAR)

    def _between(self, who: Any, idle: Values, expected: Values, able: Values) -> Values:
        """Let those go their tick between empty and full; return what is idle, theirs replaced."""
        do = self.do
        each = do.take(self.each, who)
        workers, limit = do.take(self.workers, who), do.take(self.limit, who)
        mean, uneven = do.take(self._before[0], who), do.take(self._before[1], who)
        comes, able = do.take(expected, who) * each, do.take(able, who) * each
        queue, most = mean * each, limit * each
        told = bounded_queue.step(do, queue, most - queue, uneven * (each * each), comes, able)
        queue, variance, unused, refused, empty, full = told
        self.mean = do.put(self.mean, who, queue * workers)
        self.uneven = do.put(self.uneven, who, do.maximum(variance * workers * workers, LITTLE))
        self.near = do.put(self.near, who, do.minimum(empty / do.maximum(able, LITTLE), 1.0))
        level, room = 1.0 + queue, 1.0 + most - queue
        forgets = empty / (level * level) + full / (room * room)
        self.stays = do.put(self.stays, who, 1.0 / (1.0 + forgets))
        self.refused = do.put(self.refused, who, refused * workers)
        return do.put(idle, who, unused * workers)

    def held(self) -> Values:
        """What they hold as it happens."""
        luck = self.luck
        happens = drawn(self.do, luck.chance / luck.sd, self.mean * self.mean / luck.spread)
        return self.do.minimum(self.mean * happens, self.limit)

    def turned_away(self, gone: Values, chance: Values) -> Values:
        """Attempts that full queues refuse, of the `gone`: chance is in idle workers and in these as each is there."""
        do = self.do
        excess = gone - self.busy - chance - self.refused
        return do.maximum(self.refused + excess * self.refused / do.maximum(self.refused + self.idle, LITTLE), 0.0)

    def _settle(self, falls: Values, below: Values, most: Values, expected: Values, able: Values) -> Values:
        """Who holds more than is usual has an exponential law, or by far more, and empties."""
        do = self.do
        self.uneven = do.where(falls, do.maximum(self.uneven, most), self.uneven)
        beyond = (below + USUAL * self.workers * expected < -LITTLE) > self._is_walled
        if not do.any(beyond):
            return most
        self._is_emptying, who = beyond, do.those(beyond)
        return do.put(most, who, self._empty(who, do.take(expected, who), do.take(able, who)))

    def _empty(self, who: Any, expected: Values, able: Values) -> Values:
        """Let those empty that hold more than is usual; return the variance that makes `near` 1, or theirs if more."""
        do = self.do
        workers, mean, uneven = (do.take(one, who) for one in (self.workers, *self._before[:2]))
        all_of = workers * workers
        x, m, before, variance = expected / workers, able / workers, mean / workers, uneven / all_of
        usual, spare = x / (m - x), m - x
        above = before - usual
        second = variance + before * before - usual * (1.0 + 2.0 * usual) + above
        s2 = 1.0 - above * above / do.maximum(second, LITTLE)
        s = do.sqrt(do.minimum(do.maximum(s2, NARROW), 1.0 - ROUND))
        first = s * s * (s * s) * some_settled(do, before, variance)
        z = 1.0 / s - s
        scale = z / above
        z = do.log1p(do.expm1(2.0 * z) * do.exp(do.maximum(-2.0 * scale * spare, -FAR))) * 0.5
        s = (do.sqrt(z * z + 4.0) - z) * 0.5
        none = 1.0 - some_settled(do, do.maximum(before - 0.5 * spare, usual), variance)
        straight, above = do.maximum(above - spare, 0.0), z / scale
        after = usual + above + none * (straight - above)
        idle = after - before + spare
        comes = x + m
        last = s * s * (s * s)  # the later in a tick, the more of them are empty
        later = (first + 2.0 * last) / (1.5 * (first + last))
        wider = variance + comes - idle * (1.0 + 2.0 * before + later * (after - before))
        wider = do.maximum(wider, usual * (1.0 + usual))
        uneven = do.maximum(wider * all_of, LITTLE)
        self.mean = do.put(self.mean, who, after * workers)
        self.uneven = do.put(self.uneven, who, uneven)
        # what chance has brought together is as uneven as they are
        keeps = do.sqrt(do.maximum(wider - comes + idle, 0.0) / variance)
        self.stays = do.put(self.stays, who, do.minimum(do.maximum(do.take(self.stays, who), keeps), 1.0))
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
        uneven = self.uneven + (uneven - self.uneven) * first + square / 12.0
        self._depth, self._own_part = within / level, None
        found = self.luck.chance - self.luck.one  # an attempt does not wait for itself
        luck, alike = (chance + found) * 0.5, (spread + self.luck.spread) * 0.5
        other = do.maximum(self._is_walled, self._is_emptying)
        steep = (square > uneven) > other
        cut, begin, go_on = (self.near < CUT) > do.maximum(other, steep), self.moves.begin, self.moves.go_on
        special = do.maximum(do.maximum(other, steep), do.maximum(cut, do.maximum(begin, go_on)))
        late = self._steady(within, level, able, special)
        if not do.any(special):
            return late
        if do.any(cut):
            late = self._put(late, cut, self._cut, within, level, luck, uneven, alike)
        moving = go_on > steep
        if do.any(moving):
            late = self._put(late, moving, self._moving, late, within, luck, alike)
        if do.any(steep):
            late = self._put(late, steep, self._stages, within, found, *self._before)
        if do.any(self._is_emptying):
            told = (within, expected, able, mean, uneven, chance + found)
            late = self._put(late, self._is_emptying, self._still, *told)
        if do.any(self._is_walled):
            late = self._put(late, self._is_walled, self._beyond, within, level + luck, uneven - alike, expected)
        if do.any(begin):
            late = self._put(late, begin, self._rising, within, found, chance, spread, expected)
        self._own(special * (do.minimum(late, 1.0 - late) > RARE), late, within, rise, uneven, expected + able)
        return late

    def _put(self, late: Values, which: Values, law: Callable[..., Values], *told: Values) -> Values:
        """The same, of those as a law has it that is told so much of them."""
        who = self.do.those(which)
        return self.do.put(late, who, law(who, *(self.do.take(one, who) for one in told)))

    def _steady(self, within: Values, level: Values, able: Values, special: Values) -> Values:
        """The same of a steady law, whose tail sees more or less load come later than its mean."""
        do, tail = self.do, level
        if not do.all(special):
            lag = within * level * self.half_each / do.maximum(able, LITTLE)
            tail = do.where(special, level, level + (self.tail - level) * (lag / (1.0 + lag)))
        self.tail = tail
        return do.exp(-do.minimum(within / tail, FAR))

    def _own(self, which: Values, *told: Values) -> None:
        """Set what of who is late is not told by the queues, as `own_share` has it."""
        do = self.do
        if do.any(which):
            who = do.those(which)
            late, within, rise, uneven, moves = (do.take(one, who) for one in told)
            own = own_share(do, late, within, rise, uneven, do.take(self.workers, who), moves, do.take(self.near, who))
            self._own_part = do.put(self.near * 0.0 + 1.0, who, own)

    def tell(self) -> None:
        """Set what chance has to say of those who are `late`."""
        self.luck.see(self._depth, self.near * self.near)
        if self._own_part is not None:
            self.luck.alike = self.luck.alike * self._own_part

    def _beyond(self, who: Any, within: Values, level: Values, uneven: Values, expected: Values) -> Values:
        """The same, of those that are not refused, of queues that are near what they hold at most."""
        do = self.do
        each = do.take(self.each, who)
        most = do.take(self.limit, who) * each
        queue = do.maximum(do.minimum(level * each - 1.0, most - NARROW), NARROW)
        variance = do.maximum(uneven * (each * each), NARROW)
        late = bounded_queue.beyond(do, queue, most - queue, variance, within * each)
        return self._accepted(who, late, expected)

    def _cut(self, who: Any, within: Values, level: Values, luck: Values, uneven: Values, alike: Values) -> Values:
        """The same, of a law that is cut off at nothing."""
        workers, near = self.do.take(self.workers, who), self.do.take(self.near, who)
        return late_share(self.do, within, workers, level, luck, uneven, alike, near)

    def _moving(self, who: Any, other: Values, within: Values, luck: Values, alike: Values) -> Values:
        """The same, half way through a tick, of queues that have moved since they were at rest."""
        return self._moved(who, 0.5, within, luck, alike, self.do.take(self.near, who), other)

    def _moved(
        self, who: Any, at: float, within: Values, luck: Values, alike: Values, near: Values, other: Values
    ) -> Values:
        """The same, at a moment of it."""
        each, stands = self.do.take(self.each, who), 1.0 - near * near
        return self.moves.beyond(who, at, within * each, luck * stands * each, alike * stands * (each * each), other)

    def _rising(
        self, who: Any, within: Values, found: Values, chance: Values, spread: Values, expected: Values
    ) -> Values:
        """The same of queues that begin to grow, as they do."""
        do, late = self.do, 0.0 * within
        workers, more = do.take(self.workers, who), do.take(self.luck.spread, who) - spread
        limit = do.take(self.limit, who)
        fading = None if self.fading is None else tuple(do.take(one, who) for one in self.fading)
        for part, since, middle, differ in self._course:
            middle = do.minimum(middle, limit)
            level = middle + workers
            if fading is not None:
                within = fading[0] * (1.0 - fading[1] * do.minimum(middle + fading[2], limit))
            near = do.exp(do.maximum(CLOSE - CLOSE * middle * level / differ, -FAR))
            luck, alike = chance + (found - chance) * since, spread + more * since
            late = late + part * self._moved(who, since, within, luck, alike, do.minimum(near, 1.0), late)
        return self._accepted(who, late, expected)

    def _accepted(self, who: Any, late: Values, expected: Values) -> Values:
        """Of all that find so many before them, those refused included: share of late ones among the others."""
        do = self.do
        if not self._bounded:
            return late
        refused = do.minimum(do.take(self.refused, who) / do.maximum(expected, LITTLE), 1.0 - NARROW)
        return do.maximum(late - refused, 0.0) / (1.0 - refused)

    def _stages(
        self,
        who: Any,
        within: Values,
        found: Values,
        mean: Values,
        uneven: Values,
        chance: Values,
        spread: Values,
    ) -> Values:
        """The same, stage by stage of a tick in which a queue grows by more than queues differ."""
        do = self.do
        rise, wider, luck = do.take(self.mean, who) - mean, do.take(self.uneven, who) - uneven, found - chance
        workers, more = do.take(self.workers, who), do.take(self.luck.spread, who) - spread
        late = 0.0 * within
        for part in STAGES:
            middle, differ = mean + rise * part, uneven + wider * part
            level = middle + workers
            near = do.exp(do.minimum(do.maximum(CLOSE - CLOSE * middle * level / differ, -FAR), 0.0))
            told = (within, workers, level, chance + luck * part, differ, spread + more * part, near)
            late = late + late_share(do, *told)
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
    ) -> Values:
        """The same of queues that empty; stage by stage of a tick in which they do so by more than they differ."""
        do, each = self.do, self.do.take(self.each, who)
        square, within, luck, before = each * each, within * each, chance * 0.5 * each, mean * each
        usual, spare, after = expected / (able - expected), (able - expected) * each, do.take(self.mean, who) * each
        fall, variance = before - after, uneven * square
        late = _still_behind(do, within, 0.5 * (before + after), variance, usual, luck)
        steep = fall * fall > variance
        if not do.any(steep):
            return late
        first, last = do.take(self._before[1], who) * square, do.take(self.uneven, who) * square
        some, staged = do.those(steep), 0.0
        told = (within, before, spare, after, fall, first, last, usual, luck)
        within, before, spare, after, fall, first, last, usual, luck = (do.take(one, some) for one in told)
        for part in STAGES:
            middle = 0.5 * (do.maximum(before - spare * part, after) + before - fall * part)
            staged = staged + _still_behind(do, within, middle, first + (last - first) * part, usual, luck)
        return do.put(late, some, staged / len(STAGES))


def _still_behind(
    do: type[Many] | type[One], within: Values, mean: Values, variance: Values, usual: Values, luck: Values
) -> Values:
    """Share of queues that hold more than is done `within` the deadline, of those that empty; what one holds."""
    variance = do.maximum(variance, NARROW)
    settled = do.minimum(_settled(do, mean, variance, usual), 1.0 - NARROW)
    rest = 1.0 / (1.0 - settled)
    above = do.maximum((mean - settled * usual) * rest, NARROW)
    spread = (variance + mean * mean - settled * usual * (1.0 + 2.0 * usual)) * rest - above * above
    spread = do.maximum(spread, NARROW)
    near = do.exp(do.maximum(CLOSE - CLOSE * above * (1.0 + above) / spread, -FAR))
    level = do.maximum(above + 0.5 + luck * (1.0 - near * near), 0.1 * (above + 0.5))
    behind = cut_off(do, within, level, spread, within, do.minimum(near, CUT))
    return behind + settled * (do.exp(-do.minimum(within / (1.0 + usual), FAR)) - behind)


def _settled(do: type[Many] | type[One], queue: Values, variance: Values, usual: Values) -> Values:
    """Share of queues that are as in their steady state `usual`, of those that empty; what one holds, on average."""
    above = queue - usual
    second = do.maximum(variance + queue * queue - usual * (1.0 + 2.0 * usual) + above, LITTLE)
    s2 = do.minimum(do.maximum(1.0 - above * above / second, NARROW), 1.0 - ROUND)
    return s2 * s2 * some_settled(do, queue, variance)


def some_settled(do: type[Many] | type[One], queue: Values, variance: Values) -> Values:
    """By how much fewer than s^4 of the queues are settled while next to none has come to be empty: of M/M/1's law."""
    some = queue * (1.0 + queue) / do.maximum(variance, LITTLE)
    return do.exp(do.maximum(-SOON * some * some, -FAR))


def late_share(
    do: type[Many] | type[One],
    within: Values,
    workers: Values,
    level: Values,
    luck: Values,
    uneven: Values,
    alike: Values,
    near: Values,
) -> Values:
    """Share that waits for more than is done until the deadline; `luck`: what chance adds, its variance `alike`.

    As a law comes to a steady one, chance has its say in `queue_luck`.
    """
    stands = 1.0 - near * near
    queue, alike = level - 0.5 * workers, alike * stands
    mean = do.maximum(queue + luck * stands, 0.1 * queue)
    return cut_off(do, within, mean, do.maximum(uneven - alike, LITTLE), workers * within, do.minimum(near, CUT))


def own_share(
    do: type[Many] | type[One],
    late: Values,
    within: Values,
    rise: Values,
    uneven: Values,
    workers: Values,
    moves: Values,
    near: Values,
) -> Values:
    """Of the variance late (1 - late) of who is late in a tick, what is not told by all the queues hold together.

    That is told by so much as a shift of all changes the share; and a queue that rises, or moves by chance, is late for
    a part of the tick only.
    """
    rare = do.minimum(late, 1.0 - late)
    both, odds = rare * (1.0 - rare), do.log((1.0 - rare) / rare)
    steep = 1.596 + (0.1117 * odds * odds) / (1.0 + 0.24 * odds)  # a normal's density over late (1 - late), within 1 %
    whole = uneven + workers * within
    goes = do.sqrt((RAMP * rise * rise + WALK * workers * moves) / whole)
    own = 1.0 - 0.5 * steep * goes - steep * steep * both * uneven / whole
    return 1.0 - (1.0 - near * near) * (1.0 - do.maximum(own, LEAST))


def cut_off(
    do: type[Many] | type[One],
    within: Values,
    mean: Values,
    variance: Values,
    noise: Values,
    g: Values,
) -> Values:
    """Share of a queue's law that is more than is done `within` the deadline, give or take.

    The law is a normal one, cut off where the queue is empty; g, from 0 for a queue that stands
    to 1 for one that is often empty, tells variance and mean of the whole one.
    """
    whole = variance / (1.0 - g)
    base = mean - whole * g / mean
    late = beyond_normal(do, (within - base) / do.sqrt(whole + noise))
    there = beyond_normal(do, -base / do.sqrt(whole))
    return do.minimum(late / there, 1.0)


def beyond_normal(do: type[Many] | type[One], deviations: Values) -> Values:
    """A normal's chance to be so far above its mean, within 0.3 % however small (Borjesson and Sundberg, 1979)."""
    far = do.minimum(do.maximum(deviations, -deviations), 37.0)
    square = far * far
    little = do.exp(-0.5 * square) * 0.3989422804014327 / (0.661 * far + 0.339 * do.sqrt(square + 5.510))
    return do.where(deviations > 0.0, little, 1.0 - little)
