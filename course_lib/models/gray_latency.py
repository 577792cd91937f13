"""How long calls and pages take in a gray failure: survival functions, closed over time.

A host is healthy or impaired, a call to it is fast or slow. `Calls` holds what decides about a call at some moments,
each an array that broadcasts to (moments, members); nothing here remembers the moment before.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.models.exact import TINY, FloatArray
from course_lib.models.simulation import Batch
from course_lib.theory.tails import normal_tail

LIMPING, LOSSY, SINKHOLE, HEAVY = range(4)  # in the order of the choice `fault`
ROUND_ROBIN, LEAST, TWO = range(3)  # in the order of the choice `balancer`
TIED = 1
STEPS, SECTIONS = 10, 8  # of a quantile's bracket, time and again: to a thousand-millionth of itself
NEVER = 1e-12
NOTHING = 1e-200  # a large part of it is a number still
SHORTEST = 1e-5  # of a median: no quantile is sought below


@dataclasses.dataclass
class Calls:
    """What decides how long calls take, at some moments.

    Parameters
    ----------
    ill : ndarray
        Whether impaired hosts are impaired now.
    share : ndarray
        Of calls, those that go to an impaired host first.
    copy_from_healthy, copy_from_ill : ndarray
        Of copies, by where the call went first, those that go to an impaired host.
    waits : (ndarray, ndarray)
        Seconds in the queue of a healthy host, and of an impaired one.
    granted : (ndarray, ndarray)
        Of the copies that are wanted, those that are sent: of calls to a healthy host, and to an impaired one.
    moved : ndarray
        Of the calls to impaired hosts, those that a tied copy takes to a healthy one.
    """

    ill: Any
    share: Any
    copy_from_healthy: Any
    copy_from_ill: Any
    waits: tuple[Any, Any]
    granted: tuple[Any, Any]
    moved: Any

    def rows(self, at: Any) -> Calls:
        """The same at some of the moments."""
        pick = lambda value: value[at]  # noqa: E731
        parts = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        pairs = {name: tuple(map(pick, parts.pop(name))) for name in ("waits", "granted")}
        return Calls(**{name: pick(value) for name, value in parts.items()}, **pairs)


class Laws:
    """The members' distributions: constants of a batch, each of shape (1,) or (members,)."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        stretch = np.exp(batch.spread * batch.spread / 2.0)  # mean of a log-normal over its median
        self.kind = batch.fault
        self.factor = np.where(self.kind == HEAVY, batch.work_factor, 1.0)
        self.work = batch.median_time * stretch  # seconds of a worker that a call takes
        z = np.log(batch.timeout / batch.slow_time) / batch.spread  # nobody waits longer for a slow one
        self.slow_mean = batch.slow_time * stretch * (1.0 - normal_tail(z - batch.spread))
        self.slow_mean = self.slow_mean + batch.timeout * normal_tail(z)
        self.hit = np.where((self.kind == LIMPING) | (self.kind == LOSSY), batch.slow_fraction, 0.0)
        self.lossy, self.sinkhole = self.kind == LOSSY, self.kind == SINKHOLE
        self.tied = batch.hedge == TIED

    def picked(self, members: Any) -> Laws:
        """The same, for moments of which each belongs to one member."""
        other = object.__new__(Laws)
        other.batch = _Picked(self.batch, members)
        for name, value in vars(self).items():
            if name != "batch":
                setattr(other, name, value if value.size == 1 else value[members])
        return other

    # -- one try at one host

    def tries(self, time: Any, calls: Calls) -> tuple[FloatArray, ...]:
        """Survival of a fast and of a slow try at a healthy host, and at an impaired one: four arrays."""
        batch = self.batch
        left = [time - wait for wait in calls.waits]
        ill = batch.median_time * np.where(calls.ill, self.factor, 1.0)
        parts = [left[0] / batch.median_time, left[1] / ill, left[1] / batch.slow_time]
        if kin := batch.dependence.any():  # a slow try at a healthy host is only ever a copy that shares the cause
            parts.append(left[0] / batch.slow_time)
        over = np.empty((len(parts), *np.broadcast_shapes(*(part.shape for part in parts))))
        for row, part in zip(over, parts, strict=True):
            row[...] = part
        found = np.where(over > 0, normal_tail(np.log(np.maximum(over, 1e-300)) / batch.spread), 1.0)
        fast, ill_fast, ill_slow = found[:3]
        slow = found[3] if kin else fast
        lost = self.lossy & np.ones_like(calls.ill)
        refused = self.sinkhole & calls.ill
        return fast, np.where(lost, 1.0, slow), np.where(refused, 1.0, ill_fast), np.where(lost, 1.0, ill_slow)

    def mixed(self, tries: tuple[FloatArray, ...], calls: Calls) -> tuple[FloatArray, FloatArray]:
        """Survival of a try at a healthy host, and at an impaired one."""
        hit = self.hit * calls.ill
        return tries[0], (1.0 - hit) * tries[2] + hit * tries[3]

    # -- a call, as its caller sees it

    def late(self, time: Any, calls: Calls, delay: Any) -> FloatArray:
        """Share of calls without a good answer so long after they were made.

        With a copy after the delay: S(t) S'(t - d) if the two are independent, S' another host's.
        """
        first, later = self.tries(time, calls), self.tries(time - delay, calls)
        hit, refused = self.hit * calls.ill, self.sinkhole & calls.ill
        lost, tied = self.lossy & np.ones_like(calls.ill), self.tied
        free, kin = self._saved(calls.copy_from_healthy, calls.granted[0], later, calls)
        healthy = first[0] * np.where(tied, 1.0, free)
        free, kin = self._saved(calls.copy_from_ill, calls.granted[1], later, calls)
        begun_elsewhere = (1.0 - calls.moved) * first[2] + calls.moved * later[0]
        quick = np.where(tied, begun_elsewhere, first[2] * free)
        slow = first[3] * np.where(tied & ~lost, 1.0, kin)
        ill = np.where(refused, 1.0, (1.0 - hit) * quick + hit * slow)
        return np.clip((1.0 - calls.share) * healthy + calls.share * ill, 0.0, 1.0)

    def _saved(self, to_ill: Any, granted: Any, later: Any, calls: Calls) -> tuple[FloatArray, FloatArray]:
        """What a copy leaves late of the late: of a call's own luck, and where it may share the cause."""
        own = self.mixed(later, calls)
        alike = later[1], np.where(self.sinkhole & calls.ill, 1.0, later[3])
        copy, same = ((1.0 - to_ill) * kind[0] + to_ill * kind[1] for kind in (own, alike))
        kappa = self.batch.dependence
        free = 1.0 - granted + granted * copy
        return free, 1.0 - granted + granted * (kappa * same + (1.0 - kappa) * copy)

    def quantile(self, share: Any, calls: Calls, delay: Any) -> FloatArray:
        """Seconds after which a share of all calls has a good answer; the whole timeout where it never has."""
        batch = self.batch
        top = np.log(batch.timeout) + np.zeros(np.broadcast_shapes(calls.share.shape, np.shape(delay)))
        low, high, ever = (
            np.log(batch.median_time * SHORTEST) + np.zeros_like(top),
            top,
            np.zeros(top.shape, dtype=bool),
        )
        parts = np.arange(1.0, SECTIONS).reshape(-1, *(1,) * top.ndim)
        for _ in range(STEPS):
            one = (high - low) / SECTIONS
            enough = 1.0 - self.late(np.exp(low + parts * one), calls, delay) >= share
            low, ever = low + one * (SECTIONS - 1 - enough.sum(axis=0)), ever | enough.any(axis=0)
            high = low + one
        return np.where(ever, np.exp(high), batch.timeout)


class _Picked:
    """A batch's fixed values, one a moment."""

    def __init__(self, batch: Batch, members: Any) -> None:
        self._batch, self._members = batch, members

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._batch, name)
        return value if value.size == 1 else value[self._members]


def pages_late(late: FloatArray, fan_out: Any) -> FloatArray:
    """Share of pages of which some call is late: ``1 - (1 - s)^n``."""
    return np.where(late >= 1.0, 1.0, -np.expm1(fan_out * np.log1p(-np.minimum(late, 1.0 - 1e-16))))


def reach(batch: Batch, full: NDArray[np.int64], trial: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Least and most of the calls that can go to impaired hosts, where so many of each kind are in rotation.

    A balancer that looks at k hosts takes an impaired one never if none is among them, always if all are. Hosts on
    trial are there by chance, each for itself, and all of them if there would be nobody else.
    """
    balancer, found = batch.balancer, np.zeros((2, batch.size))
    looks = np.where(balancer == LEAST, batch.replicas, np.where(balancer == TWO, np.minimum(batch.replicas, 2.0), 1.0))
    for there in itertools.product(*(range(int(most) + 1) for most in trial.max(axis=1))):
        chance = among(there[0], trial[0], batch.probation) * among(there[1], trial[1], batch.probation)
        chance = np.where(chance > NEVER, chance, 0.0)
        if not chance.any():
            continue
        healthy, ill = (full + np.array(there)[:, None]).astype(float)
        nobody = healthy + ill == 0
        healthy, ill = np.where(nobody, trial[0], healthy), np.where(nobody, trial[1], ill)
        hosts = healthy + ill
        found += chance * np.stack([all_from(ill, hosts, looks), all_from(healthy, hosts, looks)])
    return found[0], np.maximum(1.0 - found[1], 0.0)


def among(some: int, of: NDArray[np.int64], chance: FloatArray) -> FloatArray:
    """Chance that just so many are there, each by the same chance: binomial."""
    ways = np.array([math.comb(int(number), some) for number in of], dtype=float)
    return ways * chance**some * (1.0 - chance) ** np.maximum(of - some, 0)


def shares(
    times: tuple[FloatArray, FloatArray], healthy: FloatArray, ill: FloatArray, uneven: FloatArray
) -> FloatArray:
    """Share of calls that impaired hosts draw from a balancer that looks at the calls outstanding.

    Parameters
    ----------
    times : (ndarray, ndarray)
        Mean seconds that a call counts as outstanding at a host of each kind.
    healthy, ill : ndarray
        Hosts in rotation.
    uneven : ndarray, shape (2, members)
        Calls outstanding at a host of each kind, beyond what they would be if all had as many; per call a second.
    """
    pace = healthy / times[0], ill / times[1]
    all_alike = 1.0 / np.maximum(pace[0] + pace[1], TINY)
    pull = [pace[x] * (all_alike + uneven[x]) for x in (0, 1)]
    return per(pull[1], pull[1] + pull[0])


def below_limit(laws: Laws, ill: FloatArray, rate: FloatArray, limit: FloatArray) -> FloatArray:
    """Seconds by which the wait at an impaired host lies below a limit at which calls go elsewhere, on average.

    Chance keeps the queue of an overloaded host near the limit and not at it: as a Brownian motion with a drift upwards
    and a ceiling, whose distance from the ceiling is exponential, cut off at the empty queue.

    Parameters
    ----------
    laws : Laws
    ill : ndarray
        Whether impaired hosts are impaired now.
    rate : ndarray
        Calls/s that come to one of them, before any goes elsewhere.
    limit : ndarray
        Seconds.
    """
    batch = laws.batch
    served = batch.workers / (laws.work * np.where(ill, laws.factor, 1.0))
    uneven = np.expm1(batch.spread * batch.spread)  # variance of a log-normal over its mean's square
    steep = 2.0 * served * np.maximum(rate - served, 0.0) / np.maximum(rate + served * uneven, TINY)
    whole = np.clip(steep * limit, 1e-6, 500.0)  # from an even spread to a queue that never leaves its limit
    return limit * (1.0 / whole - 1.0 / np.expm1(whole))


def per(part: FloatArray, whole: FloatArray) -> FloatArray:
    """A part of a whole, nothing of nothing."""
    return part / np.maximum(whole, NOTHING)


def outstanding(laws: Laws, calls: Calls, kin: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean seconds that a call counts as outstanding, at a healthy and at an impaired host; see `quick_ones`."""
    part, times, _ = quick_ones(laws, calls, kin)
    times = part * times + (1.0 - part) * np.where(laws.lossy, laws.batch.timeout, laws.slow_mean)
    healthy, ill = (np.minimum(times[x] + calls.waits[x], laws.batch.timeout) for x in (0, 1))
    return healthy, np.where(laws.sinkhole & calls.ill, times[1], ill)


def remembered(laws: Laws, delay: FloatArray) -> FloatArray:
    """Of how many calls are outstanding that are not slow, what is left after so many seconds: those that last longer.

    The mean rest of a call, E[(T - t)+] / E[T], of log-normal T.
    """
    spread = laws.batch.spread
    z = np.log(np.maximum(delay, NOTHING) / laws.batch.median_time) / spread
    return np.maximum(normal_tail(z - spread) - delay / laws.work * normal_tail(z), 0.0)


def quick_ones(laws: Laws, calls: Calls, kin: FloatArray) -> FloatArray:
    """Of what comes to a host of each kind, how much is not slow; the mean seconds and the spread of that.

    Parameters
    ----------
    laws : Laws
    calls : Calls
    kin : ndarray, shape (2, members)
        Of the calls and copies at a host of each kind, the copies that share the cause of a slow call.
    """
    batch, sinks = laws.batch, laws.sinkhole & calls.ill
    ill = laws.work * np.where(calls.ill, laws.factor, 1.0)
    found = np.empty((3, 2, batch.size))
    found[0, 0], found[0, 1] = 1.0 - kin[0], (1.0 - laws.hit * calls.ill) * (1.0 - kin[1])
    found[1, 0], found[1, 1] = laws.work, np.where(sinks, np.maximum(batch.fail_time, batch.error_penalty), ill)
    found[2, 0], found[2, 1] = batch.spread, np.where(sinks, 0.0, batch.spread)
    return found


def all_from(some: FloatArray, hosts: FloatArray, looks: FloatArray) -> FloatArray:
    """Chance that all of k different hosts are among `some` of them: ``s (s - 1) ... / N (N - 1) ...``."""
    whole = np.where(some >= hosts, 1.0, 0.0)
    few = looks < hosts
    chance = np.ones(np.broadcast_shapes(some.shape, looks.shape))
    for j in range(int(np.max(np.where(few, looks, 0.0), initial=0.0))):
        part = np.maximum(some - j, 0.0) / np.maximum(hosts - j, 1e-9)
        chance = chance * np.where(looks > j, np.minimum(part, 1.0), 1.0)
    return np.where(few, chance, whole)
