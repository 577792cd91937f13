"""How many calls are outstanding at a host, where each call goes to one of those that have fewest.

Counts are whole and move by one: a host that answers fast is often the one that has just answered, and so stands a
little below the others, one that answers slowly a little above. With many calls outstanding that is nothing; with ten
a host it is one call in ten, and with less than one all idle hosts are alike, however fast they are.

How it is computed. A host with n calls outstanding answers n / tau a second. The next call goes to it if no other that
is looked at has fewer, and to each of those that tie alike; the others are taken as independent of it, which is nearly
exact for many hosts:

    chosen[n] = integral over x from 0 to 1 of product over others of (P(more than n) + x P(n))      all are looked at
              = 2 / N mean over others of (P(more than n) + P(n) / 2)                                two are
    P[n + 1]  = P[n] rate chosen[n] tau / (n + 1)

for each of the two kinds of host, round after round, until all answer what they are sent. Where all hosts are looked at
none is far from the others, yet all rise and fall together: the M calls outstanding in the whole fleet are Poisson, and
forget at a rate 1 / mean tau. A host goes up and down at a rate 2 n / tau, and follows. Of the variance of the others'
level, M / N^2, it does not follow 1 / (1 + 2 n mean tau / tau): by so much it finds them higher at one time and lower
at another, and `chosen` is the mean of both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from course_lib.models.exact import TINY, FloatArray, accumulate, total

LEVELS = 20  # counts that are looked at
ABOVE = (4.0, 8.0)  # of them, those above the mean: where all hosts are looked at, and two
ROUNDS = 12  # two less change the share of calls by 1e-4 at most, unless one host draws nine in ten
POINTS, WEIGHTS = np.polynomial.legendre.leggauss(8)
POINTS = (POINTS + 1.0) / 2.0
TIES = 1.0 - POINTS**3  # of the integral: close together at 1, where many hosts tie
WEIGHTS = 1.5 * WEIGHTS * POINTS**2


def least_busy(rate: FloatArray, times: FloatArray, hosts: FloatArray, two: NDArray[np.bool_]) -> FloatArray:
    """Mean calls outstanding at a host of each kind.

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

    Examples
    --------
    >>> times, hosts = np.array([[0.05], [0.2]]), np.array([[1.0], [5.0]])
    >>> least_busy(np.array([4.0, 4e5]), times, hosts, np.zeros(2, dtype=bool)).round(2).tolist()
    [[0.04, 8888.36], [0.13, 8889.31]]
    """
    pace = hosts / times / rate  # of all calls, what hosts answer with one outstanding each
    mean = 1.0 / (pace[0] + pace[1])
    lowest = np.maximum(np.floor(mean) - (LEVELS - 1 - np.where(two, ABOVE[1], ABOVE[0])), 0.0)
    level = np.arange(float(LEVELS))[:, None, None]
    answered = np.log(rate * times / np.maximum(lowest + level[1:], 1.0))
    chance = _normed(-2.0 * np.square(level - (mean - lowest)) + np.zeros((1, *pace.shape)))
    found = mean - lowest + np.zeros_like(pace)
    for _ in range(ROUNDS):
        more = np.zeros_like(chance)
        more[:-1] = accumulate(np.add, chance[:0:-1])[::-1]
        chosen: FloatArray | float = 0.0
        if not two.all():
            chosen = _moved(_of_all(chance[:-1], more[:-1], hosts), _apart(rate, times, hosts, lowest + found))
        if two.any():
            chosen = np.where(two, _of_two(chance[:-1], more[:-1], hosts), chosen)
        chance, found = _in_balance(chosen, answered, pace, lowest)
    return lowest + found


def _of_all(chance: FloatArray, more: FloatArray, hosts: FloatArray) -> FloatArray:
    """Chance that a host with so many outstanding gets the next call, if that looks at all hosts."""
    chosen, itself = np.zeros_like(chance), np.minimum(hosts, 1.0)
    for x, weight in zip(TIES, WEIGHTS, strict=True):
        no_fewer = np.log(np.maximum(more + x * chance, TINY))
        everybody = (hosts * no_fewer)[:, :1] + (hosts * no_fewer)[:, 1:]
        chosen += weight * np.exp(everybody - itself * no_fewer)
    return chosen


def _apart(rate: FloatArray, times: FloatArray, hosts: FloatArray, counts: FloatArray) -> FloatArray:
    """Standard deviation of the common level that a host does not follow, in calls outstanding."""
    fleet = (hosts * counts)[0] + (hosts * counts)[1]
    forgets, follows = rate / np.maximum(fleet, TINY), 2.0 * counts / times
    return np.sqrt(fleet * forgets / (forgets + follows)) / (hosts[0] + hosts[1])


def _moved(chosen: FloatArray, by: FloatArray) -> FloatArray:
    """Mean over others that are so much higher, and lower."""
    logs, found = np.log(np.maximum(chosen, TINY)), np.zeros_like(chosen)
    level = np.arange(float(len(chosen)))[:, None, None]
    for place in (level - by, level + by):
        place = np.clip(place, 0.0, len(chosen) - 1.0)
        below = np.minimum(place.astype(np.int64), len(chosen) - 2)
        left, right = (np.take_along_axis(logs, below + k, axis=0) for k in (0, 1))
        found += 0.5 * np.exp(left + (place - below) * (right - left))
    return found


def _of_two(chance: FloatArray, more: FloatArray, hosts: FloatArray) -> FloatArray:
    """The same if it looks at two."""
    beaten, count = more + 0.5 * chance, hosts[0] + hosts[1]
    others = (hosts * beaten)[:, :1] + (hosts * beaten)[:, 1:] - np.minimum(hosts, 1.0) * beaten
    return 2.0 / count * others / np.maximum(count - 1.0, 1.0)


def _in_balance(
    chosen: FloatArray, answered: FloatArray, pace: FloatArray, lowest: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Chance of each count, and its mean above the lowest, tilted so that hosts answer as many calls as come."""
    level = np.arange(float(LEVELS))[:, None, None]
    base = np.zeros((LEVELS, *pace.shape))
    base[1:] = accumulate(np.add, np.log(np.maximum(chosen, TINY)) + answered)
    tilt = np.zeros(pace.shape[1])
    for _ in range(3):
        chance = _normed(base + tilt * level)
        mean = total(chance * level)
        more = pace * (total(chance * level * level) - mean * mean)
        short = 1.0 - (pace[0] * (lowest + mean[0]) + pace[1] * (lowest + mean[1]))
        tilt = tilt + np.clip(short / np.maximum(more[0] + more[1], TINY), -1.0, 1.0)
    return chance, mean


def _normed(logs: FloatArray) -> FloatArray:
    """Chances from their logarithms, up to a factor."""
    chance = np.exp(logs - logs.max(axis=0))
    return chance / total(chance)
