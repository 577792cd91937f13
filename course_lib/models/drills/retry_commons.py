"""A commons of retries: many services, each with a retry policy of its own, call one backend that all of them share.

The backend works through one queue, first come, first served, as in `retry_storm`: callers give up after `TIMEOUT`, it
works on for them, and what is lost is tried again as the caller's policy says. A member of the batch is one fleet, that
is one policy for each service, so that "the same fleet, but this service restrained" costs one more column.

In a tick, with k the number of the attempt, s the service and m the fleet:

    1  lost[k, s, m] = sent one timeout ago[k, s, m] × the share of that tick's work that was not done in time
    2  wanted = lost where k < max_retries[s, m]
    3  granted = wanted, or what the bucket holds: it earns `budget` tokens for each first attempt
    4  sent = first attempts, and what was granted one backoff ago (jitter: spread over the backoff's window)
    5  the queue takes the sum over k and s, and moves on

Requests are failed for good where they are lost and not granted a retry; answered where their attempt is not lost. Left
out are breakers, bounds and deadlines, and any difference between the services but their policies.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.models import noise
from course_lib.models.fifo import Fifo

FloatArray = NDArray[np.float64]
BACKOFFS = ("none", "fixed", "exponential", "full_jitter")
DT = 0.2  # s
TIMEOUT = 1.0  # s
ARRIVAL_RATE, SERVICE_RATE = 900.0, 1200.0  # requests/s of the whole fleet, attempts/s: as in lesson 01
TRIGGER, LASTS, LEFT = 60.0, 30.0, 0.3  # s, s, share of the service rate that is left meanwhile
BASE, CAP = 1.0, 20.0  # s: the first backoff, and the longest
BURST = 10.0  # seconds' worth of tokens that a bucket holds: Finagle's ten


@dataclasses.dataclass(frozen=True)
class Policies:
    """Retry policies, shape (services,) or (services, fleets) each.

    Attributes
    ----------
    max_retries : array of int
        Tries after the first.
    backoff : array of int
        Place in `BACKOFFS`.
    budget : array of float
        Retries granted for each first attempt; infinite for no budget.
    """

    max_retries: ArrayLike
    backoff: ArrayLike
    budget: ArrayLike

    def arrays(self) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
        """The three, shape (services, fleets)."""
        given = np.broadcast_arrays(*(np.atleast_1d(one) for one in (self.max_retries, self.backoff, self.budget)))
        retries, backoff, budget = (one if one.ndim == 2 else one[:, None] for one in given)
        return retries.astype(np.int64), backoff.astype(np.int64), budget.astype(float)


@dataclasses.dataclass(frozen=True)
class Flows:
    """What became of the fleets' requests.

    Attributes
    ----------
    time : ndarray, shape (ticks,)
        End of each tick, s.
    failed_share : ndarray, shape (ticks, fleets)
        Requests that failed for good in a tick, of those that ended in it.
    offered, answered, failed, attempts : ndarray, shape (services, fleets)
        Requests, those answered and those failed for good; attempts, all of them over the whole run. What is still
        under way at the end is neither answered nor failed.
    """

    time: FloatArray
    failed_share: FloatArray
    offered: FloatArray
    answered: FloatArray
    failed: FloatArray
    attempts: FloatArray


def simulate(policies: Policies, seed: int = 0, *, until: float = 240.0) -> Flows:
    """Run fleets for `until` seconds; all see the same requests.

    Examples
    --------
    >>> naive, restrained = [3, 3], [0, 0]
    >>> flows = simulate(Policies(np.array([naive, restrained]).T, 0, np.inf))
    >>> bool(flows.failed[:, 0].sum() > 2 * flows.failed[:, 1].sum())
    True
    """
    run = _Run(*policies.arrays(), seed, max(round(until / DT), 1))
    for tick in range(run.ticks):
        run.advance(tick)
    return run.flows()


class _Run:
    """Fleets on their way through time; histories that policies look back on are rings of ticks."""

    def __init__(
        self, retries: NDArray[np.int64], backoff: NDArray[np.int64], budget: FloatArray, seed: int, ticks: int
    ) -> None:
        services, fleets = retries.shape
        self.ticks, self.attempts = ticks, max(int(retries.max()), 0)
        self.timeout = round(TIMEOUT / DT)
        self.first = _first_attempts(seed, ticks, services)
        self.queue = Fifo(_able(seed, ticks), np.array([self.timeout]), fleets)
        k = np.arange(self.attempts)[:, None, None]
        self.may_retry = k < retries
        self.shortest, self.longest = _windows(backoff, k)
        self.budget = budget
        self.most = np.where(np.isfinite(budget), budget, 0.0) * ARRIVAL_RATE / services * BURST
        self.tokens = self.most.copy()
        self.sent = np.zeros((self.timeout, self.attempts + 1, services, fleets))
        # what was granted so far, up to the end of each of the last ticks
        self.granted = np.zeros((int(self.longest.max(initial=0)) + 2, self.attempts, services, fleets))
        self.index = np.ogrid[: self.attempts, :services, :fleets]
        self.share = np.zeros((ticks, fleets))
        self.answered, self.failed, self.tried = np.zeros((3, services, fleets))

    def advance(self, tick: int) -> None:
        """One tick: who gives up, who may try again, what arrives, what is done."""
        now, place = self.queue.past + tick, tick % self.timeout
        cohort = self.sent[place]
        lost = cohort * self.queue.give_up(now, 1)[0]
        retries = self._retries(tick, lost[:-1] * self.may_retry)
        self._count(tick, cohort, lost)
        self.sent[place, 0] = self.first[tick][:, None]
        self.sent[place, 1:] = retries
        total = self.sent[place].sum(axis=0)
        self.tried += total
        self.queue.enter(now, total.sum(axis=0)[None])
        self.queue.serve(now, 1)

    def _retries(self, tick: int, wanted: FloatArray) -> FloatArray:
        """Retries that are sent in a tick, of those that budgets granted up to now."""
        total = wanted.sum(axis=0)
        earned = np.where(np.isfinite(self.budget), self.budget, 0.0) * self.first[tick][:, None]
        self.tokens = np.minimum(self.tokens + earned, np.maximum(self.most, earned))
        allowed = np.where(np.isfinite(self.budget), np.minimum(total, self.tokens), total)
        self.tokens -= np.where(np.isfinite(self.budget), allowed, 0.0)
        self.denied = total - allowed
        rows = len(self.granted)
        share = np.divide(allowed, total, out=np.zeros_like(total), where=total > 0)
        self.granted[tick % rows] = self.granted[(tick - 1) % rows] + wanted * share
        span = self._until(tick - self.shortest) - self._until(tick - self.longest - 1)
        return span / (self.longest - self.shortest + 1)

    def _until(self, tick: NDArray[np.int64]) -> FloatArray:
        return np.where(tick >= 0, self.granted[(tick % len(self.granted), *self.index)], 0.0)

    def _count(self, tick: int, cohort: FloatArray, lost: FloatArray) -> None:
        good = (cohort - lost).sum(axis=0)
        bad = lost[-1] + (lost[:-1] * ~self.may_retry).sum(axis=0) + self.denied
        self.answered += good
        self.failed += bad
        ended = good.sum(axis=0) + bad.sum(axis=0)
        self.share[tick] = np.divide(bad.sum(axis=0), ended, out=np.zeros_like(ended), where=ended > 0)

    def flows(self) -> Flows:
        """What became of them."""
        offered = np.broadcast_to(self.first.sum(axis=0)[:, None], self.tried.shape)
        time = np.arange(1, self.ticks + 1) * DT
        return Flows(time, self.share, offered, self.answered, self.failed, self.tried)


def _first_attempts(seed: int, ticks: int, services: int) -> FloatArray:
    drawn = noise.normal([seed], "commons arrivals", ticks * services).reshape(ticks, services)
    return noise.poisson(drawn, ARRIVAL_RATE / services * DT)


def _able(seed: int, ticks: int) -> FloatArray:
    begin = np.arange(ticks)[:, None] * DT
    rate = SERVICE_RATE * np.where((begin >= TRIGGER) & (begin < TRIGGER + LASTS), LEFT, 1.0)
    return noise.counts([seed], "commons service", rate * DT, ticks)


def _windows(backoff: NDArray[np.int64], k: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Shortest and longest backoff before retry k, in ticks: one and the same but for full jitter."""
    doubled = np.minimum(BASE * 2.0**k, CAP)
    high = np.select([backoff == 1, backoff >= 2], [np.broadcast_to(BASE, doubled.shape), doubled], 0.0)
    low = np.where(backoff == 3, 0.0, high)
    return tuple(np.round(edge / DT).astype(np.int64) for edge in (low, high))  # type: ignore[return-value]
