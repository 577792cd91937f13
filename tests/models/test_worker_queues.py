"""What many M/M/1 queues hold, against the exact law of one: its generator's exponential, state by state."""

from __future__ import annotations

import functools
import math
from statistics import NormalDist

import numpy as np
import pytest

from course_lib.models.one_or_many import Many
from course_lib.models.queue_luck import drawn, drawn_late
from course_lib.models.worker_queues import WorkerQueues
from tests.models.agreement import STEADY, TRANSIENT

STATES, ABLE, WITHIN = 280, 100.0, 10  # attempts that one queue may hold; attempts/s; attempts done until the deadline
EASY = 50.0  # attempts/s
Parts = tuple[tuple[int, float], ...]
"""Seconds, and attempts/s that come in them."""


def busier(load: float) -> Parts:
    """So many attempts/s for ten seconds in the middle."""
    return (5, EASY), (10, load), (10, EASY)


@functools.cache
def transition(arrivals: float, seconds: float = 1 / 16) -> np.ndarray:
    """Chances to go from one content to another."""
    rates = np.diag(np.full(STATES, arrivals), 1) + np.diag(np.full(STATES, ABLE), -1)
    rates -= np.diag(rates.sum(axis=1))
    halvings = math.ceil(math.log2(seconds * ABLE * 8))
    small = rates * (seconds / 2**halvings)
    step = np.eye(STATES + 1) + small + small @ small / 2
    for _ in range(halvings):
        step = step @ step
    return step


@functools.cache
def exact(parts: Parts, within: int = WITHIN) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean content and its standard deviation at each half second's end, and late ones' share of it."""
    content = np.arange(STATES + 1)
    done = np.cumsum([math.exp(k * math.log(within) - within - math.lgamma(k + 1)) for k in content])
    begin = parts[0][1] / ABLE
    law, means, deviations, late = (1 - begin) * begin**content, [], [], []
    for seconds, rate in parts:
        step = transition(rate)
        for _ in range(2 * seconds):
            shares = [law @ done]
            for _ in range(8):
                law = law @ step
                shares.append(law @ done)
            late.append(np.mean((np.array(shares[1:]) + shares[:-1]) / 2))
            means.append(law @ content)
            deviations.append(math.sqrt(law @ content**2 - means[-1] ** 2))
    return np.array(means), np.array(deviations), np.array(late)


def followed(
    parts: Parts, tick: float = 0.5, workers: float = 1e6, within: int = WITHIN
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same of the model's law, tick by tick: of so many workers that chance is in what each holds alone."""
    queues, means, deviations, late = WorkerQueues(workers, math.inf), [], [], []
    able = ABLE * workers * tick
    for seconds, rate in ((10, parts[0][1]), *parts):
        sent = rate * workers * tick
        for _ in range(round(seconds / tick)):
            queues.step(sent, able, 0.0, 0.0, 0.0)
            late.append(queues.late(able * within / (ABLE * tick), sent, able))
            means.append(queues.mean / workers)
            deviations.append(math.sqrt(queues.uneven) / workers)
    warm = round(10 / tick)
    return np.array(means[warm:]), np.array(deviations[warm:]), np.array(late[warm:])


@pytest.mark.parametrize("tick", [0.25, 1.0])
@pytest.mark.parametrize("load", [90.0, 102.0, 110.0])
def test_queues_fill_and_empty_as_the_exact_law_says(load, tick):
    """Of the mean's highest, and of all who are late, 5 %; what is steady, 1 %. By the second."""
    (mean, _, late), (means, _, lates) = exact(busier(load)), followed(busier(load), tick)
    mean, late = mean[1::2], late.reshape(-1, 2).mean(axis=1)
    each = round(1 / tick)
    means, lates = means[each - 1 :: each], lates.reshape(-1, each).mean(axis=1)
    assert np.abs(means - mean).max() < TRANSIENT * mean.max()
    assert lates.sum() == pytest.approx(late.sum(), rel=TRANSIENT)
    for end in (4, 24):
        assert means[end] == pytest.approx(mean[end], rel=STEADY)
        assert lates[end] == pytest.approx(late[end], rel=STEADY)


@pytest.mark.parametrize(("burst", "load", "seconds"), [(130.0, 95.0, 20), (130.0, 90.0, 12), (160.0, 80.0, 6)])
def test_queues_empty_as_the_exact_law_says(burst, load, seconds):
    """After two seconds' burst: the mean within 2 % of its highest, what they differ by within 10 %, late ones within
    2 % in all and 4 % of all attempts in any half second."""
    parts = ((2, load), (2, burst), (seconds, load))
    (mean, sd, late), (means, deviations, lates) = exact(parts), followed(parts)
    assert np.abs(means - mean)[8:].max() < 0.02 * mean.max()
    assert np.abs(deviations / sd - 1)[8:].max() < 0.1
    assert np.abs(lates - late)[8:].max() < 0.04 and lates[8:].sum() == pytest.approx(late[8:].sum(), rel=0.02)


@pytest.mark.parametrize("load", [30.0, 50.0, 80.0, 90.0])
@pytest.mark.parametrize("burst", [92.0, 96.0, 100.0, 102.0, 110.0, 130.0, 150.0])
def test_queues_grow_from_rest_as_the_exact_law_says(load, burst):
    """For three seconds, each half second: mean within 1.7 %, standard deviation 3.5 %, late ones 1.1 % of all."""
    parts = ((2, load), (3, burst))
    (mean, sd, late), (means, deviations, lates) = exact(parts), followed(parts)
    assert np.abs(means / mean - 1)[4:].max() < 0.017 and np.abs(deviations / sd - 1)[4:].max() < 0.035
    assert np.abs(lates - late)[4:].max() < 0.011 and lates[4:].mean() == pytest.approx(late[4:].mean(), abs=0.004)


@pytest.mark.parametrize(("within", "burst"), [(30, 150.0), (40, 150.0), (40, 160.0), (60, 200.0)])
def test_queues_that_grow_by_far_pass_the_deadline_as_the_exact_law_says(within, burst):
    """Later than in the first half second: in time 1.5 %, of all."""
    parts = ((2, 50.0), (2, burst))
    late, lates = exact(parts, within)[2], followed(parts, within=within)[2]
    assert np.abs(lates - late)[5:].max() < 0.015 and 0.02 < late[5] < 0.98


@pytest.mark.parametrize("burst", [180.0, 200.0])
def test_in_their_first_half_second_queues_may_grow_by_far(burst):
    """In time, of all: 1 %."""
    parts = ((2, 80.0), (1, burst))
    for value, expected in zip(followed(parts), exact(parts), strict=True):
        assert value[4] == pytest.approx(expected[4], rel=0.01)


def test_attempts_find_a_queue_that_passes_the_deadline_within_a_tick_at_all_its_stages():
    """Late in the first second of two fifths too much, in one tick: 5 % of all, give or take."""
    parts = ((1, EASY), (1, 140.0))
    assert followed(parts, 1.0)[2][1] == pytest.approx(exact(parts)[2][2:].mean(), abs=TRANSIENT)


def test_queues_that_empty_do_so_alone_as_beside_others_that_empty_faster():
    """Within a tick one of the two empties by more than its queues differ, and the other does not."""
    loads = np.array([30.0, 90.0])

    def emptied(members):
        workers = np.full(members.size, 30.0)
        queues, late, able = WorkerQueues(workers, workers * math.inf), [], ABLE * workers * 0.5
        for rate in (160.0 + 0.0 * members,) * 4 + (members,) * 12:
            sent = rate * workers * 0.5
            queues.step(sent, able, 0.0 * sent, 0.0 * sent, 0.0 * sent)
            late.append(queues.late(able * WITHIN / (ABLE * 0.5), sent, able))
        return np.array(late)

    both = emptied(loads)
    np.testing.assert_array_equal(both, np.hstack([emptied(loads[:1]), emptied(loads[1:])]))


# -- chance ----------------------------------------------------------------------------------------------------------

EVENLY = np.array([NormalDist().inv_cdf((k + 0.5) / 4000) for k in range(4000)])


@pytest.mark.parametrize("load", [30.0, 80.0, 92.0])
def test_what_a_few_queues_hold_together_varies_as_geometric_ones_do(load):
    """Six of them: q (1 + q) each, whatever the tick; and for so many of them as late as the exact law says."""
    rng, workers, members = np.random.default_rng(5), 6.0, 2000
    for tick in (0.1, 0.5):
        queues, fill = WorkerQueues(np.full(members, workers), np.full(members, np.inf)), np.ones(members)
        sent, able, seen, late = load * workers * tick * fill, ABLE * workers * tick * fill, [], []
        for n in range(round(16 / tick)):
            came = rng.poisson(sent)
            queues.step(sent, able, sent, came - sent, rng.standard_normal(members))
            share = queues.late(able * 5 / (ABLE * tick), sent, able)
            if n * tick >= 12:
                seen.append(queues.held())
                late.append(share * came / sent)
        q = load / (ABLE - load)
        assert np.mean(seen) == pytest.approx(workers * q, rel=2 * STEADY)
        assert np.var(seen) == pytest.approx(workers * q * (1 + q), rel=2 * TRANSIENT)
        assert np.mean(late) == pytest.approx(math.exp(-0.05 * (ABLE - load)), rel=2 * STEADY)


def test_what_queues_that_empty_hold_together_varies_as_they_do():
    """Of a thousand fleets of thirty, all the way down: the exact law's variance, thirty times, within a fifth."""
    rng, workers, members = np.random.default_rng(5), 30.0, 1000
    parts = ((4, 90.0), (2, 130.0), (12, 90.0))
    queues, fill, seen = WorkerQueues(np.full(members, workers), np.full(members, np.inf)), np.ones(members), []
    able = ABLE * workers * 0.5 * fill
    for seconds, rate in ((10, 90.0), *parts):
        sent = rate * workers * 0.5 * fill
        for _ in range(2 * seconds):
            queues.step(sent, able, sent, rng.poisson(sent) - sent, rng.standard_normal(members))
            seen.append(queues.held())
    held = np.array(seen[20:])
    np.testing.assert_allclose(held.std(axis=1) / math.sqrt(workers), exact(parts)[1], rtol=0.1)


@pytest.mark.parametrize("draw", [drawn, drawn_late])
@pytest.mark.parametrize("sharp", [0.1, 0.3, 1.0, 20.0, 1e5])
def test_a_draw_that_is_never_negative_keeps_mean_and_variance(draw, sharp):
    values = draw(Many, EVENLY, np.full(EVENLY.size, sharp))
    assert values.min() >= 0.0 and values.mean() == pytest.approx(1.0, rel=STEADY)
    assert values.var() == pytest.approx(1.0 / sharp, rel=TRANSIENT)
