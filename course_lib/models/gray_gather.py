"""How slow hosts draw calls while these gather, and once they are well: a balancer that counts fills each to a level.

A host is as a number of places, each with one call after the other. At an impaired host most places soon hold a call
that is slow, and get no other until it is over: at first, when all are free, calls come fast, then hardly any until the
first of those are over, and so on, ever more evenly. So the calls of a place that is free at 0, and of one that holds a
call which has gone on for as long as it may be, are renewals, in parts of a tick:

    h[t] = delta + sum over s of g[s] h(t - s)             g[s]: chance that a call lasts s
    h[t] - sum over s of r[s] h(t - s)                     r[s]: that one which goes on lasts s more

and the second is what the place draws beyond the balance. Where more calls are outstanding in balance than before, as
many places are free. When the impairment ends, slow calls still hold theirs, and the level rises for that.

Where that is too simple. Calls that all last alike (lost ones, and errors that count for a while) come in waves, which
others' luck soon evens out: these are as in balance from the beginning, which is up to a sixth too few in the first
ten seconds, and a third where two hosts are looked at. Slow hosts that are compared with each other only draw what they
draw in any case. After the end some find calls though their places are held: up to a sixth more in ten seconds.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from course_lib.models.exact import TINY, FloatArray, total
from course_lib.models.gray_latency import ROUND_ROBIN, Calls, Laws, per, quick_ones
from course_lib.theory.tails import normal_tail

PARTS = 32  # of a tick
SPAN = 128  # ticks after which all is as in balance
LASTS = 0.02  # ticks: calls that are over before leave nothing behind
EVEN = 0.002  # of the calls: what differs less is as in balance
FADES = 10.0  # e to that: what h is damped by at its end, so that it comes from a transform that wraps around
FOREVER = 1e9


class Gathering:
    """The impaired hosts' places, taken together; members are apart."""

    def __init__(self, laws: Laws, dt: float, ticks: int) -> None:
        self.laws, self.dt, self.ticks = laws, dt, ticks
        self.size = size = laws.batch.size
        self.part = np.ones((ticks, size))  # of what impaired hosts draw in balance, what they draw in each tick
        self.turns = np.zeros(ticks, dtype=bool)  # whether that is another part than in the tick before
        self.beyond = np.zeros((ticks, size))  # calls in each tick, more than in balance
        self.since = np.zeros(size, dtype=np.int64)  # the tick from which impaired hosts hold calls that last
        self.filled, self.rate, self.alone = (np.zeros(size) for _ in range(3))  # places, and slow calls a second
        self.held = np.zeros((0, PARTS, size))  # places of hosts that are well again, in each tick and part
        self.lasting = np.zeros(size, dtype=bool)  # whether impaired hosts hold calls that last
        self.law = np.zeros((5, size))

    def leave(self, part: FloatArray) -> None:
        """Hosts go out of rotation, such a part of them, and take their calls with them."""
        left = 1.0 - part
        self.filled, self.held, self.beyond = self.filled * left, self.held * left, self.beyond * left

    def settle(
        self,
        tick: int,
        calls: Calls,
        kin: FloatArray,
        rate: FloatArray,
        alone: FloatArray,
        level: FloatArray,
        well: FloatArray,
    ) -> None:
        """What impaired hosts draw from now on.

        Parameters
        ----------
        tick : int
        calls : Calls
        kin : ndarray, shape (2, members)
            As for `gray_latency.quick_ones`.
        rate : ndarray
            Calls a second that they draw in balance.
        alone : ndarray
            Of these, those that come in any case, as no other host is looked at: they fill no places.
        level : ndarray
            Calls that they would hold if each held as many as a healthy host.
        well : ndarray
            Of the hosts in rotation, those that never were impaired; the others' part in what rises the level.
        """
        law = self._law(calls, kin)
        lasting = calls.ill & (self.laws.batch.balancer != ROUND_ROBIN) & (law[0] > 0) & (law[2] > LASTS * self.dt)
        if (self.lasting & ~lasting).any():
            self._end(tick, self.lasting & ~lasting)
        self.since = np.where(lasting & ~self.lasting, tick, self.since)
        self.law, self.lasting, self.alone = law, lasting, per(alone, rate)
        self.rate = np.where(lasting, rate * law[0], 0.0)
        found = np.ones((self.ticks - tick, self.size))
        if (gathers := lasting & (law[3] > 0)).any():
            known = [_renewals(tuple(one), self.dt) for one in law.T.tolist()]
            each = np.stack([one[0] for one in known], axis=1)[: self.ticks - tick]
            filled = np.where(gathers, (rate - alone) * np.array([one[1] for one in known]), 0.0)
            self.beyond[tick : tick + SPAN] += (filled - self.filled) * each
            self.filled = filled
            found = np.where(gathers, np.maximum(1.0 + per(self.beyond[tick:] / self.dt, rate), 0.0), found)
        if len(held := self.held[tick:]):
            busy = np.maximum(self.laws.work * rate, TINY)  # places that their calls hold now
            free = np.clip((level - held * well) / busy, 0.0, 1.0)
            found[: len(held)] = np.where(lasting, found[: len(held)], total(free, axis=1) / PARTS)
        self.part[tick:] = np.where(abs(found - 1.0) < EVEN, 1.0, found)
        self.turns[tick + 1 :] = (self.part[tick + 1 :] != self.part[tick:-1]).any(axis=1)

    def trains(self) -> FloatArray:
        """Variance of how many good calls come to an impaired host, over their mean: in trains, until one is slow.

        Of renewals with a reward, the calls of a train; as uneven as by chance at least.
        """
        slow, fast, lasts, spread, patience = np.where(self.lasting, self.law, 1.0)
        long = np.minimum(lasts * np.exp(spread * spread / 2.0), patience)
        train = (1.0 - slow) / slow
        whole = train * fast + long  # seconds from one train to the next
        found = (long / whole) ** 2 / slow + train * np.expm1(spread * spread) * (long / whole) ** 2
        return np.where(self.lasting, (1.0 - self.alone) * np.maximum(found, 1.0) + self.alone, 1.0)

    def _law(self, calls: Calls, kin: FloatArray) -> FloatArray:
        """Of an impaired host's calls: slow ones, how long others last; median, spread and most of these."""
        laws, batch = self.laws, self.laws.batch
        part, quick, _ = quick_ones(laws, calls, kin)[:, 1]
        sinks, law = laws.sinkhole & calls.ill, np.empty((5, self.size))
        law[0], law[1] = np.where(sinks, 1.0, 1.0 - part), np.where(sinks, 0.0, quick)
        law[2] = np.where(sinks, quick, np.where(laws.lossy, batch.timeout, batch.slow_time))
        law[3] = np.where(sinks | laws.lossy, 0.0, batch.spread)
        law[4] = np.where(sinks, FOREVER, batch.timeout)
        return law

    def _end(self, tick: int, which: NDArray[np.bool_]) -> None:
        """Hosts are well again; slow calls still hold their places: as many of each age as in balance."""
        lasts, spread, patience = self.law[2:, which]
        most = np.where(spread == 0, np.minimum(lasts, patience), patience).max() / self.dt  # ticks
        end = min(self.ticks, max(tick + math.ceil(most) + 1, len(self.held)))
        held = np.zeros((end, PARTS, self.size))
        held[: len(self.held)] = self.held
        known: dict[tuple[float, ...], FloatArray] = {}
        time = (np.arange((end - tick) * PARTS) + 0.5) * self.dt / PARTS
        for member in np.flatnonzero(which):
            law, ago = tuple(self.law[2:, member].tolist()), float(tick - self.since[member]) * self.dt
            if (*law, ago) not in known:
                known[*law, ago] = _longer(time, *law) - _longer(time + ago, *law)
            held[tick:, :, member] = (self.rate[member] * known[*law, ago]).reshape(-1, PARTS)
        some = np.flatnonzero((held > TINY).any(axis=(1, 2)))
        self.held = held[: some[-1] + 1 if len(some) else 0]
        self.filled, self.beyond = np.where(which, 0.0, self.filled), np.where(which, 0.0, self.beyond)


@functools.lru_cache(maxsize=1024)
def _renewals(law: tuple[float, ...], dt: float) -> tuple[FloatArray, float]:
    """Calls in each tick that a place draws beyond the balance if it is free at 0; and how long one call holds it.

    By generating functions: that of h is 1 / (1 - that of g).
    """
    slow, fast, *lasts = law
    count, step = SPAN * PARTS, dt / PARTS
    time = np.arange(count + 1) * step
    beyond = (1.0 - slow) * np.maximum(fast - time, 0.0) + slow * _longer(time, *lasts)
    chance = np.diff(np.concatenate([[beyond[0] + step], beyond]), 2) / step  # whose mean is as it is
    more = -np.diff(beyond) / beyond[0]
    more[1:], more[0] = (more[1:] + more[:-1]) / 2.0, more[0] / 2.0  # half of each part's at its beginning
    fade = np.exp(-FADES * np.arange(count) / count)
    lasting, rest = (np.fft.rfft(one * fade, 2 * count) for one in (chance, more))
    found = np.fft.irfft((1.0 - rest) / (1.0 - lasting), 2 * count)[:count] / fade
    return found.reshape(-1, PARTS).sum(axis=1), float(beyond[0])


def _longer(time: FloatArray, lasts: float, spread: float, patience: float) -> FloatArray:
    """Mean seconds by which a slow call is longer, with none beyond the patience."""
    if spread == 0:
        return np.maximum(min(lasts, patience) - time, 0.0)
    time = np.minimum(np.append(time, patience), patience)
    z = np.log(np.maximum(time, TINY) / lasts) / spread
    left = lasts * np.exp(spread * spread / 2.0) * normal_tail(z - spread) - time * normal_tail(z)
    return left[:-1] - left[-1]
