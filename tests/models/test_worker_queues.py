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
EASY, PARTS = 50.0, ((5, None), (10, "load"), (10, None))  # attempts/s but for ten seconds in the middle
COARSE = {0.25: TRANSIENT, 1.0: 0.1}
"""Ticks and the bar on the mean. A tick takes from its beginning how often a queue is empty: in one of a second, ten
times what a queue takes to forget, the first second of 90 % load comes out 8 % short."""


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
def exact(load: float, parts: tuple[tuple[int, str | None], ...] = PARTS) -> tuple[np.ndarray, np.ndarray]:
    """Mean content at each second's end, and late ones' share of each second."""
    content = np.arange(STATES + 1)
    done = np.cumsum([math.exp(k * math.log(WITHIN) - WITHIN - math.lgamma(k + 1)) for k in content])
    law, means, late = (1 - EASY / ABLE) * (EASY / ABLE) ** content, [], []
    for seconds, rate in parts:
        step = transition(load if rate else EASY)
        for _ in range(seconds):
            shares = [law @ done]
            for _ in range(16):
                law = law @ step
                shares.append(law @ done)
            late.append(np.mean((np.array(shares[1:]) + shares[:-1]) / 2))
            means.append(law @ content)
    return np.array(means), np.array(late)


def followed(load: float, tick: float, workers: float = 1e6) -> tuple[np.ndarray, np.ndarray]:
    """The same of the model's law: of so many workers that there is no chance in what they do together."""
    queues, means, late = WorkerQueues(workers, math.inf), [], []
    able = ABLE * workers * tick
    for seconds, rate in PARTS:
        sent = (load if rate else EASY) * workers * tick
        for _ in range(round(seconds / tick)):
            queues.step(sent, able, 0.0, 0.0, 0.0)
            late.append(queues.late(able * WITHIN / (ABLE * tick), sent, able))
            means.append(queues.mean / workers)
    each = round(1 / tick)
    return np.array(means[each - 1 :: each]), np.reshape(late, (-1, each)).mean(axis=1)


@pytest.mark.parametrize("tick", COARSE)
@pytest.mark.parametrize("load", [90.0, 102.0, 110.0])
def test_queues_fill_and_empty_as_the_exact_law_says(load, tick):
    """Of the mean's highest, and of all who are late, 5 %; what is steady, 1 %."""
    (mean, late), (means, lates) = exact(load), followed(load, tick)
    assert np.abs(means - mean).max() < COARSE[tick] * mean.max()
    assert lates.sum() == pytest.approx(late.sum(), rel=TRANSIENT)
    for end in (4, 24):
        assert means[end] == pytest.approx(mean[end], rel=STEADY)
        assert lates[end] == pytest.approx(late[end], rel=STEADY)


def test_attempts_find_a_queue_that_passes_the_deadline_within_a_tick_at_all_its_stages():
    """Late in the first second of two fifths too much, in one tick: 5 % of all, give or take."""
    late = exact(140.0, ((1, None), (1, "load")))[1][1]
    assert followed(140.0, 1.0)[1][5] == pytest.approx(late, abs=TRANSIENT)


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
            if n * tick >= 12:
                seen.append(queues.held())
                late.append(queues.late(able * 5 / (ABLE * tick), sent, able) * came / sent)
        q = load / (ABLE - load)
        assert np.mean(seen) == pytest.approx(workers * q, rel=2 * STEADY)
        assert np.var(seen) == pytest.approx(workers * q * (1 + q), rel=2 * TRANSIENT)
        assert np.mean(late) == pytest.approx(math.exp(-0.05 * (ABLE - load)), rel=2 * STEADY)


@pytest.mark.parametrize("draw", [drawn, drawn_late])
@pytest.mark.parametrize("sharp", [0.1, 0.3, 1.0, 20.0, 1e5])
def test_a_draw_that_is_never_negative_keeps_mean_and_variance(draw, sharp):
    values = draw(Many, EVENLY, np.full(EVENLY.size, sharp))
    assert values.min() >= 0.0 and values.mean() == pytest.approx(1.0, rel=STEADY)
    assert values.var() == pytest.approx(1.0 / sharp, rel=TRANSIENT)
