"""What a queue holds that was at rest and then began to grow, or to shrink: a law in closed form.

An M/M/1 queue is, seen from afar, a Brownian motion that nothing lets below zero. At rest its law is geometric, as good
as exponential of mean r = 1 / ln(1 + 1 / q). Where since then a more attempts came to it than it could do, and V came
and could be done, both on average, so that b = 2 a / V is its drift over half its variance, it holds less than y with

    F(y) = H(y - a) - e^(b y) H(-y - a),  H(z) = Phi(z / s) - e^(s^2 / (2 r^2) - z / r) Phi(z / s - s / r),  s^2 = V

(Harrison, 1985, averaged over where it began). In whole attempts, it is empty with F(1). In a deadline D not
just m D attempts are done but a number N of that mean and variance, so that one in F(N) is in time: y by m D in the
first term, and its variance added to s^2; by (1 + b) m D in the second, and e^(b m D (1 + b / 2)) for e^(b y).

Against the exact law (tests/models), of queues at 0.5 to 0.95 of capacity that go to 0.96 to 1.8 times it, or lose half
to seven tenths of it, in the first half second and after two: empty within 5 % of itself, in time within 4 %, or 0.001.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.models.one_or_many import Many, One

LEAST = 1e-3  # attempts
LITTLE = 1e-12
STALE = 4.0  # a^2 / V from which those that come to another rest have forgotten in a tick where they began
SOON, FEW = 1.1, 3.5  # the same in later ticks, and so many of these: the load changes
FASTER = 2.5  # times the drift of the past; twice it where it grows steadily
STILL = 0.05  # b that is as good as none
HUGE, MANY = 650.0, 1e4  # exponents and ratios that are as good as infinite
Values = Any  # of members: an array, or of one a float
Ops = type[Many] | type[One]


class Moves:
    """What came to the queues of each member since they were at rest, tick by tick; in attempts of one queue.

    A drift that changes is one drift on average, but those near nothing feel that of now, too: b is half way between
    the two. From two and a half times that of the past it says nothing any more, and another law has to.

    Attributes
    ----------
    on, begin, go_on : bool or ndarray
        Whether they move; begin to in this tick; have begun before.
    some : bool
        Whether any of them moves, or did as a tick ended.
    trust : float or ndarray
        As far as the law is that of one drift.
    bend : float or ndarray
        Four times what the first half of a tick does more than half its work, where queues that grow slow it down.
    """

    def __init__(self, do: Ops, none: Values) -> None:
        self.do, self.bend = do, none
        self.moved = self.first = self._before = self._drift = none
        self.spread = self._spread_before = none + LITTLE
        self.trust, self.on = none + 1.0, none > none
        self.begin, self.go_on, self.some = self.on, self.on, False

    def go(self, queue: Values, net: Values, moves: Values) -> None:
        """Count a tick in which `net` more came than could be done, and `moves` in all; begin anew where they rest."""
        do, on = self.do, self.on
        self.first = do.where(on, self.first, first_of(do, queue))
        self._before, self._spread_before = do.where(on, self.moved, 0.0), do.where(on, self.spread, 0.0)
        self.moved, self.spread = self._before + net, do.maximum(self._spread_before + moves, LITTLE)
        self._drift, past = 2.0 * net / do.maximum(moves, LITTLE), 2.0 * self.moved / self.spread
        trust = do.maximum(do.minimum(FASTER - self._drift / do.maximum(past, LITTLE), 1.0), 0.0)
        self.trust = do.where(on * (self.bend > 0.0), 0.0, do.where(self._drift > STILL, trust, 1.0))

    def choose(self, begin: Values, bound: Values) -> None:
        """Let those `begin` that are about to grow, and those go on that are not `bound` nor come to another rest."""
        do, square, up = self.do, self.moved * self.moved, self.moved >= 0.0
        self.begin = begin * do.maximum(up, square < STALE * self.spread) > self.on
        soon = (square < SOON * self.spread) * (self.spread < FEW * (self.spread - self._spread_before))
        self.go_on = self.on * do.maximum(up * (self._drift > 0.0), soon) > bound
        self.on = do.maximum(self.begin > bound, self.go_on)
        self.some = do.any(self.begin) or do.any(self.on)

    def at(self, who: Any, moment: float) -> tuple[Values, Values]:
        """`moved` and `spread` of those, at a moment of the tick."""
        take = self.do.take
        before, spread = take(self._before, who), take(self._spread_before, who)
        moved = before + (take(self.moved, who) - before) * moment
        moved = moved - take(self.bend, who) * (moment - moment * moment)
        return moved, self.do.maximum(spread + (take(self.spread, who) - spread) * moment, LITTLE)

    def empty(self, who: Any, moment: float) -> tuple[Values, Values]:
        """Their chance to be empty, and what has come to them."""
        moved, spread = self.at(who, moment)
        return empty(self.do, moved, spread, self.do.take(self.first, who)), moved

    def beyond(self, who: Any, moment: float, within: Values, more: Values, less: Values, other: Values) -> Values:
        """Share that holds more than is done within the deadline, or of the `other` law, as far as this says nothing.

        All hold so many `more` by chance; by so much `less` does what each holds vary alone.
        """
        do = self.do
        moved, spread = self.at(who, moment)
        drift = 0.5 * (2.0 * moved / spread + do.take(self._drift, who))
        spread = do.maximum(spread - less, LITTLE)
        late = beyond(do, within - more, within, moved, spread, do.take(self.first, who), drift)
        return other + (late - other) * do.take(self.trust, who)


def first_of(do: Ops, queue: Values) -> Values:
    """Mean r of the exponential law that is as a geometric one of mean `queue`."""
    return 1.0 / do.log1p(1.0 / do.maximum(queue, LEAST))


def empty(do: Ops, moved: Values, spread: Values, first: Values) -> Values:
    """Chance that it is empty; `moved`, `spread` and `first` are a, V and r, in attempts of one queue."""
    return 1.0 - beyond(do, 1.0, 0.0, moved, spread, first, 2.0 * moved / spread)


def beyond(
    do: Ops, within: Values, noise: Values, moved: Values, spread: Values, first: Values, drift: Values
) -> Values:
    """Chance that it holds more than what can be done `within` the deadline, whose variance is `noise`."""
    wide = do.sqrt(spread + noise)
    tilt = drift * (within + 0.5 * drift * noise)
    below = _below(do, 0.0 * moved, within - moved, wide, first)
    image = _below(do, tilt, -within - drift * noise - moved, wide, first)
    return do.maximum(do.minimum(1.0 - below + image, 1.0), 0.0)


def _below(do: Ops, power: Values, z: Values, wide: Values, first: Values) -> Values:
    """e^power H(z), whose terms do not overflow where they are nearly the same."""
    z, part = z / wide, do.minimum(wide / first, MANY)
    tail = _exp(do, power - 0.5 * z * z)
    more = part - z
    under = tail * _mills(do, do.maximum(z, -z))
    one = do.where(z < 0.0, under, _exp(do, power) - under)
    square = do.minimum(more * more, 2.0 * HUGE)
    most = _exp(do, power + part * (0.5 * part - z)) * (
        1.0 - do.exp(-0.5 * square) * _mills(do, do.maximum(-more, 0.0))
    )
    return do.maximum(one - do.where(more > 0.0, tail * _mills(do, do.maximum(more, 0.0)), most), 0.0)


def _exp(do: Ops, power: Values) -> Values:
    return do.exp(do.maximum(do.minimum(power, HUGE), -HUGE))


def _mills(do: Ops, far: Values) -> Values:
    """A normal's chance to be so `far` above its mean, over e^(-far^2 / 2): within 0.3 % (Borjesson and Sundberg)."""
    return 0.3989422804014327 / (0.661 * far + 0.339 * do.sqrt(far * far + 5.510))


def total(weights: tuple[float, ...], values: list[Values]) -> Values:
    """Their weighted sum."""
    return sum(weight * value for weight, value in zip(weights, values, strict=True))


def _moments(many: int) -> tuple[tuple[float, ...], tuple[float, ...], list[tuple[float, ...]]]:
    """Gauss and Legendre's, in the root of time."""
    roots, weights = np.polynomial.legendre.leggauss(many)
    roots, weights = (roots + 1) / 2, weights / 2
    until = np.empty((many, many))
    for j in range(many):
        one = np.polynomial.Polynomial.fromroots(np.delete(roots, j))
        area = (one / one(roots[j])).integ()
        until[:, j] = (area(roots) - area(0.0)) * 2 * roots[j]
    return tuple((roots**2).tolist()), tuple((2 * roots * weights).tolist()), [tuple(row) for row in until.tolist()]


MOMENTS, WEIGHTS, UNTIL = _moments(6)
"""Of a tick, dense where it is young; their weights in it, and in what of it has passed at each of them."""
