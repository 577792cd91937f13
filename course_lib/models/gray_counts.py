"""What a host draws while so many calls are stuck at it, count by count; and the waves of calls that all last alike.

A host with m calls that last draws a share of the others' calls that falls with m: fast ones come on top of these and
go, j of them at a time, and with n = m + j outstanding it gets `called[n]` calls a second (`gray_balance`):

    on top    w[j]  = product over i < j of called[m + i] x / (i + 1)        x: how long those take that do not last
    drawn[m]        = sum of w[j] called[m + j] / sum of w[j]

Calls that all last T, lost ones or errors that count, come all at once when a host is free, and hardly any until the
first of those are over: waves, which luck blurs slowly. With q of the calls lasting, a host with m

    gets one more at a rate of  q drawn[m]
    loses each of its m with the chance (begun a time T ago) / (mean of m)

and so as many as have begun then: exact on average, and with any of its calls ending as soon as any other.

What these hosts draw, the others do not get. Where all hosts are looked at, it is how many the others have that tells
how many calls a host gets that has n: as it is n above them. With a share s of all calls drawn, s* in balance,

    the others have       quick (1 - s) / (1 - s*) + kin     of quick + kin in balance
    a host with n gets    called[n + what they have less]

s is found anew for each step. So waves blur sooner the more hosts there are that draw at once: twenty of forty that
begin to lose calls draw 7 % less in the first second than if the others were as in balance, and two thirds more in the
second. `kin`, copies that share the cause of a slow call and last as long, come to the others a while after that call;
from none where the fault begins: see `gray_copies`. Where two hosts are looked at, it depends on how many calls all
these hosts hold what one of them draws: see `gray_meetings`.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterator

import numpy as np

from course_lib.models.exact import TINY, FloatArray
from course_lib.models.gray_copies import Copies, Kin
from course_lib.theory.tails import normal_tail

STEPS, STEPS_ALIKE, MOST_STEPS = 12, 36, 216.0  # of a wave: where calls differ, where they all last alike; at most
PARTS_OF_TICK = 4
WAVES, FLAT = 60, 0.01  # after which all is as in balance at the latest; and as soon as they differ by so little
FOLLOWED = 48  # counts at most
SPREADS, FEW = 6.0, 8  # standard deviations, and counts, beyond the mean
SELDOM = 1e-6
NONE = 1e-100
LITTLE = 1e-9
MOST = 1.0 - LITTLE  # of all calls
LOWER = (-1.0, -0.5, -0.2, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.55, 0.7, 0.85, 1.0)  # of others' calls
REST = LOWER.index(0.0)
FILLED = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.55, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0)  # of these hosts' slow calls in balance
FULL = FILLED.index(1.0)
GENTLY, ORDERS = 0.25, 8  # of a step's moves, before it is doubled, and of its exponential's series


def drawn(called: FloatArray, quick: float) -> FloatArray:
    """Calls a second that a host draws with so many stuck at it, where the others take so many seconds; row by row.

    Examples
    --------
    >>> drawn(np.array([100.0, 100.0, 0.0]), 0.01).round(9).tolist()
    [80.0, 50.0, 0.0]
    """
    counts, found = called.shape[-1], np.zeros_like(called)
    logs = np.log(np.maximum(called[..., :-1] * quick, TINY))
    whole, ways = (np.zeros(called.shape) for _ in range(2))
    whole[..., 1:], ways[..., 1:] = np.cumsum(logs, axis=-1), np.cumsum(np.log(np.arange(1.0, counts)))
    for stuck in range(counts):
        more = whole[..., stuck:] - whole[..., stuck : stuck + 1] - ways[..., : counts - stuck]
        weights = np.exp(more - more.max(axis=-1, keepdims=True))
        found[..., stuck] = (weights * called[..., stuck:]).sum(axis=-1) / weights.sum(axis=-1)
    return found


def lower(called: FloatArray, by: float) -> FloatArray:
    """Calls a second with so many outstanding, where the other hosts have so many fewer: as many above them as before.

    Examples
    --------
    >>> lower(np.array([100.0, 100.0, 1.0]), 0.5).round(9).tolist()
    [100.0, 10.0, 1.0]
    """
    counts = np.arange(float(len(called)))
    return np.exp(np.interp(counts + by, counts, np.log(np.maximum(called, TINY))))


def until_rare(called: FloatArray, slow: float, lasts: float, base: int = 0) -> tuple[FloatArray, bool]:
    """Calls a second, up to a count that slow ones hardly ever reach; and whether that is beyond those followed.

    Counted from `base`. Beyond the last that is given they are as there: then there are so many that none is ever as
    few again as to matter.
    """
    mean = slow * float(called[-1]) * lasts
    enough = math.ceil(mean + SPREADS * math.sqrt(mean) + FEW) - base
    more = max(enough - len(called), 0) if enough <= FOLLOWED else 0
    return np.concatenate([called, np.full(more, called[-1])]), enough > FOLLOWED


@dataclasses.dataclass(frozen=True)
class Births:
    """How often slow calls come to a host.

    Parameters
    ----------
    rates : ndarray, shape (len(LOWER), counts), or (len(FILLED), counts)
        Calls a second, by how many calls fewer the others have, or how full these hosts are if two are looked at; and
        by how many there are. Of one row, if that is all one, or nobody knows.
    base : int
        The least count: with fewer a host gets the next call at once.
    many : bool
        Whether there are more than are followed, to which they come as to the last count.
    slow, whole, hosts : float
        Slow ones among all that come to it; all calls a second, and hosts that get more of them while they hold few.
    quick, kin : float
        Calls that each of the others has in balance: what they have of all calls; and copies that share the cause of a
        slow one, which last as long.
    two : bool
        Whether two hosts are looked at.
    copies : Copies
    """

    rates: FloatArray
    base: int = 0
    many: bool = False
    slow: float = 1.0
    whole: float = math.inf
    hosts: float = 1.0
    quick: float = 1.0
    kin: float = 0.0
    two: bool = False
    copies: Copies = Copies()

    @property
    def usual(self) -> FloatArray:
        """Calls a second where the others have as many as in balance, shape (counts,)."""
        return self.rates[0 if len(self.rates) == 1 else FULL if self.two else REST]

    def at_rest(self, lasts: float) -> FloatArray:
        """Chance of each count in balance, of calls that last so long, in whatever way."""
        counts = self.base + np.arange(1.0, len(self.usual))
        logs = np.concatenate([[0.0], np.cumsum(np.log(np.maximum(self.usual[:-1] * lasts / counts, TINY)))])
        chance = np.exp(logs - logs.max())
        return chance / chance.sum()

    def steady(self, lasts: float) -> float:
        """Calls a second in balance."""
        return float(self.usual[-1] if self.many else self.at_rest(lasts) @ self.usual)

    def share(self, calls: FloatArray) -> FloatArray:
        """Of all calls, those that all hosts draw that draw so many slow ones a second each."""
        return calls * self.hosts / (self.slow * self.whole)


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
    >>> births = Births(np.array([[1e4, 1e4, 0.0]]))
    >>> Waves(births, (4.0, 0.0, 9.0), 2.0, 12.0).begun(np.arange(7) * 2.0).round(2).tolist()
    [0.0, 2.0, 2.0, 4.0, 4.0, 6.0, 6.0]
    """

    def __init__(self, births: Births, law: tuple[float, float, float], dt: float, until: float) -> None:
        self.births, self.law, size = births, law, len(births.usual)
        self.lasts = float(longer(np.zeros(1), *law)[0])
        self.rest, self.steady = births.at_rest(self.lasts), births.steady(self.lasts)
        parts = max(STEPS if law[1] else STEPS_ALIKE, math.ceil(min(PARTS_OF_TICK * self.lasts / dt, MOST_STEPS)))
        self.step = self.lasts / parts
        steps = min(math.ceil(until / self.step - 1e-9), WAVES * parts)
        self.there, self.whole, usual = np.empty((steps, size)), np.zeros(steps + 1), max(self.steady * self.step, NONE)
        self.calls = np.zeros(steps)  # in each step, times as many as in balance
        done = 0
        for more in self._steps(steps):
            self.whole[done + 1] = self.whole[done] + more
            done += 1
            last = np.diff(self.whole[max(done - parts, 0) : done + 1]) / usual if done % parts == 0 else np.zeros(1)
            if (abs(last - 1.0) < FLAT).all():
                break
        self.there, self.whole, self.calls = self.there[:done], self.whole[: done + 1], self.calls[:done]

    def _steps(self, steps: int) -> Iterator[float]:
        """Calls that begin in each step.

        Of those that are over at a time all hosts' calls have the same part; a host with `base` calls gets others.
        """
        births, many, ends = self.births, self.births.many, _ends(self.law, self.step, steps)
        moves, first, here = Moves(births, self.steady, self.step), int(np.argmax(ends > 0)), np.zeros(len(self.rest))
        here[0], known, late, held, base = 1.0, np.zeros(steps), 0.0, 0.0, 0.0
        kin = Kin(births.copies, births.kin, self.steady * self.step, self.step, self.lasts, ends[first:], steps)
        for number in range(steps):
            free, freed = 1.0 - float(here[-1]) * many, 0.0
            kin.end(number - first)
            if number >= first:
                over = float(ends[first : number + 1] @ known[number - first :: -1])
                kept = here[-1] if many else 0.0
                here[-1] -= kept
                among = max(held, over) if many else float(here @ moves.below)  # of so many none is ever one of few
                here = _fewer(here, 1.0 - min(over / max(among, over, TINY), 1.0))
                here[-1] += kept
                freed, held = over - among, held - over
            before = float(here @ moves.below)
            for guess in kin.guesses():
                others = kin.there(*guess)
                rises = max(births.base + others - births.kin, 0.0) - base  # the least count, with the others' copies
                after, mean, more = moves.go(here, others + births.base - base - rises, kin.holds(held, *guess))
                now = float(after @ moves.below)
                begun = max(rises * free + freed, 0.0) + now - before + more
                kin.told(begun, now - mean + more / 2.0)
            here, base, self.there[number] = after, base + rises, after
            known[number], late = begun + late - (now - mean + more / 2.0), now - mean + more / 2.0
            held += begun
            self.calls[number] = kin.note()
            yield begun

    def begun(self, time: FloatArray) -> FloatArray:
        """Calls that have begun until then."""
        last = (len(self.whole) - 1) * self.step
        known = np.interp(time, np.arange(len(self.whole)) * self.step, self.whole)
        return known + np.maximum(time - last, 0.0) * self.steady

    def made(self, time: FloatArray) -> FloatArray:
        """The same of calls alone, as if in balance all were calls."""
        whole = np.concatenate([[0.0], np.cumsum(self.calls)]) * self.steady * self.step
        last = (len(whole) - 1) * self.step
        known = np.interp(time, np.arange(len(whole)) * self.step, whole)
        return known + np.maximum(time - last, 0.0) * self.steady

    def chance(self, time: float) -> FloatArray:
        """Of each count, then."""
        number = math.ceil(time / self.step - 1e-9) - 1
        return self.there[number] if number < len(self.there) else self.rest

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


class Moves:
    """A step in which calls come and none ends, by how many calls the other hosts have meanwhile."""

    def __init__(self, births: Births, steady: float, step: float) -> None:
        self.births, self.below = births, np.arange(float(births.rates.shape[1]))
        after, within = _steps(births.rates, step)
        beyond = births.rates[:, -1:] * step * within[:, -1] * births.many  # calls to who has more than is followed
        self.after = np.concatenate([after, (self.below @ within)[:, None], beyond[:, None]], axis=1)
        self.drawn = births.share((self.below @ after - self.below + beyond) / step)
        self.others = (1.0 - min(float(births.share(np.array(steady))), MOST)) / births.quick
        self.full = np.array(FILLED)
        self.level = (births.quick + births.kin) * (1.0 - np.array(LOWER))
        self.left = 1.0 - self.others * self.level

    def go(self, here: FloatArray, kin: float, held: float) -> tuple[FloatArray, float, float]:
        """Chance of each count after a step, the mean count on average, and calls to those who have the highest.

        Where each of the others has so many copies that share the cause.
        """
        (place, weight), *more = self._parts(here, kin, held)
        after = weight * (self.after[place] @ here)
        for place, part in more:
            after, weight = after + part * (self.after[place] @ here), weight + part
        if weight < 1.0 - LITTLE:
            after += (1.0 - weight) * np.append(here, (self.below @ here, 0.0))
        return after[:-2], float(after[-2]), float(after[-1])

    def _parts(self, here: FloatArray, kin: float, held: float) -> list[tuple[int, float]]:
        """Which rows, and how much of each.

        Those where calls that do not come here leave the others as many as that row means, on average over the step.
        """
        if len(self.after) == 1:
            return [(0, 1.0)]
        if self.births.two:
            full = self.births.quick * held + kin  # of what hosts have in balance
            short = self.full - full / (self.births.quick + self.births.kin)
        else:
            left = self.left + self.others * kin  # of all calls, for these
            short = left - self.drawn @ here
            if short[-1] < 0:  # all go here, and each takes a share
                return [(len(short) - 1, float(left[-1] / (left[-1] - short[-1])))]
        fits = int((short >= 0).argmax())
        if not fits:
            return [(0, 1.0)]
        part = float(short[fits] / (short[fits] - short[fits - 1]))
        return [(fits - 1, part), (fits, 1.0 - part)]


def _steps(rates: FloatArray, step: float) -> tuple[FloatArray, FloatArray]:
    """Chances of each count after a step in which none ends, and on average over it; by the count before it.

    For each row of calls a second by count.
    """
    place, size = np.arange(rates.shape[1]), rates.shape[1]
    moves = np.zeros((len(rates), size, size))
    moves[:, place[1:], place[:-1]] = rates[:, :-1] * step
    moves[:, place[:-1], place[:-1]] = -rates[:, :-1] * step
    doubled = max(math.ceil(math.log2(max(float(rates.max()) * step, TINY) / GENTLY)), 0)
    moves /= 2.0**doubled
    after, within, part = (np.eye(size) + np.zeros_like(moves) for _ in range(3))
    for order in range(1, ORDERS):
        part = part @ moves / order
        after, within = after + part, within + part / (order + 1.0)
    for _ in range(doubled):
        after, within = after @ after, (within + after @ within) / 2.0
    return after, within


@functools.cache
def _ways(size: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Ways to choose so many of so many, and how many are left; none where more would be. And how many there may be."""
    ways = np.array([[math.comb(before, after) for before in range(size)] for after in range(size)], dtype=float)
    left = np.maximum(np.arange(size) - np.arange(size)[:, None], 0)
    return ways, left, np.arange(float(size))


def _fewer(chance: FloatArray, stays: float) -> FloatArray:
    """Chance of each count after each call has stayed with that chance."""
    ways, left, counts = _ways(len(chance))
    return (ways * ((1.0 - stays) ** counts).take(left)) @ chance * stays**counts


def while_stuck(draws: FloatArray, chance: FloatArray, still: FloatArray) -> FloatArray:
    """Calls a second that hosts draw of which each of so many stuck calls is still there with a chance of 0 to 1.

    Parameters
    ----------
    draws : ndarray, shape (counts,) or (len(still), counts)

    Examples
    --------
    >>> while_stuck(np.array([80.0, 50.0, 0.0]), np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.5, 1.0])).tolist()
    [80.0, 45.0, 0.0]
    """
    draws = np.broadcast_to(draws, (len(still), draws.shape[-1]))
    return np.array([float(_fewer(chance, part) @ row) for part, row in zip(still, draws, strict=True)])


def while_many_are_stuck(draws: FloatArray, mean: float, still: FloatArray, alike: bool = False) -> FloatArray:
    """The same where more are stuck than are followed.

    They came by chance, and so as Poisson has it; or each host has as many, if they are `alike`.

    Examples
    --------
    >>> while_many_are_stuck(np.array([80.0, 5.0]), 100.0, np.array([0.0, 1.0])).tolist()
    [80.0, 5.0]
    >>> while_many_are_stuck(np.array([80.0, 5.0]), 100.0, np.array([0.0, 1.0]), True).tolist()
    [80.0, 5.0]
    """
    counts, means = np.arange(float(draws.shape[-1])), mean * still[:, None]
    if alike:
        left = np.maximum(mean - counts + 1.0, TINY)  # of them, before one of so many goes
        whole = np.concatenate([[0.0], np.cumsum(np.log(left[1:] / counts[1:]))])
        gone = np.log(np.maximum(1.0 - still[:, None], TINY))
        chance = np.exp(
            np.minimum(whole + counts * np.log(np.maximum(still[:, None], TINY)) + (mean - counts) * gone, 0.0)
        )
        chance = np.where(counts <= mean, chance, 0.0)
    else:
        whole = np.concatenate([[0.0], np.cumsum(np.log(np.maximum(counts[1:], 1.0)))])
        chance = np.exp(counts * np.log(np.maximum(means, TINY)) - means - whole)
    return draws[..., -1] + (chance * (draws - draws[..., -1:])).sum(axis=-1)
