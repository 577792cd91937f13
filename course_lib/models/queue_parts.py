"""The parts of a queue: who sends, who works, and the messages that fail each time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from course_lib.models import noise
from course_lib.models.exact import FloatArray, lag, ratio, share_above, total
from course_lib.models.schedule import window
from course_lib.models.simulation import Batch

Pause = Callable[[FloatArray], FloatArray]
Scale = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]


@dataclasses.dataclass(frozen=True)
class Policies:
    """What somebody else decides in place of the parameters' rules, for all members at once.

    Parameters
    ----------
    pause : callable, optional
        (wait that producers see, s of work) -> share of them that pause, each of shape (members,).
    scale : callable, optional
        (messages that wait, consumers at work, consumers on their way) -> consumers wanted, each of shape (members,).
    """

    pause: Pause | None = None
    scale: Scale | None = None


def at(values: FloatArray, n: int) -> FloatArray:
    """Row `n`, or the only one where nothing ever changes."""
    return values[n] if len(values) > 1 else values[0]


class Producers:
    """What arrives: the noise of the world, less those who pause, plus what is delivered again."""

    def __init__(self, batch: Batch, ticks: int, pause: Pause | None = None) -> None:
        time = np.arange(ticks) * batch.dt
        burst = window(batch.burst_start, batch.burst_duration, 1.0, 0.0).at(time)
        rate = np.where(burst > 0, batch.burst_rate, batch.at("producer_rate", time))
        self.wanted = noise.counts(batch.seeds, "arrivals", rate * batch.dt, ticks)  # messages a tick, nobody pausing
        self.share = batch.at("back_pressure", time)
        self.pause = pause
        self.heeds = batch.highest("back_pressure") > 0 or pause is not None
        sees = np.round(batch.pressure_delay / batch.dt).astype(np.int64) + np.zeros(batch.size, dtype=np.int64)
        self.sees, self.farthest, self.members = lag(sees), int(sees.max()), np.arange(batch.size)  # ticks
        self.limit, self.turns, self.turned = batch.pressure_wait, self.heeds and pause is None, -1
        if self.turns:  # in mid-tick, from one rate to another: of each tick what is over by then, and what is sent
            self.turn, self.first = np.ones((2, ticks, batch.size))
            self.wait = np.zeros((ticks, batch.size))  # s of work that wait then

    def send(self, n: int, waits: FloatArray) -> FloatArray:
        """Messages sent in tick `n`, when the queue's waits (rows by tick) are seen `sees` ticks late."""
        wanted = self.wanted[n]
        if not self.heeds:
            return wanted
        then = np.maximum(n - self.sees, 0)
        row = int(then) if then.ndim == 0 else (then, self.members)
        if self.pause is not None:
            return wanted * (1.0 - np.clip(self.pause(waits[row].copy()), 0.0, 1.0))
        begins, ends = waits[row] - self.limit, waits[1:][row] - self.limit
        if self.turned < n - self.farthest:
            long = share_above(begins, ends)  # of the tick
        else:
            turn, middle = self.turn[row], np.where(self.turn[row] < 1.0, self.wait[row] - self.limit, ends)
            long = turn * share_above(begins, middle) + (1.0 - turn) * share_above(middle, ends)
        if n < self.farthest:
            long = np.where(n >= self.sees, long, 0.0)
        paused, turns = at(self.share, n), (begins > 0) != (ends > 0)
        if turns.any():
            self._turn(n, np.where(turns, long, 0.0), paused, ends > 0)
        return wanted * (1.0 - paused * long)

    def _turn(self, n: int, long: FloatArray, paused: FloatArray, stop: NDArray[np.bool_]) -> None:
        """Note when in tick `n` producers stop or go on, and the share of the tick's messages sent by then."""
        self.turned, turns = n, long > 0
        self.turn[n] = np.where(stop & turns, 1.0 - long, np.where(turns, long, 1.0))
        sent = self.turn[n] * np.where(stop, 1.0, 1.0 - paused)
        self.first[n] = np.where(turns, ratio(sent, 1.0 - paused * long), 1.0)

    def until_turn(self, n: int, queue: FloatArray, sent: FloatArray, work: FloatArray) -> FloatArray:
        """Most that is served in tick `n` if all that came before producers turned is, and then what work there is."""
        return queue - (1.0 - self.first[n]) * sent + (1.0 - self.turn[n]) * work

    def note(self, n: int, wait: FloatArray, sent: FloatArray, work: FloatArray) -> None:
        """Note the wait in the middle of tick `n`, given that at its start and what comes in it, s of work."""
        self.wait[n] = np.maximum(wait + self.first[n] * sent - self.turn[n] * work, 0.0)


class Consumers:
    """Who works: the base, those that autoscaling has started, at most one a partition."""

    def __init__(self, batch: Batch, ticks: int, scale: Scale | None = None) -> None:
        self.batch, self.ticks, time = batch, ticks, np.arange(ticks) * batch.dt
        self.base = batch.at("consumers", time)
        self.ceiling = np.maximum(batch.at("max_consumers", time), self.base)
        self.each = batch.at("service_rate", time) * batch.dt  # messages a tick and consumer
        self.below = batch.at("downstream_rate", time) * batch.dt
        self.scale, self.scales = scale, scale is not None or bool((self.ceiling > self.base).any())
        self.interval, self.lag = batch.ticks_in(batch.scale_interval), batch.ticks_in(batch.startup)
        self.cool = batch.ticks_in(batch.cooldown)
        self.running = np.zeros((ticks, batch.size))  # consumers at work, by tick
        self.ordered = np.zeros(batch.size)  # extra consumers asked for
        self.calm_since = np.zeros(batch.size)  # tick since which fewer would do
        self.coming = np.zeros((ticks + int(self.lag.max()) + 1, batch.size))
        if not self.scales:
            self.running[:] = np.minimum(self.base, batch.partitions)
            mean = np.minimum(np.minimum(self.base, batch.partitions) * self.each, self.below)
            self.able = noise.counts(batch.seeds, "service", mean, ticks)
        self.z, self.extra = noise.normal(batch.seeds, "service", ticks), np.zeros(batch.size)

    def work(self, n: int, queue: FloatArray) -> FloatArray:
        """Messages that can be done in tick `n`, after a look at the queue as the tick begins."""
        if not self.scales:
            return self.able[n]
        base, each, below = at(self.base, n), at(self.each, n), at(self.below, n)
        looks = n % self.interval == 0
        if np.any(looks):
            self._look(n, np.broadcast_to(looks, queue.shape), self._wanted(n, queue, base, each))
        self.extra = np.minimum(self.extra + self.coming[n], self.ordered)
        self.running[n] = np.minimum(base + self.extra, self.batch.partitions)
        return noise.poisson(self.z[n], np.minimum(self.running[n] * each, below))

    def _wanted(self, n: int, queue: FloatArray, base: FloatArray, each: FloatArray) -> FloatArray:
        """Consumers beyond the base that the queue calls for, or that somebody else's policy does."""
        ceiling = at(self.ceiling, n)
        if self.scale is None:
            wanted = np.ceil(queue / (each / self.batch.dt) / self.batch.scale_wait)
        else:
            wanted = np.round(self.scale(queue, base + self.extra, self.ordered - self.extra))
        return np.clip(wanted, base, np.maximum(ceiling, base)) - base

    def _look(self, n: int, looks: NDArray[np.bool_], wanted: FloatArray) -> None:
        """Ask for those wanted, who come after their start-up; let them go after a calm cool-down."""
        more = np.where(looks, np.maximum(wanted - self.ordered, 0.0), 0.0)
        self.coming[n + self.lag, np.arange(len(more))] += more
        self.ordered = self.ordered + more
        self.calm_since = np.where(looks & (wanted >= self.ordered), n, self.calm_since)
        fewer = looks & (n - self.calm_since >= self.cool)
        self.ordered = np.where(fewer, wanted, self.ordered)


class Poison:
    """Messages that fail at each delivery, by the number of times they were delivered; FIFO only.

    `entered[n, j]` counts those that entered up to tick n with j + 1 deliveries to come or behind them.
    """

    def __init__(self, batch: Batch, ticks: int, share: FloatArray) -> None:
        self.most = batch.max_deliveries.astype(np.int64) + np.zeros(batch.size, dtype=np.int64)
        levels = int(self.most.max())
        self.delay = batch.ticks_in(batch.redelivery_delay) + np.zeros(batch.size, dtype=np.int64)
        self.share, self.members = share, np.arange(batch.size)
        self.entered = np.zeros((ticks + 1, levels, batch.size))
        self.back = np.zeros((ticks + int(self.delay.max()) + 1, levels, batch.size))  # due again, by tick
        self.taken = np.zeros((levels, batch.size))  # of the cumulative counts, as far as the head has come
        self.row = np.zeros(batch.size, dtype=np.int64)  # tick in which the head's messages entered
        self.last = np.arange(levels)[:, None] == self.most - 1

    def enter(self, n: int, fresh: FloatArray, again: FloatArray) -> None:
        """Note what enters in tick `n`: poison among the fresh, and what comes `again` (levels, members)."""
        self.entered[n + 1] = self.entered[n] + again
        self.entered[n + 1, 0] += fresh * at(self.share, n)

    def pass_by(self, n: int, head: FloatArray, whole: FloatArray, served: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Move the head; return poison deliveries and those of them that go to the dead-letter queue.

        `whole` is the cumulative count of all that entered (rows by tick), `served` tells, member by member, whether
        the head moved by serving (1) or by dropping (0).
        """
        self._find(n, head, whole)
        below, above = whole[self.row, self.members], whole[self.row + 1, self.members]
        part = np.clip(ratio(head - below, above - below), 0.0, 1.0)
        first, second = (self.entered[self.row + i, :, self.members].T for i in (0, 1))
        reached = np.maximum(first + part * (second - first), self.taken)
        seen, self.taken = (reached - self.taken) * served, reached
        dead = np.where(self.last, seen, 0.0)
        due = n + self.delay
        self.back[due, 1:, self.members] += (seen - dead)[:-1].T
        return total(seen), total(dead)

    def _find(self, n: int, head: FloatArray, whole: FloatArray) -> None:
        """Walk to the tick whose messages the head has reached."""
        while True:
            behind = (self.row < n) & (whole[self.row + 1, self.members] < head)
            if not behind.any():
                return
            self.row = self.row + behind
