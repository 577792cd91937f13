"""Closed forms of caches against draws by other means."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from course_lib.theory import caching


def test_the_examples_in_the_docstrings_hold():
    result = doctest.testmod(caching)
    assert result.attempted >= 12 and result.failed == 0


@pytest.mark.parametrize(("rate", "ttl", "delta"), [(5.0, 2.0, 0.0), (5.0, 2.0, 0.5), (50.0, 2.0, 0.5)])
def test_hit_ratio_and_load_agree_with_a_walk_through_the_requests(rate, ttl, delta):
    rng = np.random.default_rng(1)
    hits = misses = cycles = 0
    filled, expires = -1.0, -1.0
    time = 0.0
    for gap in rng.exponential(1 / rate, 200_000):
        time += gap
        if filled <= time < expires:
            hits += 1
            continue
        misses += 1
        if time >= expires:  # the first to miss sets when the cycle's fill lands
            filled, expires, cycles = time + delta, time + delta + ttl, cycles + 1
    assert hits / (hits + misses) == pytest.approx(caching.hit_ratio(rate, ttl, delta), rel=0.01)
    assert misses / cycles == pytest.approx(caching.stampede_size(rate, delta), rel=0.02)
    assert misses / time == pytest.approx(caching.origin_load(rate, ttl, delta), rel=0.02)
    assert cycles / time == pytest.approx(caching.origin_load(rate, ttl, delta, coalesced=True), rel=0.02)


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_early_refresh_agrees_with_a_walk_through_the_requests(beta):
    rng, rate, delta = np.random.default_rng(2), 100.0, 0.5
    leads, sizes = [], []
    for _ in range(3000):
        left = np.sort(rng.random(rng.poisson(rate * 20.0)) * 20.0)[::-1]  # time left at each request, 20 s of them
        refreshes = left[rng.random(len(left)) < caching.refresh_probability(left, delta, beta)]
        leads.append(refreshes[0])
        sizes.append((refreshes > refreshes[0] - delta).sum())
    assert np.mean(leads) == pytest.approx(caching.refresh_lead(rate, delta, beta), rel=0.02)
    assert np.mean(sizes) == pytest.approx(caching.refreshes_per_cycle(beta), rel=0.05)


def test_chance_that_nobody_refreshes_in_time():
    rng, rate, delta = np.random.default_rng(3), 4.0, 0.5
    missed = 0
    for _ in range(20_000):
        left = rng.random(rng.poisson(rate * 10.0)) * 10.0
        missed += not (rng.random(len(left)) < caching.refresh_probability(left, delta)).any()
    assert missed / 20_000 == pytest.approx(caching.miss_through_probability(rate, delta), abs=0.01)


def test_a_stampede_of_processes():
    rng, rate, delta, processes = np.random.default_rng(4), 100.0, 0.5, 20
    sizes = [1 + len(set(rng.integers(processes, size=rng.poisson(rate * delta))) - {0}) for _ in range(4000)]
    assert np.mean(sizes) == pytest.approx(caching.process_stampede(rate, delta, processes), rel=0.01)


def test_jitter_spreads_a_bulk_load():
    expiries = 300.0 * (1 - 0.1 * np.random.default_rng(5).random(10_000))
    per_second = np.bincount(expiries.astype(int))
    assert per_second[271:299].mean() == pytest.approx(caching.jitter_peak(10_000, 300.0, 0.1), rel=0.01)
