"""What a host draws while so many calls are stuck at it, count by count; and the waves of calls that all last alike.

A host with m calls that last draws a share of the others' calls that falls with m: fast ones come on top of these and
go, j of them at a time, and with n = m + j outstanding it gets `called[n]` calls a second (`gray_balance`):

    on top    w[j]  = product over i < j of called[m + i] x / (i + 1)        x: how long those take that do not last
    drawn[m]        = sum of w[j] called[m + j] / sum of w[j]

Calls that all last T, lost ones or errors that count, come all at once when a host is free, and hardly any until the
first of those are over: waves, which others' luck blurs slowly. With q of the calls lasting, a host with m

    gets one more at a rate of  q drawn[m]
    loses each of its m with the chance (begun a time T ago) / (mean of m)

and so as many as have begun then: exact on average, and with any of its calls ending as soon as any other.
"""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np

from course_lib.models.exact import TINY, FloatArray
from course_lib.theory.tails import normal_tail

STEPS, STEPS_ALIKE = 12, 36  # of a wave at least: where calls differ, and where they all last alike
PARTS_OF_TICK = 4
WAVES, WAVES_ALIKE = 8, 10  # after which all is as in balance
FOLLOWED = 48  # counts at most
SPREADS, FEW = 6.0, 8  # standard deviations, and counts, beyond the mean
SELDOM = 1e-6
MOST = 1.0 - 1e-9  # of all calls
HALVES = 8  # times that a step is cut in two
GENTLY, ORDERS = 0.25, 8  # of a step's moves, before it is doubled, and of its exponential's series


def drawn(called: FloatArray, quick: float) -> FloatArray:
    """Calls a second that a host draws with so many stuck at it, where the others take so many seconds.

    Examples
    --------
    >>> drawn(np.array([100.0, 100.0, 0.0]), 0.01).round(9).tolist()
    [80.0, 50.0, 0.0]
    """
    counts = len(called)
    found, logs = np.zeros(counts), np.log(np.maximum(called * quick, TINY))
    for stuck in range(counts):
        more = np.cumsum(logs[stuck:-1] - np.log(np.arange(1.0, counts - stuck)))
        weights = np.exp(np.concatenate([[0.0], more]) - max(more.max(initial=0.0), 0.0))
        found[stuck] = (weights * called[stuck:]).sum() / weights.sum()
    return found


def until_rare(called: FloatArray, slow: float, lasts: float) -> tuple[FloatArray, bool]:
    """Calls a second, up to a count that slow ones hardly ever reach; and whether that is beyond those followed.

    Beyond the last that is given they are as there: then there are so many that none is ever as few again as to matter.
    """
    mean = slow * float(called[-1]) * lasts
    enough = math.ceil(mean + SPREADS * math.sqrt(mean) + FEW)
    more = max(enough - len(called), 0) if enough <= FOLLOWED else 0
    return np.concatenate([called, np.full(more, called[-1])]), enough > FOLLOWED


@dataclasses.dataclass(frozen=True)
class Births:
    """How often slow calls come to a host.

    Parameters
    ----------
    rates : ndarray, shape (counts,)
        Calls a second, by how many there are.
    base : int
        The least count: with fewer a host gets the next call at once.
    many : bool
        Whether there are more than are followed, to which they come as to the last count.
    slow, whole, hosts : float
        Slow ones among all that come to it; all calls a second, and hosts that get more of them while they hold few.
    """

    rates: FloatArray
    base: int = 0
    many: bool = False
    slow: float = 1.0
    whole: float = math.inf
    hosts: float = 1.0

    def at_rest(self, lasts: float) -> FloatArray:
        """Chance of each count in balance, of calls that last so long, in whatever way."""
        counts = self.base + np.arange(1.0, len(self.rates))
        logs = np.concatenate([[0.0], np.cumsum(np.log(np.maximum(self.rates[:-1] * lasts / counts, TINY)))])
        chance = np.exp(logs - logs.max())
        return chance / chance.sum()

    def competing(self, chance: FloatArray) -> float:
        """Of the calls that each host would get if no other were free, those that it gets.

        Of all calls each takes a share, and none twice.
        """
        share = float(chance @ self.rates) / (self.slow * self.whole)
        return -math.expm1(self.hosts * math.log1p(-min(share, MOST))) / (self.hosts * share) if share > 0 else 1.0


class Waves:
    """Calls that begin at a host that is free at first, and how many it has.

    Parameters
    ----------
    births : Births
    law : (float, float, float)
        How long a call lasts, as for `longer`.
    dt, until : float
        Seconds: of a tick; and in all. After so many `WAVES` all is as in balance.

    Examples
    --------
    >>> Waves(Births(np.array([1e4, 1e4, 0.0])), (4.0, 0.0, 9.0), 2.0, 12.0).begun(np.arange(7) * 2.0).round(2).tolist()
    [0.0, 2.0, 2.0, 4.0, 4.0, 6.0, 6.0]
    """

    def __init__(self, births: Births, law: tuple[float, float, float], dt: float, until: float) -> None:
        born, many, size, spread = births.rates, births.many, len(births.rates), law[1]
        self.lasts = float(longer(np.zeros(1), *law)[0])
        chance, below = births.at_rest(self.lasts), np.arange(float(size))
        self.steady, usual = float(born[-1] if many else chance @ born), births.competing(chance)
        least, waves = (STEPS, WAVES) if spread else (STEPS_ALIKE, WAVES_ALIKE)
        parts = max(least, math.ceil(min(PARTS_OF_TICK * self.lasts / dt, 6.0 * STEPS_ALIKE)))
        self.step = self.lasts / parts
        steps = min(math.ceil(until / self.step - 1e-9), waves * parts)
        ends = _ends(law, self.step, steps)
        first = int(np.argmax(ends > 0))
        stages = [(after, below @ within) for after, within in _stages(born, self.step)]
        here = np.zeros(size)
        here[0] = 1.0
        begun, known, late, held = np.zeros(steps), np.zeros(steps), 0.0, 0.0
        self.there, self.rest = np.empty((steps, size)), chance if steps == waves * parts else None
        for number in range(steps):
            over = float(ends[first : number + 1] @ known[: number + 1 - first][::-1]) if number >= first else 0.0
            anew = 0.0 if number else float(births.base)
            if over > 0:
                kept = here[-1] if many else 0.0
                here[-1] -= kept
                among = held if many else float(here @ below)
                here = _fewer(here, 1.0 - min(over / max(among, over), 1.0))
                here[-1] += kept
                anew, held = max(over - among, 0.0), held - over
            ahead = min(births.competing(here) / usual, 1.0)  # of the step
            more = float(born[-1]) * self.step * float(here[-1]) if many else 0.0
            before = float(here @ below)
            here, mean = _moved(here, stages, ahead)
            self.there[number], now = here, float(here @ below)
            begun[number] = anew + now - before + more
            known[number], late = begun[number] + late - (now - mean + more / 2.0), now - mean + more / 2.0
            held += begun[number]
        self.whole = np.concatenate([[0.0], np.cumsum(begun)])

    def begun(self, time: FloatArray) -> FloatArray:
        """Calls that have begun until then."""
        last = (len(self.whole) - 1) * self.step
        known = np.interp(time, np.arange(len(self.whole)) * self.step, self.whole)
        return known + np.maximum(time - last, 0.0) * self.steady

    def chance(self, time: float) -> FloatArray:
        """Of each count, then."""
        number = math.ceil(time / self.step - 1e-9) - 1
        if number >= len(self.there) and self.rest is not None:
            return self.rest
        return self.there[min(number, len(self.there) - 1)]

    def left(self, until: float, time: FloatArray) -> FloatArray:
        """Of those that had begun until then, those that are not over so long after."""
        return self.begun(np.array([until])) - self.begun(until + np.minimum(time - self.lasts, 0.0))


def longer(time: FloatArray, lasts: float, spread: float, patience: float) -> FloatArray:
    """Mean seconds by which a call is longer: log-normal of that median, if it is spread, and none beyond the patience.

    Examples
    --------
    >>> longer(np.array([0.0, 1.0]), 1.0, 0.5, 5.0).round(3).tolist()
    [1.133, 0.283]
    """
    if spread == 0:
        return np.maximum(min(lasts, patience) - time, 0.0)
    time = np.minimum(np.append(time, patience), patience)
    z = np.log(np.maximum(time, TINY) / lasts) / spread
    left = lasts * math.exp(spread * spread / 2.0) * normal_tail(z - spread) - time * normal_tail(z)
    return left[:-1] - left[-1]


def _ends(law: tuple[float, float, float], step: float, steps: int) -> FloatArray:
    """Chance that a call is over so many steps after it began, with the mean as it is; after one at least."""
    left = longer(np.arange(steps + 2) * step, *law) / step
    ends = np.concatenate([[0.0], np.diff(left, 2)])
    ends[1:2] += 1.0 + left[1] - left[0]
    return np.where(ends > SELDOM, ends, 0.0)


def _stages(born: FloatArray, step: float) -> list[tuple[FloatArray, FloatArray]]:
    """Chances of each count after a step in which none ends, and on average over it; by the count before it.

    Then the same for half a step, a quarter, and so on.
    """
    place, size = np.arange(len(born)), len(born)
    moves = np.zeros((size, size))
    moves[place[1:], place[:-1]] = born[:-1] * step
    moves[place[:-1], place[:-1]] = -born[:-1] * step
    doubled = max(HALVES, math.ceil(math.log2(max(float(born.max()) * step, TINY) / GENTLY)))
    moves /= 2.0**doubled
    after, within, part = np.eye(size), np.eye(size), np.eye(size)
    for order in range(1, ORDERS):
        part = part @ moves / order
        after, within = after + part, within + part / (order + 1.0)
    stages = [(after, within)]
    for _ in range(doubled):
        after, within = after @ after, (within + after @ within) / 2.0
        stages.append((after, within))
    return stages[: -HALVES - 2 : -1]


def _moved(here: FloatArray, stages: list[tuple[FloatArray, FloatArray]], ahead: float) -> tuple[FloatArray, float]:
    """Chance of each count after such a part of a step, and the mean count on average."""
    half = min(int(-math.log2(max(ahead, TINY))), len(stages) - 1)
    after, within = stages[half]
    found, mean = after @ here, float(within @ here)
    if ahead < 1.0 and half < len(stages) - 1:
        less = 2.0 - ahead * 2.0 ** (half + 1)
        after, within = stages[half + 1]
        found, mean = found + less * (after @ here - found), mean + less * (float(within @ here) - mean)
    return found, mean


@functools.cache
def _ways(size: int) -> tuple[FloatArray, FloatArray]:
    """Ways to choose so many of so many, and how many are left; none where more would be."""
    ways = np.array([[math.comb(before, after) for before in range(size)] for after in range(size)], dtype=float)
    left = np.maximum(np.arange(size) - np.arange(size)[:, None], 0)
    return ways, left


def _fewer(chance: FloatArray, stays: float) -> FloatArray:
    """Chance of each count after each call has stayed with that chance."""
    ways, left = _ways(len(chance))
    powers = np.ones((2, len(chance)))
    powers[0, 1:], powers[1, 1:] = stays, 1.0 - stays
    powers = np.multiply.accumulate(powers, axis=1)
    return (ways * powers[1, left]) @ chance * powers[0]


def while_stuck(draws: FloatArray, chance: FloatArray, still: FloatArray) -> FloatArray:
    """Calls a second that hosts draw of which each of so many stuck calls is still there with a chance of 0 to 1.

    Examples
    --------
    >>> while_stuck(np.array([80.0, 50.0, 0.0]), np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.5, 1.0])).tolist()
    [80.0, 45.0, 0.0]
    """
    return np.array([float(_fewer(chance, part) @ draws) for part in still])


def while_many_are_stuck(draws: FloatArray, mean: float, still: FloatArray) -> FloatArray:
    """The same where more are stuck than are followed: they came by chance, and so as Poisson has it.

    Examples
    --------
    >>> while_many_are_stuck(np.array([80.0, 5.0]), 100.0, np.array([0.0, 1.0])).tolist()
    [80.0, 5.0]
    """
    means = mean * still[:, None]
    counts = np.arange(float(len(draws)))
    whole = np.concatenate([[0.0], np.cumsum(np.log(np.maximum(counts[1:], 1.0)))])
    chance = np.exp(counts * np.log(np.maximum(means, TINY)) - means - whole)
    return draws[-1] + chance @ (draws - draws[-1])
