"""Closed forms of cascading failures against simulation by other means."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest

from course_lib.theory import cascading


def test_the_examples_in_the_docstrings_hold():
    result = doctest.testmod(cascading)
    assert result.attempted >= 14 and result.failed == 0


@pytest.mark.parametrize(("load", "left"), [(0.1, 0.8873), (0.2, 0.7236), (0.24, 0.6), (0.26, 0.0)])
def test_a_bundle_of_random_fibres_fails_in_rounds_down_to_what_theory_says(load, left):
    strength = np.random.default_rng(1).uniform(size=200_000)
    alive = np.ones(strength.size, dtype=bool)
    for _ in range(500):
        fails = alive & (strength < load * strength.size / max(alive.sum(), 1))
        if not fails.any():
            break
        alive &= ~fails
    assert alive.mean() == pytest.approx(left, abs=0.006)
    assert alive.mean() == pytest.approx(float(cascading.bundle_survivors(load)), abs=0.006)


def test_an_equal_fleet_loses_all_or_nothing_at_the_safe_utilisation():
    for n, k in ((4, 1), (10, 1), (10, 2), (60, 20)):
        edge = float(cascading.safe_utilisation(n, k))
        assert cascading.survivors(n, edge - 1e-6, k) == n - k
        assert cascading.survivors(n, edge + 1e-6, k) == 0
        assert cascading.survivor_load(edge, n, k) == pytest.approx(1.0)
        assert cascading.largest_batch(n, edge - 1e-6) == k > cascading.largest_batch(n, edge + 1e-6)


def test_littles_law_holds_for_calls_that_hang():
    draw = np.random.default_rng(2)
    starts = np.cumsum(draw.exponential(1 / 10, 20_000))
    for held in (1.0, 8.0):
        busy = np.mean([((starts <= t) & (starts + held > t)).sum() for t in np.linspace(100, 1900, 500)])
        assert busy == pytest.approx(float(cascading.busy_workers(10, held)), rel=0.03)
    assert cascading.busy_workers(10, 30, 50) == 50
    assert cascading.busy_workers(10, cascading.pool_gone_at(200, 10)) == pytest.approx(200)


def throttle(load, multiplier, cost=0.0, window=120, seconds=1200, down=0):
    """Accepted requests a second, from the rule itself: a sliding window of requests and accepts."""
    requests, accepts = np.zeros(seconds), np.zeros(seconds)
    for t in range(seconds):
        first = max(t - window, 0)
        asked, got = requests[first:t].sum(), accepts[first:t].sum()
        reject = max(0.0, (asked - multiplier * got) / (asked + 1e-9)) if t else 0.0
        sent = load * (1 - reject)
        room = max((1 - cost * sent) / (1 - cost), 0.0) if sent > 1 else sent
        accepts[t] = min(sent, room) * (t >= down)
        requests[t] = load
    return accepts


@pytest.mark.parametrize(("load", "multiplier", "cost"), [(3.0, 2.0, 0.2), (3.0, 1.1, 0.2), (10.0, 2.0, 0.0)])
def test_a_throttle_settles_at_what_theory_says(load, multiplier, cost):
    accepted = throttle(load, multiplier, cost, seconds=3000)[-120:].mean()
    assert accepted == pytest.approx(float(cascading.throttled_goodput(load, multiplier, cost)), rel=0.02)
    if not cost:
        sent = 1 - float(cascading.throttled_share(load, multiplier))
        assert load * sent == pytest.approx(multiplier, rel=1e-9)


@pytest.mark.parametrize("multiplier", [2.0, 1.5, 1.1])
def test_a_throttle_opens_again_by_a_factor_a_window(multiplier):
    """Accepted traffic that grows by e^x a window is the rule's own growth: accepts so far are 1 / K of requests."""
    x = math.log(cascading.reopening(multiplier))
    past = np.exp(-x * (np.arange(120_000) + 0.5) / 120_000).mean()  # accepts of a window before, in units of now
    assert multiplier * past == pytest.approx(1.0, rel=1e-4)
    assert cascading.reopening_time(multiplier, first=math.exp(-x)) == pytest.approx(120.0)


def test_availability_multiplies():
    draw = np.random.default_rng(3)
    up = draw.random((100_000, 3)) < 0.95
    assert up.all(axis=1).mean() == pytest.approx(cascading.chain_availability([0.95] * 3), abs=0.004)
    assert up.any(axis=1).mean() == pytest.approx(cascading.redundant_availability([0.95] * 3), abs=0.001)
