"""What a run of a queue was worth: who was served in time, how old the oldest was, how long the served had waited."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from course_lib.models import noise
from course_lib.models.exact import TINY, FloatArray, ratio

if TYPE_CHECKING:
    from course_lib.models.queue_overload import Run

NOBODY = 1e-6  # messages: a queue of fewer is what running sums have rounded off


def first_row(ticks: FloatArray) -> FloatArray:
    """Put a row for time zero before the ticks."""
    return np.concatenate([np.zeros((1, ticks.shape[1])), ticks])


def in_time(run: Run) -> FloatArray:
    """Messages served before their deadline in each tick, shape (ticks, members)."""
    served = np.diff(run.served, axis=0)
    head = (run.served + run.removed)[1:] - run.counts["lost"][1:]  # what dies with the broker dies as the tick ends
    ahead = run.cut - _ago(run, run.entered, 0), head - _ago(run, run.entered, 1)
    gain, loss = (np.maximum(np.maximum(s * ahead[0], s * ahead[1]), 0.0) for s in (1.0, -1.0))
    first = served * np.where((loss > 0) & ~run.young, gain / np.maximum(gain + loss, TINY), 1.0)
    if not run.stack.any():
        return first
    levels = run.entered - run.served
    new = np.minimum(np.diff(run.entered, axis=0), served)
    old = np.maximum(_window_min(levels, run.deadline)[:-1], run.removed[1:])
    recent = np.minimum(served - new, np.maximum(levels[:-1] - old, 0.0))
    return np.where(run.stack, new + recent, first)


def good(run: Run) -> FloatArray:
    """Messages done in time: those served, less the deliveries that failed."""
    return run.in_time * _sound(run)


def late(run: Run) -> FloatArray:
    """Messages done after their deadline."""
    return np.maximum(np.diff(run.served, axis=0) - run.in_time, 0.0) * _sound(run)


def bad(run: Run) -> FloatArray:
    """Messages that end otherwise: late, refused, dropped, lost or dead; what is lost is removed too."""
    return late(run) + np.diff(run.removed, axis=0) + run.counts["refused"][1:] + run.counts["dead"][1:]


def _sound(run: Run) -> FloatArray:
    """Of what is served in each tick, the share that does not fail."""
    failed = ratio(run.counts["failed"][1:], np.diff(run.served, axis=0))
    return np.where(run.stack, 1.0 - run.poison_share, np.clip(1.0 - failed, 0.0, 1.0))


def free(run: Run) -> FloatArray:
    """Deliveries the consumers would make if nothing behind them slowed them down."""
    return run.consumers.running * run.consumers.each * run.up


def able(run: Run) -> FloatArray:
    """Deliveries the consumers could have made in each tick."""
    if not run.consumers.scales:
        return run.consumers.able * run.up
    mean = np.minimum(run.consumers.running * run.consumers.each, run.consumers.below)
    return noise.poisson(run.consumers.z, mean) * run.up


def held(run: Run) -> FloatArray:
    """Messages that wait at the producers, because a full queue pushes back."""
    return np.where(run.pushes, np.maximum(run.queue[1:] - run.limit, 0.0), 0.0)


def _ago(run: Run, history: FloatArray, later: int) -> FloatArray:
    """Rows one deadline before each tick (its start, or its end), member by member."""
    rows = np.maximum(np.arange(run.ticks)[:, None] + later - run.deadline, 0)
    return history[rows, run.members]


def _window_min(levels: FloatArray, ticks: NDArray[np.int64]) -> FloatArray:
    """Lowest of each row and the `ticks` rows before it, by doubling windows; `ticks` differs by member."""
    result = np.empty_like(levels)
    for span in np.unique(ticks):
        own = ticks == span
        lowest, width = levels[:, own], 1
        while 2 * width <= span + 1:
            lowest, width = np.minimum(lowest, shifted(lowest, width)), 2 * width
        result[:, own] = np.minimum(lowest, shifted(lowest, int(span) + 1 - width))
    return result


def shifted(rows: FloatArray, by: int) -> FloatArray:
    """Every row's value `by` rows before; the first row's before that."""
    return rows[np.maximum(np.arange(len(rows)) - by, 0)]


def oldest_age(run: Run) -> FloatArray:
    """Seconds since the oldest message of the queue came, at each tick's end; 0 where nothing waits."""
    head, queue = run.served + run.removed, run.entered - run.served - run.removed
    came = _came(run, head)[1:]
    if run.stack.any():
        came = np.where(run.stack, _passed_last(run.entered - run.served, run.removed)[1:], came)
    age = np.arange(1, run.ticks + 1)[:, None] - came
    return np.where(queue[1:] > NOBODY, age, 0.0) * run.batch.dt


def _came(run: Run, head: FloatArray) -> FloatArray:
    """When the head of the queue came, in ticks: evenly over each tick, or over each part where producers turned."""
    producers = run.producers
    if not producers.turns:
        return _passed(run.entered, head)
    rows = 2 * run.ticks + 1
    entered, time = np.empty((2, rows, run.batch.size))
    entered[::2], time[::2] = run.entered, np.arange(run.ticks + 1)[:, None]
    entered[1::2] = run.entered[:-1] + producers.first * np.diff(run.entered, axis=0)
    time[1::2] = time[:-1:2] + producers.turn
    place = _passed(entered, head)
    row = np.minimum(place.astype(np.int64), rows - 2)
    begins, ends = (time[row + i, run.members] for i in (0, 1))
    return begins + (place - row) * (ends - begins)


def wait(run: Run) -> FloatArray:
    """Seconds that the message waited which is served as the tick ends; 0 where the queue is empty."""
    if not run.stack.any():
        return oldest_age(run)
    levels = run.entered - run.served
    top = np.arange(1, run.ticks + 1)[:, None] - _passed_last(levels, levels)[1:]
    queue = levels - run.removed
    return np.where(run.stack, np.where(queue[1:] > NOBODY, top * run.batch.dt, 0.0), oldest_age(run))


def _passed(rising: FloatArray, values: FloatArray) -> FloatArray:
    """Row, with its fraction, at which each member's rising curve reached a value."""
    found = np.empty_like(values)
    for member in range(values.shape[1]):
        curve, value = rising[:, member], values[:, member]
        row = np.clip(np.searchsorted(curve, value, side="right"), 1, len(curve) - 1)
        found[:, member] = row - 1 + np.clip(ratio(value - curve[row - 1], curve[row] - curve[row - 1]), 0.0, 1.0)
    return found


def _passed_last(levels: FloatArray, values: FloatArray) -> FloatArray:
    """Last earlier row at which each member's curve stood at or below its present value."""
    rows = np.arange(len(levels))[:, None]
    found = np.zeros_like(levels)
    for n in range(1, len(levels)):
        below = levels[:n] <= values[n] + NOBODY
        found[n] = np.where(below, rows[:n], 0).max(axis=0)
    return found
