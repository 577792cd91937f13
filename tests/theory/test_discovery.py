"""Closed forms of service discovery against simulation by other means."""

from __future__ import annotations

import doctest
import math
import random
from collections import deque

import numpy as np
import pytest

from course_lib.theory import discovery


def test_the_examples_in_the_docstrings_hold():
    result = doctest.testmod(discovery)
    assert result.attempted >= 14 and result.failed == 0


def test_a_snapshot_decays_as_instances_leave():
    draw = np.random.default_rng(1)
    leaves = draw.exponential(3600.0, 200_000)
    for age in (60.0, 600.0, 3600.0):
        assert (leaves > age).mean() == pytest.approx(float(discovery.valid_share(age, 1 / 3600)), abs=0.003)
    given_away = leaves + draw.exponential(7200.0, leaves.size)
    for age in (600.0, 3600.0, 20_000.0):
        seen = (given_away < age).mean()
        assert seen == pytest.approx(float(discovery.reused_share(age, 1 / 3600, 1 / 7200)), abs=0.004)
    assert discovery.reused_share(3600, 1 / 3600, 1 / 3600) == pytest.approx(
        float(discovery.reused_share(3600, 1 / 3600, 1 / 3600.01)), abs=1e-5
    )
    assert float(discovery.age_at(0.85, 1 / 3600)) == pytest.approx(585.1, abs=0.1)


def test_picks_of_different_addresses():
    draw = random.Random(2)
    hosts = [True] * 6 + [False] * 14
    for picks in (1, 2, 3):
        seen = np.mean([all(draw.sample(hosts, picks)) for _ in range(40_000)])
        assert seen == pytest.approx(float(discovery.all_picks_dead(6, 20, picks)), abs=0.006)


@pytest.mark.parametrize(("lease", "mean", "worst"), [(90, 135, 210), (180, 225, 300)])
def test_a_crash_is_known_after_lease_sweep_cache_and_poll(lease, mean, worst):
    draw = np.random.default_rng(3)
    crash = draw.uniform(0, 30, 100_000)  # after the last heartbeat
    late = lease - crash + sum(draw.uniform(0, period, crash.size) for period in (60, 30, 30))
    assert discovery.detection_delay(30, lease, 60, 30, 30) == (mean, worst)
    assert late.mean() == pytest.approx(mean, rel=0.005) and worst - 25 < late.max() <= worst


def test_the_panic_threshold_that_answers_most_lies_at_the_utilisation():
    healthy = np.linspace(0.01, 1, 100)
    for rho in (0.3, 0.6, 0.85):
        for collapse, false in ((True, False), (False, True), (True, True), (False, False)):
            ways = dict(collapse=collapse, false=false)
            best = np.maximum(*(discovery.answered(healthy, rho, panic, **ways) for panic in (True, False)))
            threshold = float(discovery.best_threshold(rho, **ways))
            got = discovery.answered(healthy, rho, healthy < threshold - 1e-9, **ways)
            np.testing.assert_allclose(got, best)
    assert float(discovery.answered(0.55, 0.6, False)) > float(discovery.answered(0.55, 0.6, True))
    assert float(discovery.answered(0.55, 0.6, False, collapse=True)) == 0


def herd(clients: int, rate: float, admission: float, timeout: float, until: float = 300.0) -> tuple[float, int]:
    """Equal sharing, one transfer after the other through time: when the last is done, and how many ever are."""
    step, begun, done, active, credit = 1e-3, 0, 0, deque(), 0.0
    waiting, work, now = clients, 0.0, 0.0
    while now < until and done < clients:
        credit += clients if math.isinf(admission) else admission * step
        while credit >= 1 and waiting:
            active.append((work, now))
            waiting, credit, begun = waiting - 1, credit - 1, begun + 1
        credit = min(credit, clients if math.isinf(admission) else 1.0)
        now += step
        if active:
            work += rate * step / len(active)
        while active and (active[0][0] + 1 <= work + 1e-9 or now - active[0][1] >= timeout):
            began, _ = active.popleft()
            served = began + 1 <= work + 1e-9
            done, waiting = done + served, waiting + (not served)
    return (now if done == clients else math.inf), done


@pytest.mark.parametrize(
    ("rate", "admission"), [(60.0, 50.0), (60.0, math.inf), (40.0, math.inf), (40.0, 80.0), (24.0, 48.0)]
)
def test_a_herd_gets_through_when_its_last_can_wait(rate, admission):
    last, done = herd(600, rate, admission, 11.0, until=60.0)
    expected = float(discovery.reconnect_time(600, rate, admission, 11.0))
    if math.isinf(expected):
        assert math.isinf(last)
        assert done == pytest.approx(discovery.before_collapse(admission, rate, 11.0)[0], rel=0.06, abs=3)
    else:
        assert last == pytest.approx(expected, rel=0.02)


def test_a_majority_is_what_is_counted():
    draw = np.random.default_rng(4)
    for nodes in (1, 3, 5):
        up = (draw.random((100_000, nodes)) < 0.9).sum(axis=1)
        assert (up > nodes / 2).mean() == pytest.approx(discovery.can_write(0.9, nodes), abs=0.003)
    assert discovery.watch_egress(1, 2, 3, 4) == 24 and float(discovery.poll_rate(20_000, 30)) == pytest.approx(
        666.7, abs=0.1
    )
