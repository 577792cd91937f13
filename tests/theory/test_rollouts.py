"""The closed forms of a rollout, each by other means: counting, drawing, or the figures that others have published."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from course_lib.theory import rollouts

RANDOM = np.random.default_rng(11)


def test_stages_that_see_nothing_harm_more_than_a_push():
    found = [
        float(rollouts.harmed(0.02, 1000, shares, seconds))
        for shares, seconds in (([0.01], [300]), ([0.01, 0.1, 0.5], [1800, 1800, 300]), ([1.0], [300]))
    ]
    assert found == pytest.approx([60, 6960, 6000])


def test_three_over_p_requests_show_an_error_nineteen_times_in_twenty():
    for share in (0.05, 0.01, 0.001):
        n = rollouts.requests_for_an_error(share)
        assert rollouts.chance_of_error(share, n) >= 0.95 > rollouts.chance_of_error(share, n - 1)
        assert n == pytest.approx(3 / share, rel=0.03)
    assert rollouts.requests_for_an_error(0.005) == 598


@pytest.mark.parametrize(("usual", "worse", "n"), [(0.001, 0.005, 3200), (0.001, 0.002, 25_650)])
def test_the_size_of_an_arm_has_the_power_it_is_sized_for(usual, worse, n):
    arm = float(rollouts.requests_per_arm(usual, worse))
    assert arm == pytest.approx(n, rel=0.001)
    control, canary, same = (RANDOM.binomial(int(arm), p, 40_000) for p in (usual, worse, usual))
    limit = rollouts.normal_quantile(0.95)

    def fires(one):
        return (one - control) / np.sqrt(np.maximum(one + control, 1)) > limit

    assert fires(canary).mean() == pytest.approx(0.9, abs=0.035)  # few errors are not quite normal
    assert fires(same).mean() == pytest.approx(0.05, abs=0.012)  # counts are whole: not exactly 5 %


@pytest.mark.parametrize("looks", [1, 2, 5, 30])
def test_looking_again_and_again_is_a_walk_with_more_chances_to_cross(looks):
    walks = np.cumsum(RANDOM.normal(size=(looks, 60_000)), axis=0) / np.sqrt(np.arange(1, looks + 1))[:, None]
    crossed = (walks > rollouts.normal_quantile(0.95)).any(axis=0).mean()
    assert rollouts.false_alarm_of_looks(0.05, looks) == pytest.approx(crossed, abs=0.005)


def test_a_sequential_test_keeps_its_promise_however_often_it_looks():
    canary, control = rollouts.evidence(5)
    steps = np.where(RANDOM.random((3000, 4000)) < 0.5, canary, control)  # errors of two arms that are alike
    assert (np.cumsum(steps, axis=0) >= np.log(1 / 0.05)).any(axis=0).mean() <= 0.055


def test_false_rollbacks_are_what_forty_tests_make_of_one_in_a_hundred():
    fired = (RANDOM.random((40, 50_000)) < 0.01).any(axis=0).mean()
    assert rollouts.false_rollback(0.01, 4, 10) == pytest.approx(fired, abs=0.008)
    assert rollouts.false_rollback(0.01, 4, 10) == pytest.approx(0.33, abs=0.002)


def test_bake_time_finds_what_wakes_in_it():
    wakes = RANDOM.exponential(3600, 50_000)
    assert rollouts.found_by_bake(1800, 3600) == pytest.approx((wakes < 1800).mean(), abs=0.008)
    assert rollouts.bake_time(598, 0.01, 1000) == pytest.approx(60, abs=0.5)
    assert rollouts.bake_time(1270, 0.01, 1000) == pytest.approx(127)


def test_an_even_push_and_a_reaction():
    assert rollouts.reached(3, 600) == 1.0 and rollouts.slowest_push(0.05, 600) == 200 * 60
    assert rollouts.crossing(np.linspace(0, 1, 101)).argmax() == 50 and rollouts.crossing(0.5) == 0.5
    calls = RANDOM.random((2, 50_000)) < 0.3
    assert rollouts.crossing(0.3) == pytest.approx((calls[0] != calls[1]).mean(), abs=0.008)


def test_the_tables_of_shards():
    counted = sum(1 for _ in itertools.combinations(range(8), 2))
    assert (
        rollouts.shards(8, 2),
        rollouts.shards(100, 5),
        f"{rollouts.shards(2048, 4):.4g}",
        rollouts.shards(54, 4),
    ) == (
        counted,
        75_287_520,
        "7.309e+11",
        316_251,
    )
    assert rollouts.overlap(54, 4)[1:3] == pytest.approx([0.248, 0.0232], abs=1e-4)
    np.testing.assert_allclose(rollouts.overlap(100, 5)[[0, 5]], [0.770, 1.3e-8], rtol=0.03)
    pairs = [len({0, 1} & set(pair)) for pair in itertools.combinations(range(8), 2)]
    np.testing.assert_allclose(rollouts.overlap(8, 2), np.bincount(pairs) / 28)


@pytest.mark.parametrize("tries", [1, 2, 4])
def test_retries_leave_only_full_overlap(tries):
    counted = [
        np.mean([all(w < dead for w in order[:tries]) for order in itertools.permutations(range(4))])
        for dead in range(5)
    ]
    np.testing.assert_allclose(rollouts.lost_by_overlap(4, tries), counted)
    mean = rollouts.overlap(20, 4) @ rollouts.lost_by_overlap(4, tries)
    assert mean == pytest.approx({1: 4 / 20, 4: 1 / 4845}.get(tries, mean))


def test_a_poison_message_keeps_workers_down():
    assert rollouts.workers_lost(0.05, 5, 60) == 15
