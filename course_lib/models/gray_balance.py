"""How many calls are outstanding at a host, where each call goes to one of those that have fewest.

Counts are whole and move by one: a host that answers fast is often the one that has just answered, and so stands a
little below the others, one that answers slowly a little above. With many calls outstanding that is nothing; with ten
a host it is one call in ten, and with less than one all idle hosts are alike, however fast they are.

How it is computed. A host with n calls outstanding answers n / tau a second. The next call goes to it if no other that
is looked at has fewer, and to each of those that tie alike; others are taken as independent of it:

    chosen[n] = integral over x from 0 to 1 of product over others of (P(more than n) + x P(n))      all are looked at
              = 2 / N mean over others of (P(more than n) + P(n) / 2)                                two are
    P[n + 1]  = P[n] rate chosen[n] tau / (n + 1)

for each of the two kinds of host, round after round, until all answer what they are sent.

Where all hosts are looked at none is far from the others, yet all rise and fall together, with the calls K that the
hosts of one kind have outstanding: the healthy, unless the others are more and faster. K comes and goes by ones: its
variance is its mean, and it forgets in the time that a call has still to go, for a slow host E[T^2] / 2 E[T] (the one
less, the other faster, as the other kind takes more calls the higher K is). A host that answers slowly gets hardly a
call but while K is high. So others are taken as independent *at one K*, the N hosts of its kind have K / N outstanding
there (of its variance, places tell what is beyond that of N such hosts), and a host's count moves while K does:

    n    up at a rate of rate chosen[n, k], down at n / tau
    k    the heads among six coins that are thrown anew now and then: seven places for K, with its mean, its variance
         and its memory; fewer come up while the host itself gets more calls than usual

In three ways they are not independent even at one K. Hosts that have K calls together tie more evenly: of the variance
of how many tie, the part is left out that a host's count tells (with one call a host at most, all of it). Hosts that
answer at once fill up together, when nobody else is idle: then all are busy with the chance of Erlang's loss formula,
as far as they forget within that time. And it is for others to have no fewer than many calls that a slow host waits,
for which they must all be filled up in turn: see `_nobody_less`.

Where that is too simple. Of forty hosts any draw what they draw in an event loop within 1 % but for two that are slow
beside each other where two are looked at: they rise and fall together, and draw 2.3 % too few. Hosts that fail at once
draw up to 1.4 % too many or too few, with fewer hosts or more calls. Of K only mean and spread are right: of ten hosts
seven that are four times as slow draw 1.7 % too many, of six one 1.9 %, of three 4 %, of two 4.4 %.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from course_lib.models.exact import TINY, FloatArray, accumulate, total

LEVELS = 20  # counts that are looked at
ABOVE = 9.0  # of them, those above the mean
EARLY, LATE = 3, 3  # rounds in which K stands still, and moves; more change the share of calls by 0.3 % at most
ROUNDS = 24  # where two hosts are looked at: slow ones that meet nobody but each other take long to fill up
POINTS, WEIGHTS = np.polynomial.legendre.leggauss(8)
POINTS = (POINTS + 1.0) / 2.0
TIES = 1.0 - POINTS**3  # of the integral: close together at 1, where many hosts tie
WEIGHTS = 1.5 * WEIGHTS * POINTS**2
STEPS = 2  # of Newton's
COINS = 6
HEADS = np.arange(COINS + 1.0)
PLACES = ((2.0 * HEADS - COINS) / math.sqrt(COINS))[:, None]  # in standard deviations
CHANCES = np.array([math.comb(COINS, k) for k in range(COINS + 1)])[:, None] / 2.0**COINS
NORMAL = [
    (z, weight / math.sqrt(2.0 * math.pi)) for z, weight in zip(*np.polynomial.hermite_e.hermegauss(7), strict=True)
]
RARELY = 1e-4  # looks in the time of a call: with less it is all the same
LEAST = 0.01  # of K's variance, what is told by its places at least
FARTHEST = 6.0  # counts from the mean level to K's outermost: it is among `LEVELS`
NEAR = 24  # calls missing, up to which some host may still have more than it needs
MISSING = np.concatenate([np.arange(float(NEAR)), NEAR * 1.06 ** np.arange(90)])[:, None, None]  # 1 by 1, then 6 % more
BETWEEN, APART = (MISSING[1:] + MISSING[:-1] - 1.0) / 2.0, np.diff(MISSING, axis=0)
WIDTH = np.concatenate([[[[1.0]]], (APART[1:] + APART[:-1]) / 2.0, APART[-1:] / 2.0])
PASSES, BEYOND = 5, 1.4  # each goes a little beyond what it finds, as they come nearer from one side


def least_busy(
    rate: FloatArray, times: FloatArray, hosts: FloatArray, two: NDArray[np.bool_], squares: FloatArray | float = 2.0
) -> tuple[FloatArray, FloatArray]:
    """Mean calls outstanding at a host of each kind; and how many more copies of calls the second draws than calls.

    A call is rather outstanding when many are: a copy of it meets each K as often as that has calls, and busier hosts.

    Parameters
    ----------
    rate : ndarray, shape (members,)
        Calls/s.
    times : ndarray, shape (2, members)
        Mean seconds that a call counts as outstanding at a host of each kind.
    hosts : ndarray, shape (2, members)
        Of each kind, not 0.
    two : ndarray of bool, shape (members,)
        Whether two random hosts are looked at, and not all.
    squares : ndarray, shape (2, members), or float
        Mean squares of those seconds, over the square of the mean: 2 if they are exponential.

    Examples
    --------
    >>> times, hosts = np.array([[0.05], [0.2]]), np.array([[1.0], [5.0]])
    >>> least_busy(np.array([4.0, 4e5]), times, hosts, np.zeros(2, dtype=bool))[0].round(2).tolist()
    [[0.04, 8888.11], [0.13, 8889.45]]
    """
    times, hosts, squares = (values + np.zeros((2, len(rate))) for values in (times, hosts, squares))
    found, leans = np.empty_like(times), np.zeros(len(rate))
    for which, looks_at_two in ((two, True), (~two, False)):
        if which.any():
            some = rate[which], times[:, which], hosts[:, which], squares[:, which]
            found[:, which], leans[which] = _balance(*some, looks_at_two)
    return found, leans


def _balance(
    rate: FloatArray, times: FloatArray, hosts: FloatArray, squares: FloatArray, two: bool
) -> tuple[FloatArray, FloatArray]:
    """The same for members of which all look at two hosts, or none."""
    swap = (hosts[1] > hosts[0]) & (times[1] < times[0])  # of K, the first kind; see above
    times, hosts, squares = (np.where(swap, values[::-1], values) for values in (times, hosts, squares))
    places, chances = (np.zeros((1, 1)), np.ones((1, 1))) if two else (PLACES, CHANCES)
    pace = hosts / times / rate  # of all calls, what hosts answer with one outstanding each
    mean = 1.0 / (pace[0] + pace[1])
    lowest = np.maximum(np.floor(mean) - (LEVELS - 1 - ABOVE), 0.0)
    level = np.arange(float(LEVELS))[:, None, None, None]
    above, answered = level - (mean - lowest), (lowest + level) / times[:, None]
    chance = _normed(-2.0 * above * above + np.zeros((1, 2, len(places), 1)))
    pool = (_all_busy(rate, times, hosts), lowest == 0.0)
    forgets = _forgets(np.maximum(mean, 1.0) / times, times[0], squares[0])
    follows = np.zeros(len(rate))  # what the other kind takes with each call of K's
    calls = hosts[0] * mean
    deviation = np.sqrt(calls)
    for number in range(ROUNDS if two else EARLY + LATE):
        if number == EARLY and not two:
            rivals = hosts[1] * total(np.moveaxis(chances * (1.0 - _more(chance)[:, 1]), 1, 0))
            rare = _nobody_less(hosts[0], calls, lowest + level[:, 0, 0], rivals)
            pool = (*pool, chances, rare)
        chosen = _of_two(chance, hosts) if two else _of_all(chance, hosts, *pool)
        if number < EARLY or two:
            chance = _at_rest(rate * chosen, answered)
        else:
            own = rate * (chosen - total(chance * chosen)) * (0.5 * math.sqrt(COINS) / deviation)
            chance = _moving(rate * chosen, answered, own, (1.0 + follows) * forgets)
        tilt, found, spreads = _answering(chance, chances, pace, lowest, above)
        calls = hosts[0] * (lowest + found[0])
        within = hosts[0] * total(chances * spreads[0] * _untold(chance[:, 0], chosen[:, 0]))
        deviation = np.sqrt(np.maximum(calls / (1.0 + follows) - within, LEAST * calls))
        wanted = found[0] + np.clip(places * deviation / hosts[0], -FARTHEST, FARTHEST)
        chance = _at_places(chance, tilt, np.maximum(wanted, 1e-3 * mean - lowest), above)
        taken = total(chance[:, 1] * chosen[:, 1]) * rate * hosts[1] * times[0]
        follow = np.clip(total(chances * places * taken) / np.maximum(deviation, TINY), 0.0, 50.0)
        follows = 0.5 * follows + 0.5 * follow
    found = lowest + found
    lean = follow * deviation**2 / np.maximum(calls * total(chances * taken), TINY)
    return np.where(swap, found[::-1], found), np.where(swap, 0.0, lean)


def _forgets(often: FloatArray, time: FloatArray, square: FloatArray) -> FloatArray:
    """Rate at which K forgets, for who looks at it so often: one that as much is left at, on average until then.

    What is left of K after t are calls that take longer, seen at a time at random. Calls are log-normal.
    """
    often = np.maximum(often * time, RARELY)
    spread = np.sqrt(np.log(np.maximum(square, 1.0)))
    over = sum(weight * np.exp(-often * np.exp(spread * z - spread * spread / 2.0)) for z, weight in NORMAL)
    left = (1.0 - (1.0 - over) / often) / often
    return (1.0 / left - often) / time


def _answering(
    chance: FloatArray, chances: FloatArray, pace: FloatArray, lowest: FloatArray, above: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """How chances are to be tilted so that hosts answer as many calls as come; mean counts then, and variances."""
    tilt = np.zeros(pace.shape[1])
    for _ in range(STEPS):
        _, means, spreads = _tilted(chance, tilt * above)
        found, apart = (total((chances * values).swapaxes(0, 1)) for values in (means, spreads))
        short = 1.0 - total(pace * (lowest + found))
        tilt = tilt + np.clip(short / np.maximum(total(pace * apart), TINY), -1.0, 1.0)
    return tilt, found, spreads


def _at_places(chance: FloatArray, tilt: FloatArray, wanted: FloatArray, above: FloatArray) -> FloatArray:
    """Chances so tilted, and at each place so that hosts of the first kind have as many outstanding as is wanted."""
    tilts = tilt + np.zeros((2, len(wanted), 1))
    for _ in range(STEPS if len(wanted) > 1 else 0):
        _, means, spreads = _tilted(chance, tilts * above)
        tilts[0] += np.clip((wanted - means[0]) / np.maximum(spreads[0], 1e-6), -2.0, 2.0)
    return _tilted(chance, tilts * above)[0]


def _all_busy(rate: FloatArray, times: FloatArray, hosts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Chance that all hosts of the second kind are busy while none of the first is idle, and how far that is reached.

    By Erlang's recursion. They forget in the time of a call, and one of the first kind is idle again after `free`.
    """
    offered, busy = rate * times[1], np.ones_like(rate)
    for number in range(1, max(round(float(hosts[1].max())), 1) + 1):
        more = offered * busy / (number + offered * busy)
        busy = np.where(number <= np.maximum(hosts[1], 1.0), more, busy)
    free = times[0] / hosts[0]
    return busy, free / (free + times[1])


def _of_all(
    chance: FloatArray,
    hosts: FloatArray,
    all_busy: tuple[FloatArray, FloatArray],
    from_idle: NDArray[np.bool_],
    chances: FloatArray | None = None,
    nobody_less: FloatArray | None = None,
) -> FloatArray:
    """Chance that a host with so many outstanding gets the next call, if that looks at all hosts.

    `nobody_less` is the chance that none of the first kind has less, as it is if such hosts are rare; over all K.
    """
    more, number = _more(chance), hosts[:, None] + np.zeros(chance.shape[1:])
    chosen, itself = np.zeros_like(chance), np.minimum(number, 1.0)
    for x, weight in zip(TIES, WEIGHTS, strict=True):
        chosen += weight * _others(number, itself, np.log(np.maximum(more + x * chance, TINY)), np.exp)
    chosen += _evenly(chance, more, number, itself, chosen)
    busy, reached = all_busy
    apart = np.maximum(more[0, 1], TINY) ** hosts[1]  # if they filled up each by itself
    together = 1.0 - reached + reached * np.maximum(busy / np.maximum(apart, TINY), 1.0)
    chosen[1:] *= np.where(from_idle, together, 1.0)
    if nobody_less is not None:
        apart = total(np.moveaxis(chances * (more + chance)[:, 0] ** hosts[0], 1, 0))
        seldom = (1.0 - apart) * nobody_less + apart * apart  # each where it is right: if that is rare, or usual
        chosen[:, 1] *= np.maximum(seldom / np.maximum(apart, TINY), 1.0)[:, None]
    somebody = total(number * total(chance * chosen))
    return np.minimum(chosen / np.maximum(somebody, TINY), 1.0)


def _nobody_less(hosts: FloatArray, calls: FloatArray, least: FloatArray, rivals: FloatArray) -> FloatArray:
    """Chance that none of so many hosts, which have so many calls outstanding together, has less than `least`.

    For that D calls are missing, and B hosts have one more. A call that comes is one less that is missing, and if none
    is, it goes to one host more. An answered call is one more that is missing, unless its host had one more:

        D    down at a rate of `calls`, up at N least - D - least B
        B    up at a rate of `calls` while D = 0, but for what goes to `rivals` of the other kind, down at (least + 1) B

    in times of a call. So for each D the chance, the mean of B, and that of B (B - 1), if B is spread as Pascal's law.
    """
    full = np.maximum(hosts * least - BETWEEN, 0.0)
    more, pairs = np.zeros((NEAR, *least.shape)), np.zeros((NEAR, *least.shape))
    taken = calls * hosts / np.maximum(hosts + rivals, TINY)
    for _ in range(PASSES):
        up = np.concatenate([np.maximum(full[:NEAR] - least * more, 0.0), full[NEAR:]])
        logs = np.zeros((len(MISSING), *least.shape))
        logs[1:] = accumulate(np.add, APART * np.log(np.maximum(up, TINY) / np.maximum(calls, TINY)))
        missing = np.exp(logs - logs.max(axis=0))
        missing = missing / total(WIDTH * missing)
        others = np.minimum(pairs / np.maximum(more, TINY), hosts)  # beside one that has more
        gain, moments = taken * missing[0], []
        for order, beyond in ((1.0, 1.0 + others), (2.0, np.clip(2.0 + 2.0 * others - more, 0.0, hosts))):
            moments.append(_met(gain, np.maximum(full[:NEAR] - least * beyond, 0.0), calls, order * (least + 1.0)))
            gain = 2.0 * taken * moments[0][0]
        chance = np.maximum(missing[:NEAR], TINY)
        more = np.clip(more + BEYOND * (np.minimum(moments[0] / chance, hosts) - more), 0.0, hosts)
        pairs = np.clip(pairs + BEYOND * (moments[1] / chance - pairs), 0.0, hosts * more)
    return np.minimum(missing[0], 1.0)


def _met(gain: FloatArray, up: FloatArray, down: FloatArray, ends: FloatArray) -> FloatArray:
    """How much there is at each D, of what comes at D = 0, moves up and down with D, and ends."""
    parts, part = [], np.zeros_like(gain)  # of what is at one D, what is at the next
    for d in range(NEAR - 1, 0, -1):
        part = up[d - 1] / ((up[d] if d < NEAR - 1 else 0.0) + down * (1.0 - part) + ends)
        parts.append(part)
    found = [gain / (up[0] + ends - down * part)]
    for part in reversed(parts):
        found.append(found[-1] * part)
    return np.stack(found)


def _others(number: FloatArray, itself: FloatArray, each: FloatArray, of: Callable = np.positive) -> FloatArray:
    """Something of the sum over all hosts but one of each kind."""
    return of((number * each)[:, :1] + (number * each)[:, 1:] - itself * each)


def _evenly(
    chance: FloatArray, more: FloatArray, number: FloatArray, itself: FloatArray, chosen: FloatArray
) -> FloatArray:
    """What is to be added to `chosen`, since the hosts of the first kind have K calls outstanding together."""
    least = more + chance
    tie, told = chance / np.maximum(least, TINY), _told(chance[:, 0], least[:, 0])
    uneven = number * tie * (1.0 - tie)
    part = told * uneven[:, 0] / np.maximum(uneven[:, 0] + uneven[:, 1], TINY)
    nobody_less = _others(number, itself, np.log(np.maximum(least, TINY)), np.exp)
    return part[:, None] * (nobody_less / (1.0 + _others(number, itself, tie)) - chosen)


def _told(first: FloatArray, least: FloatArray) -> FloatArray:
    """Squared correlation, among hosts that have at least so many: whether one has no more, and its count."""
    level, reach = np.arange(float(LEVELS))[:, None, None], np.maximum(least, TINY)
    tie = first / reach  # of those that have at least so many
    mean, square = (accumulate(np.add, (first * level**power)[::-1])[::-1] / reach for power in (1, 2))
    spread = tie * (mean - level) ** 2, (1.0 - tie) * (square - mean * mean)
    return np.minimum(spread[0] / np.maximum(spread[1], TINY), 1.0)


def _untold(first: FloatArray, chosen: FloatArray) -> FloatArray:
    """What of it, at each place, no count tells: mean over calls of the first kind."""
    drawn = first * chosen
    return 1.0 - total(drawn * _told(first, first + _more(first))) / np.maximum(total(drawn), TINY)


def _of_two(chance: FloatArray, hosts: FloatArray) -> FloatArray:
    """The same if it looks at two."""
    number, count = hosts[:, None], hosts[0] + hosts[1]
    beaten = _more(chance) + 0.5 * chance
    others = (number * beaten)[:, :1] + (number * beaten)[:, 1:] - np.minimum(number, 1.0) * beaten
    return 2.0 / count * others / np.maximum(count - 1.0, 1.0)


def _more(chance: FloatArray) -> FloatArray:
    """Chance of more than so many."""
    more = np.zeros_like(chance)
    more[:-1] = accumulate(np.add, chance[:0:-1])[::-1]
    return more


def _at_rest(called: FloatArray, answered: FloatArray) -> FloatArray:
    """Chance of each count, where the mean level stays where it is."""
    logs = np.zeros_like(called)
    logs[1:] = accumulate(np.add, np.log(np.maximum(called[:-1], TINY) / np.maximum(answered[1:], TINY)))
    return _normed(logs)


def _moving(called: FloatArray, answered: FloatArray, own: FloatArray, forgets: FloatArray) -> FloatArray:
    """Chance of each count at each place of the level, which moves on without what the host takes itself (`own`).

    From the highest count down: who goes up comes back down, and where the level is by then is known from one count
    above. Then from the lowest up.
    """
    shape = called.shape
    up, down, own = (
        np.ascontiguousarray(np.broadcast_to(values, shape).transpose(0, 1, 3, 2)).reshape(LEVELS, -1, shape[2])
        for values in (called, answered, own)
    )
    forgets, same = forgets.reshape(-1, 1), np.arange(shape[2])
    rises, falls = forgets * (COINS - HEADS) / 2.0 - own, forgets * HEADS / 2.0
    falls, rises = falls + np.maximum(-rises, 0.0), np.maximum(rises, 0.0)
    turns = np.zeros((*rises.shape, shape[2]))
    turns[:, :, same[:-1], same[1:]] = rises[:, :, :-1]
    turns[:, :, same[1:], same[:-1]] = falls[:, :, 1:]
    leads, away = [], turns[-1]
    for n in range(LEVELS - 1, -1, -1):
        leave, stay = away.sum(axis=2), -away  # along a row of seven: in one order, whatever the batch
        stay[:, same, same] += leave + down[n] if n else leave
        if n:
            lead = up[n - 1][:, :, None] * np.linalg.inv(stay)
            leads.append(lead)
            away = turns[n - 1] + lead * down[n][:, None, :]
    evenly = leave[:, :1, None]
    chance = [np.linalg.inv(stay + evenly).sum(axis=1, keepdims=True)]
    for lead in reversed(leads):
        chance.append(chance[-1] @ lead)
    found = np.maximum(np.stack(chance)[:, :, 0], TINY)
    found = found / found.max(axis=0)
    return np.ascontiguousarray(found.reshape(LEVELS, 2, -1, shape[2]).transpose(0, 1, 3, 2))


def _tilted(chance: FloatArray, tilt: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Chances times e to the tilt, the mean count above the lowest, and the variance."""
    level = np.arange(float(LEVELS))[:, None, None, None]
    chance = chance * np.exp(tilt)
    chance = chance / total(chance)
    mean = total(chance * level)
    return chance, mean, total(chance * level * level) - mean * mean


def _normed(logs: FloatArray) -> FloatArray:
    """Chances from their logarithms, up to a factor."""
    chance = np.exp(logs - logs.max(axis=0))
    return chance / total(chance)
