"""Metastable failures' closed forms by other means: scanning a grid for crossings, and letting the loop run."""

import numpy as np
import pytest

from course_lib.theory import metastable


def crossings(load, rate, retries, deadline):
    """Where attempts made come to attempts assumed, by change of sign on a fine grid."""
    x = np.linspace(0, load * (retries + 1) + rate, 400_001)
    f = np.where(x < rate, np.exp(-np.maximum(rate - x, 0) * deadline), 1.0)
    gap = load * sum(f**k for k in range(retries + 1)) - x
    return x[1:][np.sign(gap[1:]) != np.sign(gap[:-1])]


@pytest.mark.parametrize(
    ("load", "published"), [(50, (50.35, 92.95, 200)), (26, (26.02, 99.72, 104)), (60, None), (69.3, None)]
)
def test_fixed_points_are_where_the_grid_crosses(load, published):
    found = [x.item() for x in metastable.fixed_points(load, 100, 3, 0.1)]
    np.testing.assert_allclose(found, crossings(load, 100, 3, 0.1), atol=0.01)
    if published:
        np.testing.assert_allclose(found, published, atol=0.006)


def test_between_the_folds_there_are_three_states_and_outside_one():
    low, tipping, high = metastable.fixed_points([20, 24.9, 25.1, 69, 70, 120], 100, 3, 0.1)
    assert np.isfinite(low).tolist() == [True, True, True, True, False, False]
    assert np.isfinite(tipping).tolist() == [False, False, True, True, False, False]
    assert np.isfinite(high).tolist() == [False, False, True, True, True, True]
    np.testing.assert_allclose(high[2:], [100.4, 276, 280, 480])


def test_the_upper_fold_depends_on_the_deadline_and_the_lower_does_not():
    fold, _ = metastable.upper_fold(100, 3, [0.05, 0.1, 1.0])
    np.testing.assert_allclose(fold, [54.5, 69.4, 94.4], atol=0.05)
    for deadline in (0.05, 0.1, 1.0):
        high = metastable.fixed_points([24.99, 25.01], 100, 3, deadline)[2]
        assert np.isnan(high).tolist() == [True, False]


def test_tipping_distances_are_those_published():
    distance = metastable.tipping_distance([26, 50, 60, 69.5], 100, 3, 0.1)
    np.testing.assert_allclose(distance, [73.7, 42.6, 27.8, 0], atol=0.06)
    loads = np.linspace(25.5, 69, 60)
    assert (np.diff(metastable.tipping_distance(loads, 100, 3, 0.1)) < 0).all()


@pytest.mark.parametrize("kick", [5.0, 30.0, 60.0])
def test_a_safe_load_stands_its_kick_and_a_little_more_does_not(kick):
    """The loop itself, x -> load (1 + f + ... + f^R), from the kicked state."""
    safe = metastable.safe_load(kick, 100, 3, 0.1).item()
    for load, stands in ((0.99 * safe, True), (1.01 * safe, False)):
        x = metastable.fixed_points(load, 100, 3, 0.1)[0].item() + kick
        for _ in range(3000):
            x += 0.2 * (load * metastable.attempts_per_request(metastable.late(x, 100, 0.1), 3).item() - x)
        assert (x < 100) == stands


def test_a_safe_load_lies_between_the_two_capacities():
    safe = metastable.safe_load([0.0, 1e6], 100, [3, 3], 0.1)
    np.testing.assert_allclose(safe, [metastable.upper_fold(100, 3, 0.1)[0], 25.0], rtol=1e-4)


@pytest.mark.parametrize(("more", "hidden"), [(dict(max_retries=1), 150), (dict(max_retries=5, budget=0.2), 250)])
def test_hidden_capacities_are_those_published(more, hidden):
    assert metastable.hidden_capacity(300, **more) == pytest.approx(hidden)


def test_a_cache_hides_its_origin():
    hidden, advertised = metastable.cache_capacities(300, 0.9)
    assert hidden == 300 and advertised == pytest.approx(3000)


def test_a_backlog_ends_when_a_queue_run_tick_by_tick_is_empty():
    for admitted in (0.0, 40.0, 90.0):
        queue, time = 500.0, 0.0
        while queue > 0:
            queue, time = queue + (admitted - 100) * 0.01, time + 0.01
        assert metastable.recovery_time(500, 100, admitted) == pytest.approx(time, abs=0.02)


def test_a_queue_that_takes_capacity_away_tips_where_the_load_meets_it():
    fill = metastable.degraded_tipping([50, 70, 90], 100, 0.6)
    np.testing.assert_allclose(100 * (1 - 0.6 * fill), [50, 70, 90])
    assert metastable.degraded_tipping(39.9, 100, 0.6) == np.inf
