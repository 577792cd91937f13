"""The queue with timeouts that modules share: its blocks, its bits, its closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.models import noise, retry_storm
from course_lib.models.fifo import Fifo

RATE, ABLE, TICKS = 60.0, 75.0, 400


def run(flow, able, timeout, block=None):
    queue = Fifo(able, np.asarray(timeout), flow.shape[1])
    tick = 0
    while tick < len(flow):
        n = min(block or queue.longest_block, queue.longest_block, len(flow) - tick)
        queue.give_up(queue.past + tick, n)
        queue.enter(queue.past + tick, flow[tick : tick + n])
        queue.serve(queue.past + tick, n)
        tick += n
    return queue


def drawn(seeds, dip=slice(100, 160)):
    flow = noise.counts(seeds, "arrivals", np.full((TICKS, 1), RATE))
    able = np.full((TICKS, 1), ABLE)
    able[dip] *= 0.3
    return flow, noise.poisson(noise.normal(seeds, "service", TICKS), able)


def test_where_blocks_end_changes_no_bit():
    flow, able = drawn([1, 2, 3])
    whole, single = run(flow, able, [7, 10, 25]), run(flow, able, [7, 10, 25], block=1)
    for name in ("arrived", "done", "lost_share", "overtaken"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(single, name), err_msg=name)
    alone = run(flow[:, [2]], able[:, [2]], [25])
    np.testing.assert_array_equal(alone.done[alone.past :, 0], whole.done[whole.past :, 2])
    np.testing.assert_array_equal(alone.waits()[0][:, 0], whole.waits()[0][:, 2])


def test_it_is_the_queue_of_a_storm_without_retries():
    p = retry_storm.Parameters(max_retries=0, brownout_start=5.0, brownout_duration=8.0)
    storm = retry_storm.simulate(p, seed=5, until=40)
    flow = storm["offered_rate"][:, None] * p.dt
    rate = np.full((TICKS, 1), p.service_rate * p.dt)
    rate[50:130] *= p.brownout_capacity
    queue = run(np.round(flow, 9), noise.counts([5], "service", rate), [10])
    seen = queue.answered(queue.past, TICKS)[:, 0] / p.dt, queue.waiting(queue.past, TICKS)[:, 0]
    np.testing.assert_allclose(seen[0], storm["goodput"], atol=1e-5)
    np.testing.assert_allclose(seen[1], storm["queue_depth"], atol=1e-5)
    assert seen[1].max() > 3 * p.service_rate  # it had a queue to speak of


def test_whoever_enters_is_answered_gives_up_or_waits():
    flow, able = drawn(np.arange(20))
    queue = run(flow, able, [10])
    rows = queue.past, TICKS
    ended = np.cumsum(queue.answered(*rows) + queue.overtaken[queue.past :], axis=0)
    assert (ended <= np.cumsum(flow, axis=0) + 1e-9).all()
    assert (ended[-1] >= flow[:-11].sum(axis=0)).all()  # who came longer ago than a timeout is answered or gone
    worked = np.diff(queue.done[queue.past - 1 :], axis=0)
    assert (worked <= able + 1e-9).all() and (queue.lost_share <= 1).all() and (queue.lost_share >= 0).all()
    assert (queue.answered(*rows) <= worked + 1e-9).all()


def test_in_steady_overload_the_wait_is_what_the_queue_has_gathered():
    """Arrivals at a, service at w: after t ticks t (a - w) wait, and what is served now has waited t (1 - w / a)."""
    flow, able = np.full((TICKS, 1), 100.0), np.full((TICKS, 1), 80.0)
    queue = run(flow, able, [50])
    assert queue.waiting(queue.past, TICKS)[-1, 0] == pytest.approx(TICKS * 20.0)
    assert queue.waits()[0][-1, 0] == pytest.approx(TICKS * 0.2, rel=0.02)
    good = queue.answered(queue.past, TICKS)[:, 0]
    assert good[:240] == pytest.approx(80.0) and (good[260:] == 0).all()  # the wait passes the timeout at tick 250
