"""Chance in what many queues hold together, and in how many of those who come are late: how much, and for how long.

What N queues that have nothing to do with one another hold together deviates from its mean by c, of variance N v. What
attempts and services bring to it is forgotten, but not at one rate: a short queue forgets soon, a long one late. With
theta = 1 / stays - 1 the times that a queue forgets in a tick where one rate would do,

    c = c1 + c2,  each of which keeps e^(-rho theta) of itself in a tick, rho1 = 0.41, rho2 = 3.125,
    and of what comes c1 has 0.516, c2 the rest: less of it, as far as it is forgotten within the tick.

These three numbers are those with which c has the variance of a reflected Brownian motion, over a long time as at a
moment, and is nearest to its autocorrelation 2 (1 - 2t - t^2) Phi(-sqrt t) + 2 sqrt t (1 + t) phi(sqrt t) (Abate and
Whitt, 1987; theta is 2 t): within 0.025 of it everywhere.

Of who is late, those that find more than y means before them, p = e^-y of all on average, such a motion tells (with its
canonical drift and variance y is 2 x):

    with what the queues hold: covariance p x at a moment, p (x^2 + x) over a long time; so of c1 and c2 as much as has
    both is told; what is not told has a share of its own, and forgets so fast that over a long time the variance is
    2 p (1 - p - y p)
    on average over a tick, their variance is p (1 - p) / sqrt(1 + 2 b + a + a^2): a = theta (1 - p) / (4 (1 - p - y p))
    as a tick is long, b = 8 sqrt(theta / pi) / (15 (1 - p)) as it is short; within 3 % of the exact one from y = 1.5
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.models.one_or_many import Many, One, Table

SLOW, FAST, PART = 0.41, 3.125, 0.516
LITTLE = 1e-9
MANY = 1e6  # a tick that forgets so many times is as good as one that forgets more often
DEEP = 50.0  # means
KNOWN = 0.95  # of a variance, at most, is told by what the queues hold
Values = Any  # of members: an array, or of one a float


class Luck:
    """What chance does to the queues of each member's fleet, in attempts of all its workers.

    Attributes
    ----------
    chance, spread : float or ndarray
        What they hold beyond their mean, as it happens, and the variance of that.
    one : float or ndarray
        What an attempt adds to it.
    told, own : float or ndarray
        What chance has a tick's attempts late with: as it is told by what the queues hold, and how much is not.
    keeps : float or ndarray
        How much of the latter the next tick keeps.
    alike : float or ndarray
        Variance of a tick's share of late ones that is in who of the queues are long, over late (1 - late).
    """

    def __init__(self, do: type[Many] | type[One], workers: Values) -> None:
        none = 0.0 * workers
        self.do, self.each = do, 1.0 / workers
        self.slow = self.fast = self.chance = self.one = self.told = none
        self.v_slow = self.v_fast = self.v_both = none
        self.spread, self.sd, self.part, self.own = none + LITTLE, none + math.sqrt(LITTLE), none + PART, none + 1.0
        self.keeps, self.alike, self.forgets = none, self.each, none

    def happen(self, stays: Values, most: Values, brings: Values, brought: Values) -> None:
        """Let chance bring so much, whose variance is `brings`, as far as the queues keep it: their variance `most`."""
        do = self.do
        self.forgets = do.minimum(1.0 / do.maximum(stays, LITTLE) - 1.0, MANY)
        slow, fast, part, self.slow_tells, self.fast_tells = do.look_up(FORGETS, self.forgets)
        self.part, rest = part, 1.0 - part
        v_slow, v_fast, v_both = self.v_slow * slow * slow, self.v_fast * fast * fast, self.v_both * slow * fast
        left = do.maximum(v_slow + v_fast + 2.0 * v_both, LITTLE * LITTLE)
        fits = do.minimum(most / left, 1.0)
        left, less = left * fits, do.sqrt(fits)
        new = do.maximum(do.minimum(most - left, brings), 0.0)
        self.one = do.sqrt(new / do.maximum(brings, LITTLE))
        brought = self.one * brought
        self.slow = self.slow * slow * less + part * brought
        self.fast = self.fast * fast * less + rest * brought
        self.v_slow = v_slow * fits + part * part * new
        self.v_fast = v_fast * fits + rest * rest * new
        self.v_both = v_both * fits + part * rest * new
        self.chance = self.slow + self.fast
        self.spread = do.maximum(left + new, LITTLE)
        self.sd = do.sqrt(self.spread)

    def see(self, depth: Values, near: Values) -> None:
        """Set `told` to `alike` for those who are late beyond so many means, as near as a law is to exponential."""
        do, forgets = self.do, self.forgets
        slow, fast, times, soon, over, lasts = do.look_up(DEPTHS, depth)
        slow, fast = slow * self.slow_tells, fast * self.fast_tells
        spread = slow * slow * self.v_slow + 2.0 * slow * fast * self.v_both + fast * fast * self.v_fast
        spread = do.maximum(spread, LITTLE * LITTLE)
        over = over * forgets
        whole = 1.0 / do.sqrt(1.0 + soon * do.sqrt(forgets) + over + over * over)
        known = do.minimum(times * spread * near / (self.spread * whole), KNOWN)
        rest = (1.0 - known) * whole * forgets
        self.keeps = do.maximum(lasts - rest, 0.0) / (lasts + rest)
        self.alike = whole * self.each
        # an attempt does not wait for itself
        found = slow * (self.slow - self.part * self.one) + fast * (self.fast - (1.0 - self.part) * self.one)
        self.told, self.own = do.sqrt(known / spread) * found, do.sqrt(1.0 - known)


def _by_forgets() -> Table:
    """By theta: what either part keeps, what the slow one has of what comes, and how much their values tell.

    Of a tick's average, of which its end stands for so much that what comes of it over a long time is right.
    """
    ends, middles = _rows(LITTLE, MANY)
    both = [np.minimum(rate * middles, 300.0) for rate in (SLOW, FAST)]
    kept = [np.exp(-one) for one in both]
    once = [-np.expm1(-one) / one for one in both]
    tells = [np.sqrt(2 * (1 - of) / (1 + of) / one) for of, one in zip(kept, both, strict=True)]
    return Table(ends, *kept, PART * once[0] / (PART * once[0] + (1 - PART) * once[1]), *tells)


def _by_depth() -> Table:
    """By depth y: how late ones go with either part, and with both together; b, a, and what lasts that is not told."""
    ends, y = _rows(1e-6, DEEP)
    slow, fast, one, two = 2 * SLOW, 2 * FAST, PART, 1 - PART
    v_slow, v_fast, v_both = one * one / (2 * slow), two * two / (2 * fast), one * two / (slow + fast)
    over_time = one / slow + two / fast
    (a, b), (c, d) = (v_slow + v_both, v_both + v_fast), (one / slow * over_time, two / fast * over_time)
    now, long = 0.5, 0.5 * (0.5 * y + 1)  # covariances, over y p
    by_slow, by_fast = (now * d - long * b) / (a * d - b * c), (long * a - now * c) / (a * d - b * c)
    odds = 1 / np.expm1(y)
    lasts = 1 - y * odds
    return Table(
        ends,
        by_slow,
        by_fast,
        y * y * odds * (v_slow + v_fast + 2 * v_both),
        16 / (15 * math.sqrt(math.pi)) * (1 + odds),
        0.25 / np.maximum(lasts, LITTLE),
        4 * np.maximum(lasts - y * y * odds * long * long, LITTLE),
    )


def _rows(least: float, most: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the rows of a table end, and their middles."""
    ends = np.geomspace(least, most, 4000)
    return ends, ends * math.sqrt(ends[0] / ends[1])


FORGETS, DEPTHS = _by_forgets(), _by_depth()


def _cut(power: float) -> Table:
    """Powers of a normal law cut off below zero, of mean 1: mean^2 / variance, where it is cut, what it is times."""
    cuts = np.concatenate([np.linspace(4.0, -8.0, 1201), -np.geomspace(8.0, 1e5, 1200)[1:]])
    nodes, weights = np.polynomial.legendre.leggauss(64)
    first = np.maximum(cuts, -9.0)[:, None]
    last = np.maximum(first + 1.0, 9.0)
    z = first + (last - first) * (nodes + 1) / 2
    law = np.exp(-z * z / 2) * weights * (last - first) / 2 / math.sqrt(2 * math.pi)
    base = np.maximum(z - cuts[:, None], 0.0) ** power
    mean, second = (law * base).sum(axis=1), (law * base * base).sum(axis=1)
    far = cuts < -30.0  # where the difference of two large numbers says nothing
    sharp = np.where(far, cuts * cuts / power**2, mean * mean / np.where(far, 1.0, second - mean * mean))
    return Table(sharp, cuts, 1 / mean)


CROWD = _cut(2)
LATE = _cut(1.5)


def drawn(do: type[Many] | type[One], normal: Values, sharp: Values) -> Values:
    """A draw of mean 1 and variance 1 / sharp that is never negative, from a normal one: the square of one cut off."""
    cut, times = do.look_up(CROWD, sharp)
    base = do.maximum(normal - cut, 0.0)
    return base * base * times


def drawn_late(do: type[Many] | type[One], normal: Values, sharp: Values) -> Values:
    """The same, with a power of 1.5: as askew, and as often nothing, as it is who of few queues are long."""
    cut, times = do.look_up(LATE, sharp)
    base = do.maximum(normal - cut, 0.0)
    return base * do.sqrt(base) * times
