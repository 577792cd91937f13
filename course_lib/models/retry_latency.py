"""How long the requests of a retry storm took that end in a tick, from their first attempt on."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from course_lib.models.backoff import sleeps_before_retries
from course_lib.models.exact import TINY, held, quantile, ratio, total
from course_lib.models.trace import Curves, FloatArray

if TYPE_CHECKING:
    from course_lib.models.retry_storm import Run

REACTION = 0.5  # seconds between a client fleet's looks at its breaker, its throttle and its rejections
LATENCY_WINDOW = 1.0  # seconds over which p50 and p99 are taken
PAUSES = 9  # strata of the sum of a jittered request's pauses
ROOM = 2_000_000  # latencies held at once


def answered(run: Run) -> FloatArray:
    """Requests answered in time in each tick: progress through the queue, less what had timed out by then."""
    in_time = np.zeros_like(run.queue.done)
    in_time[run.past :] = run.queue.answered(run.past, run.ticks)
    return in_time * (1.0 - run.batch.reply_loss)


def latency(curves: Curves, share: float) -> FloatArray:
    """Quantile of the time from a request's first attempt to its end, over each completed window.

    Requests that were answered, and requests that timed out for good (at the moment they gave up); those refused at
    once are left out, so that a breaker can't make the latency look good. Shape (ticks, members).
    """
    ended = Ended(curves.source)
    per_window = max(round(LATENCY_WINDOW / curves.step), 1)
    ticks, size = curves.source.ticks, curves.source.batch.size
    windows, room = ticks // per_window, max(ROOM // (per_window * ended.kinds * size), 1)
    seen = np.zeros((windows, size))
    for first in range(0, windows, room):
        last = min(first + room, windows)
        times, weights = ended.between(first * per_window, last * per_window)
        shape = (last - first, per_window * ended.kinds, size)
        seen[first:last] = quantile(times.reshape(shape), weights.reshape(shape), share)
    return held(seen, per_window, ticks)


class Ended:
    """Latencies and weights of the requests that end in each tick: the answered, and those that timed out for good.

    A request that has made r retries has behind it r pauses, and for each of r attempts a timeout or, where a full
    queue turned it away, a reaction. Pauses are taken as a few strata of their sum.
    """

    def __init__(self, run: Run) -> None:
        self.run, self.parts = run, []
        self.timeouts = _timeouts_before(run) if run.bounded else None
        edges = (1.0 - np.cos(np.pi * np.linspace(0.0, 1.0, (PAUSES if run.spreads else 1) + 1))) / 2
        spread, alone = np.diff(edges)[:, None], np.eye(len(edges) - 1)[0][:, None]
        self.share = np.where(run.batch.backoff >= 3, spread, alone)
        self.pauses = _pauses(run, (edges[1:] + edges[:-1]) / 2)
        for r in range(run.retries + 1):
            for n in range(r + 1) if run.bounded else [r]:
                self.parts += [(r, n, k) for k in range(len(self.share) if r else 1)]
        self.kinds = 2 * len(self.parts)
        waits, self.arrival = run.queue.waits()
        self.wait = waits * run.batch.dt

    def between(self, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
        """Times and weights in ticks `start` to `stop`, shape (ticks, kinds, members)."""
        run, ticks = self.run, slice(start, stop)
        rows, arrival = slice(run.past + start, run.past + stop), self.arrival[ticks]
        here = arrival, run.members
        there = np.arange(rows.start, rows.stop)[:, None] - run.timeout, run.members
        mix = np.stack([run.accepted[arrival, r, run.members] for r in range(run.retries + 1)], axis=1)
        answered = ratio(mix, total(mix, axis=1)[:, None]) * self.answered[rows][:, None]
        left = self._left(rows)
        served = self.wait[ticks] + ratio(np.ones(1), run.service_rate[ticks])
        times, weights = np.empty((2, stop - start, 2, len(self.parts), run.batch.size))
        for i, (r, n, k) in enumerate(self.parts):
            before = self.pauses[k, r] + n * run.batch.timeout + (r - n) * REACTION
            share = self.share[k] if r else 1.0
            times[:, 0, i], times[:, 1, i] = before + served, before + run.batch.timeout
            for j, (flow, when) in enumerate(((answered, here), (left, there))):
                alike = 1.0 if self.timeouts is None else self.timeouts[r][when[0], n, when[1]]
                weights[:, j, i] = flow[:, r] * share * alike
        return times.reshape(stop - start, -1, run.batch.size), weights.reshape(stop - start, -1, run.batch.size)

    @functools.cached_property
    def answered(self) -> FloatArray:
        """Requests answered in each row."""
        return answered(self.run)

    def _left(self, rows: slice) -> FloatArray:
        """Requests, by attempt, that time out in each tick and get no retry."""
        run = self.run
        lost = run._back(run.accepted, rows.start, rows.stop - rows.start) * run.lost_share[rows][:, None]
        if run.retries:
            asked = lost[:, :-1]
            if run.bounded:
                asked = asked + run.turned_away[rows.start - run.pulse : rows.stop - run.pulse, :-1]
            lost[:, :-1] *= 1.0 - np.minimum(ratio(run.granted[rows], asked), 1.0)
        return lost


def _pauses(run: Run, middles: FloatArray) -> FloatArray:
    """Quantiles of the sum of the pauses before attempt r, shape (quantiles, attempts, members)."""
    batch = run.batch
    sums = np.zeros((len(middles), run.retries + 1, batch.size))
    for code in np.unique(batch.backoff) if run.delays else ():
        sleeps = sleeps_before_retries(int(code), batch.backoff_base, batch.backoff_cap, run.retries)
        seen = np.quantile(np.add.accumulate(sleeps, axis=0), middles, axis=1)
        sums[:, 1:] = np.where(batch.backoff == code, seen, sums[:, 1:])
    return sums


def _timeouts_before(run: Run) -> list[FloatArray]:
    """How many of the earlier attempts of an attempt timed out rather than being turned away.

    One array an attempt number r: shares of 0 to r timeouts by the tick in which it arrives, (rows, r + 1, members).
    """
    rows = np.arange(len(run.accepted))[:, None]
    mean = np.round(((run.shortest + run.longest) / 2 * run.weight).sum(axis=0) * run.delays).astype(np.int64)
    shares = [np.ones((len(rows), 1, run.batch.size))]
    for r in range(run.retries):
        ago, turned = (np.maximum(rows - lag, 0) for lag in (run.timeout, run.pulse + 0 * run.members))
        lost = (run.accepted[ago, r, run.members] * run.lost_share)[:, None]
        kinds = np.zeros((len(rows), r + 2, run.batch.size))
        kinds[:, 1:] = lost * np.moveaxis(shares[r][ago, :, run.members], -1, 1)
        kinds[:, :-1] += run.turned_away[turned, r, run.members][:, None] * shares[r][turned[:, 0]]
        whole = total(kinds, axis=1)[:, None]
        kinds = np.where(whole > 0, kinds / np.maximum(whole, TINY), np.arange(r + 2)[:, None] == r + 1)
        shares.append(np.moveaxis(kinds[np.maximum(rows - mean[r], 0), :, run.members], -1, 1))
    return shares
