"""How slow hosts draw calls while these gather, and once they are well: a balancer that counts fills each to a level.

At an impaired host the places that a balancer leaves it are soon taken by calls that are slow, and it gets few others
until these are over: at first, when all are free, calls come fast, then hardly any until the first of those are over,
and so on, ever more evenly, or in waves where all slow calls last alike. `gray_counts` follows how many a host holds,
from none, as if it drew with so many what it does in balance; here is what is beyond the balance. Where more calls are
outstanding in balance than before, as many places are free.

When the impairment ends, slow calls still hold theirs, and a host draws what is left to one with so many. The others'
level falls meanwhile, for more and more hosts carry the calls that do not last; it falls, too, as copies end there that
shared the cause of a slow call, while some are still sent, and no longer mostly there:

    held at t    slow calls that began before the end and last beyond t, of those in balance, or of the waves
    drawn at t   mean over what of these is still at a host of what it draws then; each is there with the same chance
    beside it    those of the others' copies that are over count as if a host held as many more
    sent since   of copies that are sent within their delay of the end, as many come to a host as it draws of calls

Where that is too simple. Of forty hosts, in 900 settings drawn from the panel's whole range, what impaired ones draw in
the first ten seconds, and in the ten after the fault, is within 5 % of an event loop's or its scatter but in two, after
the fault; in the first two seconds but in four. In the two seconds after the fault one setting in 25 is beyond that,
mostly by 15 to 50 %: hosts that lose calls, or whose errors count for seconds. These calls came in a dozen waves by
then, which reach the end of the fault a tenth of a second later than in the loop; where copies share the cause luck
lifts all hosts at once, and blurs waves sooner.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from course_lib.models.exact import TINY, FloatArray
from course_lib.models.gray_balance import LEVELS, ROWS
from course_lib.models.gray_copies import Copies
from course_lib.models.gray_counts import (
    FOLLOWED,
    LOWER,
    Births,
    Waves,
    drawn,
    longer,
    lower,
    until_rare,
    while_many_are_stuck,
    while_stuck,
)
from course_lib.models.gray_latency import ROUND_ROBIN, Calls, Laws, per, quick_ones
from course_lib.models.gray_meetings import Meetings

PARTS = 32  # of a tick
SPAN, SPANS, SOON = 128, 16, 32  # ticks after which all is as in balance; counted by; where hosts come and go
CERTAIN = 1000  # calls: of more just so many are there as on average
AROUND = 12  # rows of what is beside what a host draws: see `settle`
HOSTS, FLEET, AGAIN = LEVELS + 4, LEVELS + 6, -1  # rows: impaired hosts; all; and of copies, those that come to them
LASTS = 0.02  # ticks: calls that are over before leave nothing behind
EVEN = 0.002  # of the calls: what differs less is as in balance
FREED = 0.005  # of the places: if fewer are, nothing comes of it
FOREVER = 1e9
LEAST = 1e-9  # calls: fewer are none
STUCK = np.linspace(0.0, 1.0, 65)  # of the slow calls at a host, those that are still there


class Gathering:
    """The impaired hosts' places, taken together; members are apart."""

    def __init__(self, laws: Laws, dt: float, ticks: int) -> None:
        self.laws, self.dt, self.ticks = laws, dt, ticks
        self.size = size = laws.batch.size
        self.part = np.ones((ticks, size))  # of what impaired hosts draw in balance, what they draw in each tick
        self.turns = np.zeros(ticks, dtype=bool)  # whether that is another part than in the tick before
        self.beyond = np.zeros((ticks, size))  # calls in each tick, more than in balance
        self.since, self.span = (np.zeros(size, dtype=np.int64) for _ in range(2))  # ticks: see `_ages`
        self.mixed = np.zeros(size, dtype=bool)  # whether hosts have come or gone since, and so hold calls of many ages
        self.filled, self.rate, self.alone = (np.zeros(size) for _ in range(3))  # places, and slow calls a second
        self.held = np.zeros((0, PARTS, size))  # slow calls of hosts that are well again, in each tick and part
        self.most = np.zeros(size)  # of these, in balance
        self.late = np.zeros((0, PARTS, size))  # copies that are sent since, by which they hold more than others
        self.kin = np.zeros(size)  # as many calls as are stuck at as many others, then: copies that share the cause
        self.behind = np.zeros((2, size), dtype=np.int64)  # when it ended, and how much later these were sent: in parts
        self.called = np.zeros((AROUND + ROWS, size))  # what impaired hosts draw with so many outstanding
        self.draws = np.ones((len(STUCK), size))  # what they draw once they are well, by the part that is still held
        self.lasting = np.zeros(size, dtype=bool)  # whether impaired hosts hold calls that last
        self.law = np.zeros((5, size))

    def leave(self, part: FloatArray) -> None:
        """Hosts go out of rotation, such a part of them, and take their calls with them."""
        left = 1.0 - part
        self.filled, self.beyond = self.filled * left, self.beyond * left
        self.held, self.late = self.held * left, self.late * left
        self.most, self.kin = self.most * left, self.kin * left

    def settle(
        self,
        tick: int,
        end: NDArray[np.int64],
        calls: Calls,
        kin: FloatArray,
        rate: FloatArray,
        alone: FloatArray,
        called: FloatArray,
    ) -> None:
        """What impaired hosts draw from now on.

        Parameters
        ----------
        tick, end : int, ndarray of int
            Now, and until when they are impaired if they are.
        calls : Calls
        kin : ndarray, shape (2, members)
            As for `gray_latency.quick_ones`.
        rate : ndarray
            Calls a second that they draw in balance.
        alone : ndarray
            Of these, those that come in any case, as no other host is looked at.
        called : ndarray, shape (gray_balance.ROWS + AROUND, members)
            What one of them draws with so many outstanding, as `gray_balance.least_busy` has it, 0 if unknown. All
            calls and copies a second; how many of these hosts there are; whether two are looked at; all hosts; the
            calls at one that is not of these; and what `gray_copies.Copies` has.
        """
        law = self._law(calls, kin)
        lasting = calls.ill & (self.laws.batch.balancer != ROUND_ROBIN) & (law[0] > 0) & (law[2] > LASTS * self.dt)
        if (self.lasting & ~lasting).any():
            self._end(tick, self.lasting & ~lasting)
        self._ages(tick, end, lasting & ~self.lasting, called[HOSTS] != self.called[HOSTS])
        self.law, self.lasting, self.alone, self.called = law, lasting, per(alone, rate), called
        self.rate = np.where(lasting, rate * law[0], 0.0)
        found = np.ones((self.ticks - tick, self.size))
        if (gathers := lasting & (called[0] > 0)).any():
            each, holds = np.zeros((SPAN, self.size)), law[0] * np.where(law[3] > 0, self.laws.slow_mean, law[2])
            filled = np.where(gathers, rate * holds, 0.0)
            for member in np.flatnonzero(gathers & (abs(filled - self.filled) > FREED * filled)):
                ticks = min(int(self.span[member]), SOON if self.mixed[member] else SPAN)
                given = tuple(law[:, member].tolist()), called[:, member].tobytes(), self.dt, ticks
                each[:ticks, member] = _beyond(*given)
            span = self.beyond[tick : tick + SPAN]
            span += (filled - self.filled) * each[: len(span)]
            self.filled = filled
            found = np.where(gathers, np.maximum(1.0 + per(self.beyond[tick:] / self.dt, rate), 0.0), found)
        if len(held := self.held[tick:]):
            for member in np.flatnonzero(~lasting & (held > TINY).any(axis=(0, 1))):
                still = self._still(tick, member)
                table = self.draws[:, member]
                drawn = np.interp(still, STUCK, table)
                found[: len(held), member] = drawn[:-1].reshape(-1, PARTS).mean(axis=1) / max(drawn[-1], TINY)
        self.part[tick:] = np.where(abs(found - 1.0) < EVEN, 1.0, found)
        self.turns[tick + 1 :] = (self.part[tick + 1 :] != self.part[tick:-1]).any(axis=1)

    def _ages(self, tick: int, end: NDArray[np.int64], anew: NDArray[np.bool_], others: NDArray[np.bool_]) -> None:
        """From when on hosts hold calls that last, and for how long."""
        self.since, self.mixed = np.where(anew, tick, self.since), ~anew & (self.mixed | others)
        self.span = np.minimum(-(-(end - self.since) // SPANS) * SPANS, SPAN)

    def _still(self, tick: int, member: int) -> FloatArray:
        """Of a host's calls that are stuck, those that keep others away, in each part of a tick; and in the end.

        The others' level falls meanwhile, as the copies end that share a cause, which were sent later.
        """
        held = np.minimum(self.held[:, :, member].reshape(-1) / max(self.most[member], LEAST), 1.0)
        kin = min(self.kin[member] / max(self.most[member], LEAST), 1.0)
        ended, later = self.behind[:, member]
        behind = np.concatenate([np.ones(ended + later), held[ended:]])[: len(held)]
        held = held + self.late[:, :, member].reshape(-1) / max(self.most[member], LEAST)
        return np.minimum(np.append(held + kin * (1.0 - behind), kin)[tick * PARTS :], 1.0)

    def _sent_since(self, tick: int, member: int) -> FloatArray:
        """Copies that share the cause of a slow call, sent once hosts are well: more come to them than in balance.

        And fewer to others: it is by as much as that that they keep others away.
        """
        later, part = int(self.behind[1, member]), self.dt / PARTS
        hosts, fleet, again = self.called[[HOSTS, FLEET, AGAIN], member].tolist()
        still, table = self._still(tick, member), self.draws[:, member]
        drawn = np.interp(still, STUCK, table)
        share = np.minimum(drawn[:-1] / max(drawn[-1], TINY) * hosts / fleet, 1.0)
        law = tuple(self.law[2:, member].tolist())
        left = longer(np.arange(len(share) + 1) * part, *law)
        others = max(fleet - hosts, 0.0) / max(hosts, LEAST)  # for each of these hosts
        sent = self.kin[member] * others / max(left[0] * (1.0 - again), LEAST) * part
        stays, found = -np.diff(left) / part, np.zeros(len(share))
        for place in range(min(later, len(share))):  # in one order, whatever the batch
            found[place:] += sent * (share[place] - again) * stays[: len(share) - place]
        return found * (1.0 + 1.0 / max(others, LEAST))

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
        """Hosts are well again; slow calls are stuck at them still, as many of each age as in balance, or in waves."""
        lasts, spread, patience = self.law[2:, which]
        most = np.where(spread == 0, np.minimum(lasts, patience), patience).max() / self.dt  # ticks
        end = min(self.ticks, max(tick + math.ceil(most) + 1, len(self.held)))
        held = np.zeros((end, PARTS, self.size))
        held[: len(self.held)] = self.held
        known: dict[tuple[float, ...], FloatArray] = {}
        time = (np.arange((end - tick) * PARTS) + 0.5) * self.dt / PARTS
        for member in np.flatnonzero(which):
            slow, fast, *law = self.law[:, member].tolist()
            ago = float(tick - self.since[member]) * self.dt
            longest = float(longer(np.zeros(1), *law)[0])
            work = float(self.laws.work[member % self.laws.work.size])
            given = slow, fast, longest, self.called[:, member].tobytes()
            self.most[member] = self.rate[member] * longest
            table, quick, _, hosts, two, _, level, delay, *_ = self.called[LEVELS + 1 :, member]
            kin = (table - quick) * level / max(table, LEAST) if two else level - quick
            self.kin[member] = hosts * kin if table - quick > LEAST else 0.0
            self.behind[:, member] = tick * PARTS, round(min(delay / self.dt, 1e6) * PARTS)
            if (*law, ago) not in known:
                known[*law, ago] = longer(time, *law) - longer(time + ago, *law)
            stuck = self.rate[member] * known[*law, ago]
            there = None
            if law[1] == 0 and self.called[0, member] > 0 and not self.mixed[member]:
                wave = _waves((slow, fast, *law), given[-1], self.dt, int(self.span[member]))
                stuck, there = wave.left(ago, time) * self.rate[member] / wave.steady, wave.chance(ago)
                self.most[member] = wave.left(ago, np.zeros(1))[0] * self.rate[member] / wave.steady
            held[tick:, :, member] = stuck.reshape(-1, PARTS)
            self.draws[:, member] = _once_well(*given, work, None if there is None else there.tobytes())
        some = np.flatnonzero((held > TINY).any(axis=(1, 2)))
        self.held = held[: some[-1] + 1 if len(some) else 0]
        late = np.zeros_like(self.held)
        late[: len(self.late)] = self.late[: len(late)]
        self.late = late
        for member in np.flatnonzero(which & (self.kin > LEAST) & (self.behind[1] > 0) & (len(late) > tick)):
            late[tick:, :, member] = self._sent_since(tick, member).reshape(-1, PARTS)
        self.filled, self.beyond = np.where(which, 0.0, self.filled), np.where(which, 0.0, self.beyond)


@functools.lru_cache(maxsize=64)
def _waves(law: tuple[float, ...], called: bytes, dt: float, ticks: int) -> Waves:
    """Of slow calls."""
    slow, fast, *lasts = law
    births, *_ = _births(slow, fast, float(longer(np.zeros(1), *lasts)[0]), called)
    return Waves(births, tuple(lasts), dt, ticks * dt)


@functools.lru_cache(maxsize=1024)
def _beyond(law: tuple[float, ...], called: bytes, dt: float, ticks: int) -> FloatArray:
    """Calls in each tick that a host draws beyond the balance if it is free at 0; for each slow call that it holds."""
    wave = _waves(law, called, dt, ticks)
    return (np.diff(wave.made(np.arange(ticks + 1) * dt)) / wave.steady - dt) / (law[0] * wave.lasts)


@functools.lru_cache(maxsize=1024)
def _once_well(slow: float, fast: float, lasts: float, called: bytes, work: float, there: bytes | None) -> FloatArray:
    """What a host draws, at `STUCK`, that held so many slow calls, or as many as in balance."""
    births, rates, met = _births(slow, fast, lasts, called)
    if not rates[0] or (births.base and met is None):
        return 1.0 - STUCK
    mean = births.steady(lasts) * lasts
    if met is not None:
        part = births.kin / max(mean, LEAST)  # of what keeps others away, their own copies: see `Gathering._still`
        kin = births.kin * np.clip((1.0 - STUCK) / max(1.0 - part, LEAST), 0.0, 1.0)
        rates = met.alike(met.level - births.quick - births.kin + kin)
    draws = drawn(rates, work)
    if births.base > CERTAIN:
        counts, rows = np.arange(float(draws.shape[-1])), np.broadcast_to(draws, (len(STUCK), draws.shape[-1]))
        held = mean * STUCK - births.base
        draws = np.array([np.interp(at, counts, row) for at, row in zip(held, rows, strict=True)])
    elif births.base or births.many:
        low = np.repeat(draws[..., :1], births.base, axis=-1)
        draws = while_many_are_stuck(np.concatenate([low, draws], axis=-1), mean, STUCK, met is not None)
    else:
        draws = while_stuck(draws, births.at_rest(lasts) if there is None else np.frombuffer(there), STUCK)
    share = np.minimum(births.share(births.slow * draws), 1.0)
    lower = births.quick * (share - share[-1]) / max(1.0 - share[-1], TINY)  # calls that each of the others has less
    return np.interp(STUCK, np.maximum.accumulate(STUCK - lower / max(mean, LEAST)), draws)


@functools.lru_cache(maxsize=64)
def _births(slow: float, fast: float, lasts: float, called: bytes) -> tuple[Births, FloatArray, Meetings | None]:
    """How slow calls come to a host, and all calls, with so many outstanding as far as they can be followed.

    And from whom, if two hosts are looked at.
    """
    *rates, lowest, level, quick, whole, hosts, two, fleet, now = (given := np.frombuffer(called).tolist())[
        : 5 - AROUND
    ]
    fewer = min(int(lowest), FOLLOWED - LEVELS)
    base = int(lowest) - fewer
    followed, many = np.array([max(rates)] * fewer + rates), False
    if two or not base:
        followed, many = until_rare(followed, slow, lasts, base)
    kin, met = level - quick if level - quick > LEAST else 0.0, None
    if two:
        met = Meetings(followed, base, slow * lasts + (1.0 - slow) * fast, whole, (hosts, fleet), level)
        quick, kin = (part * now / max(level, LEAST) for part in (quick, kin))
        rows = met.filled((1.0 - slow, fast), quick, kin)
    else:
        if kin:  # which may be more by now than where it was found what hosts draw
            followed, level, kin = lower(followed, level - now), now, max(now - quick, 0.0)
        rows = np.stack([lower(followed, level * by) for by in LOWER])
    born = slow * drawn(rows, (1.0 - slow) * fast)
    births = Births(born, base, many, slow, whole, hosts, quick, kin, two > 0, Copies(*given[5 - AROUND :]))
    return births, followed, met
