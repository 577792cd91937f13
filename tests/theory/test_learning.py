"""Closed forms of repeat incidents against drawn ones."""

from __future__ import annotations

import math

import numpy as np
import pytest

from course_lib.theory import learning

DRAW = np.random.default_rng(12)
MANY = 40_000


@pytest.mark.parametrize(("recurrence", "fixing"), [(1 / 30, 1 / 45), (1 / 5, 1 / 20), (1 / 90, 1 / 10)])
def test_repeats_before_the_fix(recurrence, fixing):
    count = DRAW.poisson(recurrence * DRAW.exponential(1 / fixing, MANY))
    mean = float(learning.repeats_before_fix(recurrence, fixing))
    assert count.mean() == pytest.approx(mean, rel=0.05)
    for least in (1, 3):
        wanted = float(learning.chance_of_repeat(recurrence, fixing, least))
        assert (count >= least).mean() == pytest.approx(wanted, abs=0.01)
    assert float(learning.repeats_with_fix(recurrence, fixing, 1.0, 1e6)) == pytest.approx(mean)


@pytest.mark.parametrize("effect", [0.0, 0.3, 0.8, 1.0])
def test_repeats_within_a_horizon(effect):
    fixed = np.minimum(DRAW.exponential(45.0, MANY), 365.0)
    count = DRAW.poisson(fixed / 30 + (1 - effect) * (365 - fixed) / 30)
    assert float(learning.repeats_with_fix(1 / 30, 1 / 45, effect, 365)) == pytest.approx(count.mean(), rel=0.02)


def test_items_and_layers_thin_a_process():
    effects, chances = np.array([0.8, 0.5, 0.9]), np.array([0.9, 0.5, 0.0])
    left = 1 - effects * (DRAW.random((MANY, 3)) < chances)
    assert left.prod(axis=1).mean() == pytest.approx(float(learning.residual_rate(1.0, effects, chances)), rel=0.02)
    holes = np.array([0.5, 0.4, 0.3])
    failed = (DRAW.random((MANY, 3)) < holes).all(axis=1).mean()
    assert failed == pytest.approx(float(learning.layered_rate(1.0, holes)), rel=0.05)


def test_the_backlog_and_the_due_date():
    assert learning.open_items(4, 5, 3) == 60
    took = DRAW.exponential(45.0, MANY)
    for due in (30, 56):
        assert float(learning.finished_by(due, 1 / 45)) == pytest.approx((took <= due).mean(), abs=0.01)
    months = np.add.accumulate(DRAW.exponential(1 / 8.0, MANY))  # 8 items a month, each of 1.5 months
    ends = months + DRAW.exponential(1.5, MANY)
    asked = np.linspace(100, months[-1] - 100, 4000)
    open_then = np.searchsorted(months, asked) - np.searchsorted(np.sort(ends), asked)
    assert open_then.mean() == pytest.approx(float(learning.settled_backlog(8.0, 1 / 1.5, 9.0)), rel=0.03)
    assert math.isinf(learning.settled_backlog(8.0, 1 / 1.5, 8.0))


@pytest.mark.parametrize("shape", [1.0, 4.0])
def test_counts_of_a_varying_rate(shape):
    counts = DRAW.poisson(12.0 * DRAW.gamma(shape, 1 / shape, MANY))
    assert counts.var() == pytest.approx(float(learning.variance_of_counts(12.0, shape)), rel=0.04)
    for k in (0, 5, 12, 25):
        assert learning.chance_of_count(k, 12.0, shape) == pytest.approx((counts == k).mean(), abs=0.006)
    assert sum(learning.chance_of_count(k, 12.0, shape) for k in range(400)) == pytest.approx(1.0)
    low, high = learning.counts_between(12.0, shape)
    assert np.quantile(counts, [0.05, 0.95]) == pytest.approx([low, high], abs=1)


def test_a_mean_of_ten_durations_scatters_by_more_than_half():
    means = DRAW.lognormal(0.0, 1.2, (MANY, 10)).mean(axis=1)
    assert means.std() / means.mean() == pytest.approx(float(learning.spread_of_mean(1.2, 10)), rel=0.06)


def test_who_finds_it():
    customer = DRAW.exponential(1000.0, MANY)
    for alert in (51.84, 600.0, 4000.0):
        assert float(learning.found_after(alert, 1000.0)) == pytest.approx(np.minimum(customer, alert).mean(), rel=0.03)
        assert float(learning.found_by_customers(alert, 1000.0)) == pytest.approx((customer < alert).mean(), abs=0.01)
    assert float(learning.harm(100, 0.05, 60, 300, 40)) == 100 * 0.05 * 400
