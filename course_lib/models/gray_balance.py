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

In four ways they are not independent even at one K. Hosts that have K calls together tie more evenly: of the variance
of how many tie, the part is left out that a host's count tells (with one call a host at most, all of it). Hosts that
answer at once fill up together, when nobody else is idle: see `_none_idle`. It is for others to have no fewer than many
calls that a slow host waits, for which they must all be filled up in turn: see `_nobody_less`. And what is slow at
hosts of the first kind, copies that share a cause, neither comes nor goes with K: K varies, and hosts fill up, as if it
were not there.

Where two are looked at, slow hosts get their calls when they meet each other, and are two that rise and fall together:
see `_as_pairs`.

A host on trial is among those that are looked at in some choices only, each for itself. A copy does not go to the host
of its call, which has at least that call outstanding.

Where that is too simple. Of forty hosts any draw what they draw in an event loop within 1 %, but on trial, where one
that fails at once draws 2 % too few and twenty 4 %. Of K only mean and spread are right: of ten hosts seven that are
four times as slow draw 1.3 % too many, of three one 2.5 %, of two 3.7 %; and one of ten that fails at once 1.2 % too
few.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from course_lib.models.exact import TINY, FloatArray, accumulate, total
from course_lib.models.gray_latency import among

LEVELS = 20  # counts that are looked at
ROWS = LEVELS + 3  # of what is told of a host of the second kind
LEVEL = np.arange(float(LEVELS))[:, None, None, None]
ABOVE = 9.0  # of them, those above the mean
EARLY, LATE = 3, 3  # rounds in which K stands still, and moves; more change the share of calls by 0.3 % at most
TRIAL = 8  # where hosts are on trial, who differ more from what all begin with
ROUNDS = 24  # where two hosts are looked at: slow ones that meet nobody but each other take long to fill up
POINTS, WEIGHTS = np.polynomial.legendre.leggauss(8)
POINTS = (POINTS + 1.0) / 2.0
TIES = (1.0 - POINTS**3)[:, None, None, None, None]  # of the integral: close together at 1, where many hosts tie
WEIGHTS = (1.5 * WEIGHTS * POINTS**2)[:, None, None, None, None]
STEPS = 2  # of Newton's
IDLE, FIRST_IDLE = 7, 8  # hosts of each kind that are idle at most, as far as it matters who is
SOME = np.arange(IDLE + 1.0)
WAYS = np.array([[math.comb(some, k) for k in range(IDLE + 1)] for some in range(IDLE + 1)], dtype=float)
COINS = 6
HEADS = np.arange(COINS + 1.0)
PLACES = ((2.0 * HEADS - COINS) / math.sqrt(COINS))[:, None]  # in standard deviations
CHANCES = np.array([math.comb(COINS, k) for k in range(COINS + 1)])[:, None] / 2.0**COINS
NORMAL = [
    (z, weight / math.sqrt(2.0 * math.pi)) for z, weight in zip(*np.polynomial.hermite_e.hermegauss(7), strict=True)
]
SUMS, APART_BY = np.arange(2 * LEVELS - 1)[:, None], np.arange(LEVELS // 2)  # of two counts, by their sum
LESS = SUMS // 2 - APART_BY
MORE = SUMS - LESS
THERE = (LESS >= 0) & (MORE < LEVELS)
LESS, MORE = np.where(THERE, LESS, 0), np.where(THERE, MORE, 0)
FAR = 200.0  # in logarithms: what is rarer counts as that rare
OFTEN = 1e-6  # chance of a count from which on its own rates are known
PILED = 0.05  # chance of the highest count from which on there would be higher ones
RARELY = 1e-4  # looks in the time of a call: with less it is all the same
FEWEST = 1e-12  # calls outstanding: of less nothing can be told
LEAST = 0.01  # of K's variance, what is told by its places at least
FARTHEST = 6.0  # counts from the mean level to K's outermost: it is among `LEVELS`
NEAR = 24  # calls missing, up to which some host may still have more than it needs
MISSING = np.concatenate([np.arange(float(NEAR)), NEAR * 1.06 ** np.arange(90)])[:, None, None]  # 1 by 1, then 6 % more
BETWEEN, APART = (MISSING[1:] + MISSING[:-1] - 1.0) / 2.0, np.diff(MISSING, axis=0)
WIDTH = np.concatenate([[[[1.0]]], (APART[1:] + APART[:-1]) / 2.0, APART[-1:] / 2.0])
PASSES, BEYOND = 5, 1.4  # each goes a little beyond what it finds, as they come nearer from one side


def least_busy(
    rate: FloatArray,
    times: FloatArray,
    hosts: FloatArray,
    two: NDArray[np.bool_],
    quick: FloatArray | None = None,
    looked_at: FloatArray | float = 1.0,
    again: FloatArray | float = 0.0,
    *,
    roughly: bool = False,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Mean calls outstanding at a host of each kind; and how many more copies of calls the second draws than calls.

    A call is rather outstanding when many are: a copy of it meets each K as often as that has calls, and busier hosts.
    A call of the second kind's is drawn when many are: that is told in a second row, if it is copied at once.
    Last what a host of the second kind draws a second with so many outstanding; three more rows: the number from which
    these are counted; the calls at a host of the first kind, and those of them that are not slow.

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
    quick : ndarray, shape (3, 2, members)
        Of what comes to a host of each kind, how much is not slow; the mean seconds and the log-normal spread of that.
        Without it all are alike, and spread as if they were exponential.
    looked_at : ndarray, shape (2, members), or float
        Chance that a call may go to a host of each kind at all, for each call and host by itself.

    Examples
    --------
    >>> times, hosts = np.array([[0.05], [0.2]]), np.array([[1.0], [5.0]])
    >>> least_busy(np.array([4.0, 4e5]), times, hosts, np.zeros(2, dtype=bool))[0].round(2).tolist()
    [[0.04, 8888.15], [0.13, 8889.42]]
    """
    times, hosts, looked_at, again = (values + np.zeros((2, len(rate))) for values in (times, hosts, looked_at, again))
    if quick is None:
        quick = np.stack([np.ones_like(times), times, np.full_like(times, math.sqrt(math.log(2.0)))])
    swap = ~two & (hosts[1] > hosts[0]) & (times[1] < times[0])  # of K, the first kind; see above
    given = times, hosts, quick, looked_at, again
    given = tuple(np.where(swap, values[..., ::-1, :], values) for values in given)
    found, leans, same = (np.zeros_like(times) for _ in range(3))
    called = np.empty((ROWS, len(rate)))
    trial, late = (looked_at < 1.0).any(axis=0), 0 if roughly else LATE
    for which, balance in (
        (two, _better_of_two),
        (~two & ~trial, functools.partial(_least_of_all, early=EARLY, late=late)),
        (~two & trial, functools.partial(_least_of_all, early=TRIAL, late=late)),
    ):
        if which.any():
            some = balance(rate[which], *(values[..., which] for values in given))
            found[:, which], leans[:, which], same[:, which], kinds = some
            called[:-2, which] = np.where(swap[which], kinds[:, 0], kinds[:, 1])
    found, same = (np.where(swap, values[::-1], values) for values in (found, same))
    called[-2:] = found[0] * np.stack([np.ones_like(rate), np.minimum(quick[0, 0] * quick[1, 0] / times[0], 1.0)])
    return found, np.where(swap, 0.0, leans), same[0], called


def _called(
    chance: FloatArray, chosen: FloatArray, chances: FloatArray, rate: FloatArray, levels: tuple[FloatArray, ...]
) -> FloatArray:
    """Calls a second to a host of each kind with so many outstanding, and the lowest such count.

    As they go up in balance, who must come down again; where that is hardly ever, or they have more than is looked at,
    as they would be chosen.
    """
    *_, lowest, _, answered = levels
    chance, chosen = (total(np.moveaxis(chances * values, 2, 0)) for values in (chance, chosen))
    rates, up = np.empty((LEVELS + 1, *chance.shape[1:])), chance[1:] * answered[1:, :, 0]
    rates[:-1] = rate * np.maximum(chosen, 0.0)
    known = (chance[:-1] > OFTEN) & (chance[-1] < PILED)
    rates[:-2] = np.where(known, up / np.maximum(chance[:-1], OFTEN), rates[:-2])
    rates[-2] = np.where(chance[-1] < PILED, rates[-3], rates[-2])
    rates[-1] = lowest
    return rates


def _levels(rate: FloatArray, times: FloatArray, hosts: FloatArray) -> tuple[FloatArray, ...]:
    """Where to begin: of all calls, what hosts answer with one outstanding each, and the lowest count looked at.

    Then counts beyond the mean, and what a host with so many answers.
    """
    pace = hosts / times / rate
    mean = 1.0 / (pace[0] + pace[1])
    lowest = np.maximum(np.floor(mean) - (LEVELS - 1 - ABOVE), 0.0)
    return pace, mean, lowest, LEVEL - (mean - lowest), (lowest + LEVEL) / times[:, None]


def _same_again(chance: FloatArray, chosen: FloatArray, lowest: FloatArray) -> FloatArray:
    """Chance that a copy would go to its call's own host of each kind, could it: weighed by all calls outstanding."""
    drawn = chance * (lowest + LEVEL)
    same, whole = (total(np.moveaxis(total(values), 1, 0)) for values in (drawn * chosen, drawn))
    return same / np.maximum(whole, TINY)


def _better_of_two(
    rate: FloatArray,
    times: FloatArray,
    hosts: FloatArray,
    _: FloatArray,
    looked_at: FloatArray,
    again: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """The same where all members look at two hosts."""
    pace, _, lowest, above, answered = levels = _levels(rate, times, hosts)
    chance = _normed(-2.0 * above * above + np.zeros((1, 2, 1, 1)))
    pairs, one = _pairs(hosts, looked_at, again), np.ones((1, 1))
    for _ in range(ROUNDS):
        chosen = _of_two(chance, hosts, pairs)
        chance = _at_rest(rate * chosen, answered)
        tilt, found, _ = _answering(chance, one, pace, lowest, above)
        chance = _tilted(chance, tilt * above)[0]
    meet = (hosts[1] >= 2.0) & (times[1] > times[0])
    if meet.any():
        chance[:, 1, 0, meet] = _as_pairs(*(values[..., meet] for values in (rate, chance, hosts, pairs, answered)))
        found = _answering(chance, one, pace, lowest, above)[1]
    nobody, healthy = np.zeros_like(again), np.array([[1.0], [0.0]]) + np.zeros_like(again)
    calls, copies = (
        total(total(chance * _of_two(chance, hosts, _pairs(hosts, looked_at, but)))[1])
        for but in (nobody, healthy)  # whom a copy does not go to
    )
    same = 1.0 - calls / np.maximum(copies, TINY)
    called = _called(chance, _alike(chance, hosts, pairs), one, rate, levels)
    return lowest + found, np.zeros_like(hosts), np.stack([same, same]), called


def _alike(chance: FloatArray, hosts: FloatArray, pairs: FloatArray) -> FloatArray:
    """Chance to get the next call, where hosts with more calls than are looked at fill up and empty together."""
    chosen, others = _of_two(chance, hosts, pairs), np.maximum(hosts - 1.0, 0.0)
    met = (pairs[::2] * others)[:, None] * (_beats(chance) - 0.5)
    return np.where(chance[-1] > PILED, chosen - met, chosen)


def _as_pairs(
    rate: FloatArray, chance: FloatArray, hosts: FloatArray, pairs: FloatArray, answered: FloatArray
) -> FloatArray:
    """Chance of each count at a host of the second kind, where one other is followed beside it.

    Slow hosts get calls where they are compared with each other, and else hardly: they rise and fall together. Sum by
    sum of the two counts, and how far they are apart: from the highest down, and from the lowest up.
    """
    up, down, leave = _steps(*_pair_rates(rate, _beats(chance)[:, :, 0], hosts, pairs, answered[:, 1, 0]))
    lead, leads, place = None, [], np.arange(up.shape[-1])
    for number in range(len(up) - 1, 0, -1):
        stay = np.zeros_like(up[0]) if lead is None else -(lead @ down[number + 1])
        stay[:, place, place] += leave[number].T
        lead = up[number - 1] @ np.linalg.inv(stay)
        leads.append(lead)
    found = [np.zeros((len(rate), 1, len(place)))]
    found[0][:, 0, 0] = 1.0
    for lead in reversed(leads):
        found.append(found[-1] @ lead)
    both = np.moveaxis(np.stack(found)[:, :, 0], 1, 2)
    one = np.zeros((LEVELS, len(rate)))
    for counts in (MORE, LESS):
        np.add.at(one, counts[THERE], both[THERE])
    return one / total(one)


def _pair_rates(
    rate: FloatArray, beaten: FloatArray, hosts: FloatArray, pairs: FloatArray, ends: FloatArray
) -> FloatArray:
    """For each sum, and each way in which it is made of two counts: how often the larger goes up, and the other one.

    Then how often the other one goes down, and the larger. Of two alike it is the larger that goes up.
    """
    meet, alike = rate * pairs[2], (MORE == LESS)[..., None]
    called = rate * pairs[1] * hosts[0] * beaten[:, 0] + meet * np.maximum(hosts[1] - 2.0, 0.0) * beaten[:, 1]
    called[-1] = 0.0
    room = np.arange(LEVELS)[:, None] < LEVELS - 1
    own, either = called + room * meet, 2.0 * called + room * meet
    rates = (
        np.where(alike, either[MORE], called[MORE]),
        np.where(alike, 0.0, own[LESS]),
        np.where(alike, 2.0, 1.0) * ends[LESS],
        np.where(alike, 0.0, ends[MORE]),
    )
    return np.stack(rates) * THERE[..., None]


def _steps(
    more_up: FloatArray, less_up: FloatArray, less_down: FloatArray, more_down: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """How often from each way to make a sum to each of the next sum, and of the one before; and how often away."""
    leave = np.where(THERE[..., None], more_up + less_up + less_down + more_down, 1.0)
    sums, size, members = leave.shape
    up, down = (np.zeros((sums, members, size, size)) for _ in range(2))
    for odd in (0, 1):
        wide, near = np.arange(size) + odd, np.arange(size) - 1 + odd  # how far the two are apart then
        moves = (up, more_up, wide), (up, less_up, near), (down, less_down, wide), (down, more_down, near)
        for step, values, to in moves:
            fits = np.flatnonzero((to >= 0) & (to < size))
            step[odd::2, :, fits, to[fits]] += np.moveaxis(values[odd::2, fits], 1, 2)
    return up, down, leave


def _least_of_all(
    rate: FloatArray,
    times: FloatArray,
    hosts: FloatArray,
    quick: FloatArray,
    looked_at: FloatArray,
    _: FloatArray,
    early: int,
    late: int,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """The same where all members look at all hosts."""
    pace, mean, lowest, above, answered = levels = _levels(rate, times, hosts)
    chance = _normed(-2.0 * above * above + np.zeros((1, 2, len(PLACES), 1)))
    looks, none_idle, rare = looked_at[:, None] if early == TRIAL else None, None, None
    fast = (lowest == 0.0) & (times[1] < times[0])  # of the second kind some answer at once
    forgets, moves = _forgets(np.maximum(mean, 1.0) / times, *quick[1:, 0]), quick[0, 0] * quick[1, 0] / times[0]
    calls, deviation, follows = hosts[0] * mean, np.sqrt(hosts[0] * mean), np.zeros(len(rate))
    for number in range(early + late):
        if number in (1, early):
            none_idle = _none_idle(chance, rate, times, hosts, looked_at) if fast.any() else None
        if number == early:
            rivals = hosts[1] * looked_at[1] * total(np.moveaxis(CHANCES * (1.0 - _more(chance)[:, 1]), 1, 0))
            rare = _nobody_less(hosts[0], calls, lowest + LEVEL[:, 0, 0], rivals, np.minimum(moves, 1.0))
        chosen = _of_all(chance, hosts, looks, fast, none_idle, rare)
        if number < early:
            chance = _at_rest(rate * chosen, answered)
        else:
            own = rate * (chosen - total(chance * chosen)) * (0.5 * math.sqrt(COINS) / deviation)
            chance = _moving(rate * chosen, answered, own, (1.0 + follows) * forgets)
        tilt, found, spreads = _answering(chance, CHANCES, pace, lowest, above)
        calls = hosts[0] * (lowest + found[0])
        within = hosts[0] * total(CHANCES * spreads[0] * _untold(chance[:, 0], chosen[:, 0]))
        deviation = np.sqrt(np.maximum(moves * calls / (1.0 + follows) - within, LEAST * calls + FEWEST))
        wanted = found[0] + np.clip(PLACES * deviation / hosts[0], -FARTHEST, FARTHEST)
        chance = _at_places(chance, tilt, np.maximum(wanted, 1e-3 * mean - lowest), above)
        taken = total(chance[:, 1] * chosen[:, 1]) * rate * hosts[1] * times[0]
        # What the other kind takes with each call of K's.
        follow = np.clip(total(CHANCES * PLACES * taken) / np.maximum(deviation, TINY), 0.0, 50.0)
        follows = 0.5 * (follows + follow)
    leans = _leans(taken, follow * deviation**2 / np.maximum(np.minimum(moves, 1.0) * calls, TINY))
    called = _called(chance, chosen, CHANCES, rate, levels)
    return lowest + found, leans, _same_again(CHANCES * chance, chosen, lowest), called


def _leans(taken: FloatArray, more: FloatArray) -> FloatArray:
    """How many more the second kind draws of copies than of calls: of calls at any host, of its own that are new.

    Of what it takes at each place, and `more` of it where a call is seen that is no slow one.
    """
    mean = np.maximum(total(CHANCES * taken), TINY)
    return np.stack([more / mean, np.maximum(total(CHANCES * taken**2) / mean**2 - 1.0, 0.0)])


def _forgets(often: FloatArray, time: FloatArray, spread: FloatArray) -> FloatArray:
    """Rate at which K forgets, for who looks at it so often: one that as much is left at, on average until then.

    What is left of K after t are calls that take longer, seen at a time at random. Calls are log-normal.
    """
    often = np.maximum(often * time, RARELY)
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
    for _ in range(STEPS):
        _, means, spreads = _tilted(chance, tilts * above)
        tilts[0] += np.clip((wanted - means[0]) / np.maximum(spreads[0], 1e-6), -2.0, 2.0)
    return _tilted(chance, tilts * above)[0]


def _none_idle(
    chance: FloatArray, rate: FloatArray, times: FloatArray, hosts: FloatArray, looked_at: FloatArray
) -> FloatArray:
    """Chance at each place that no idle host of the second kind is looked at while none of the first is idle.

    Of i idle hosts of the first kind, and j of the second that are looked at, one gets the next call, each alike:

        i    down so, up as hosts of the first kind answer that have one call
        j    down so, up as hosts of the second kind answer that have one call
    """
    answers = (chance[1] / np.maximum(1.0 - chance[0], TINY) / times[:, None])[..., None]  # a second and busy host
    looks, number = looked_at[1][:, None], hosts[:, None, :, None]
    seen = WAYS * looks[..., None] ** SOME * (1.0 - looks[..., None]) ** np.maximum(SOME[:, None] - SOME, 0.0)
    shape = (*chance.shape[2:], IDLE + 1)
    freed = np.where(number[1] > SOME, (number[1] - SOME) * answers[1], 0.0)
    same = np.arange(IDLE + 1)
    moves = np.zeros((*shape, IDLE + 1))
    moves[..., same[:-1], same[1:]] = freed[..., :-1]
    back: FloatArray | float = 0.0  # where j is when i has come back from one more
    for i in range(FIRST_IDLE, -1, -1):
        to_second = rate[:, None] * (seen * (SOME / np.maximum(i + SOME, 1.0))).sum(axis=-1) + np.zeros(shape)
        to_first = (rate[:, None] - to_second) * (i > 0)
        up = np.maximum(number[0] - i, 0.0) * answers[0] * (i < FIRST_IDLE)
        moves[..., same[1:], same[:-1]] = to_second[..., 1:]
        stay = -moves - up[..., None] * back
        stay[..., same, same] += moves.sum(axis=-1) + to_first + up
        if i:
            back = np.linalg.inv(stay) * to_first[..., None, :]
    chances = np.linalg.inv(stay + rate[:, None, None]).sum(axis=-2)
    return (chances * seen[..., 0]).sum(axis=-1) / chances.sum(axis=-1)


def _of_all(
    chance: FloatArray,
    hosts: FloatArray,
    looks: FloatArray | None,
    fast: NDArray[np.bool_],
    none_idle: FloatArray | None,
    nobody_less: FloatArray | None,
) -> FloatArray:
    """Chance that a host with so many outstanding gets the next call, if that looks at all hosts.

    These add up to 1 but for what hosts of the first kind have in common, so it is theirs to make up for that; it is
    all hosts' where those of the second kind that are idle compete with them.

    `nobody_less` is the chance that none of the first kind has less, as it is if such hosts are rare; over all K.
    """
    more, number = _more(chance), hosts[:, None] + np.zeros(chance.shape[1:])
    itself = np.minimum(number, 1.0)
    beaten = np.log(np.maximum(_beaten(more + TIES * chance, looks), TINY))
    both = number * beaten
    others = np.exp(both[:, :, :1] + both[:, :, 1:] - itself * beaten)
    others *= WEIGHTS
    chosen = total(others)
    chosen += _evenly(chance, more, number, itself, chosen, looks)
    chosen = chosen if looks is None else chosen * looks
    if none_idle is not None:
        apart = np.maximum(_beaten(more[0], looks)[1], TINY) ** hosts[1]  # if they filled up each by itself
        chosen[1:] *= np.where(fast, none_idle / apart, 1.0)
    if nobody_less is not None:
        apart = total(np.moveaxis(CHANCES * (more + chance)[:, 0] ** hosts[0], 1, 0))
        seldom = (1.0 - apart) * nobody_less + apart * apart  # each where it is right: if that is rare, or usual
        chosen[:, 1] *= np.maximum(seldom / np.maximum(apart, TINY), 1.0)[:, None]
    first, second = number * total(chance * chosen)
    both, compete = first + second, fast & (looks is None)
    chosen[:, 0] *= np.where(
        compete, 1.0 / np.maximum(both, TINY), np.maximum(1.0 - second, 0.0) / np.maximum(first, TINY)
    )
    chosen[:, 1] *= np.where(compete, 1.0 / np.maximum(both, TINY), 1.0)
    return np.minimum(chosen, 1.0)


def _nobody_less(
    hosts: FloatArray, calls: FloatArray, least: FloatArray, rivals: FloatArray, moves: FloatArray
) -> FloatArray:
    """Chance that none of so many hosts, which have so many calls outstanding together, has less than `least`.

    Of the part of them that `moves`: what is stuck at a host neither comes nor goes, and is left out of both. For that
    D calls are missing, and B hosts have one more. A call that comes is one less that is missing, and if none is, it
    goes to one host more. An answered call is one more that is missing, unless its host had one more:

        D    down at a rate of `calls`, up at N least - D - least B
        B    up at a rate of `calls` while D = 0, but for what goes to `rivals` of the other kind, down at (least + 1) B

    in times of a call. So for each D the chance, the mean of B, and that of B (B - 1), if B is spread as Pascal's law.
    """
    least, calls = np.maximum(least - (1.0 - moves) * calls / hosts, 0.0), moves * calls
    full = np.maximum(hosts * least - BETWEEN, 0.0)
    more, pairs = np.zeros((NEAR, *least.shape)), np.zeros((NEAR, *least.shape))
    taken = calls * hosts / np.maximum(hosts + rivals, TINY)
    for _ in range(PASSES):
        up = np.concatenate([np.maximum(full[:NEAR] - least * more, 0.0), full[NEAR:]])
        logs = np.zeros((len(MISSING), *least.shape))
        logs[1:] = accumulate(np.add, APART * np.log(np.maximum(up, TINY) / np.maximum(calls, TINY)))
        missing = np.exp(np.maximum(logs - logs.max(axis=0), -FAR))
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
    leave, parts = up + (down + ends), []  # of what is at one D, what is at the next
    leave[NEAR - 1] -= up[NEAR - 1]
    part = up[NEAR - 2] / leave[NEAR - 1]
    for d in range(NEAR - 2, 0, -1):
        parts.append(part)
        part = up[d - 1] / (leave[d] - down * part)
    parts.append(part)
    found = np.empty_like(up)
    found[0] = gain / (leave[0] - down * (1.0 + part))
    for d, part in enumerate(reversed(parts)):
        np.multiply(found[d], part, out=found[d + 1])
    return found


def _beaten(least: FloatArray, looks: FloatArray | None) -> FloatArray:
    """Chance that a host with that chance to have no less is no rival: or else it is not looked at."""
    return least if looks is None else 1.0 - looks + looks * least


def _others(number: FloatArray, itself: FloatArray, each: FloatArray, of: Callable = np.positive) -> FloatArray:
    """Something of the sum over all hosts but one of each kind."""
    return of((number * each)[:, :1] + (number * each)[:, 1:] - itself * each)


def _evenly(
    chance: FloatArray,
    more: FloatArray,
    number: FloatArray,
    itself: FloatArray,
    chosen: FloatArray,
    looks: FloatArray | None,
) -> FloatArray:
    """What is to be added to `chosen`, since the hosts of the first kind have K calls outstanding together."""
    told, least = _told(chance[:, 0], more[:, 0] + chance[:, 0]), _beaten(more + chance, looks)
    tie = (chance if looks is None else chance * looks) / np.maximum(least, TINY)
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


def _pairs(hosts: FloatArray, looked_at: FloatArray, again: FloatArray) -> FloatArray:
    """Chance that just one host and just one other are compared, of each kind: three rows, the mixed pair in between.

    That both are there, and times 1 / pairs of all that are; a copy does not look at the host that its call went to.
    """
    ways = [((0, 0), 1.0 - again[0] - again[1]), ((1, 0), again[0]), ((0, 1), again[1])]
    both = ((2, 0), (1, 1), (0, 2))
    return np.stack([total(np.stack([part * _pair(hosts, looked_at, one, but) for but, part in ways])) for one in both])


def _pair(hosts: FloatArray, looked_at: FloatArray, pair: tuple[int, int], but: tuple[int, int]) -> FloatArray:
    """The same for one pair, by hosts of each kind in it, where so many others are left out."""
    count = np.round(hosts).astype(np.int64)
    others = np.maximum(count - np.array(pair)[:, None] - np.array(but)[:, None], 0)
    most = np.where((looked_at < 1.0).any(axis=1), others.max(axis=1), 0)
    found = np.zeros(hosts.shape[1])
    for absent in itertools.product(*(range(int(number) + 1) for number in most)):
        chance = np.ones(hosts.shape[1])
        for kind in (0, 1):
            chance = chance * among(absent[kind], others[kind], 1.0 - looked_at[kind])
        there = np.maximum(others[0] + others[1] - absent[0] - absent[1], 0)
        found += chance * 2.0 / ((there + 2.0) * (there + 1.0))
    for kind in (0, 1):
        left = np.maximum(1.0 - pair[kind] * but[kind] / np.maximum(hosts[kind], 1.0), 0.0)
        found *= looked_at[kind] ** pair[kind] * left
    return found


def _of_two(chance: FloatArray, hosts: FloatArray, pairs: FloatArray) -> FloatArray:
    """The same if it looks at two."""
    beaten = _beats(chance)
    others = [np.maximum(number - 1.0, 0.0) for number in hosts]
    return np.stack(
        [
            pairs[0] * others[0] * beaten[:, 0] + pairs[1] * hosts[1] * beaten[:, 1],
            pairs[1] * hosts[0] * beaten[:, 0] + pairs[2] * others[1] * beaten[:, 1],
        ],
        axis=1,
    )


def _beats(chance: FloatArray) -> FloatArray:
    """Chance that a host has more than so many, or as many and loses the toss."""
    return _more(chance) + 0.5 * chance


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
    chance = chance * np.exp(tilt)
    chance = chance / total(chance)
    weighed = chance * LEVEL
    mean = total(weighed)
    return chance, mean, total(weighed * LEVEL) - mean * mean


def _normed(logs: FloatArray) -> FloatArray:
    """Chances from their logarithms, up to a factor."""
    chance = np.exp(logs - logs.max(axis=0))
    return chance / total(chance)
