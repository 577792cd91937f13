"""Arithmetic gives each column of a batch the bits it has alone."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.models import exact

RANDOM = np.random.default_rng(1)
ROWS = RANDOM.random((200, 96)) * 10.0 ** RANDOM.integers(-8, 8, (200, 96))


def same_alone(function, *arrays):
    whole = function(*arrays)
    for i in (0, 17, 95):
        np.testing.assert_array_equal(function(*(a[..., [i]] for a in arrays))[..., 0], whole[..., i])
    return whole


def test_numpy_s_own_sum_is_the_planted_failure():
    with pytest.raises(AssertionError):
        same_alone(lambda rows: rows.sum(axis=0), ROWS)


@pytest.mark.parametrize("count", [0, 1, 2, 32, 33, 200])
def test_sums_go_row_after_row(count):
    whole = same_alone(exact.total, ROWS[:count])
    one_by_one = np.zeros(96)
    for row in ROWS[:count]:
        one_by_one = one_by_one + row
    np.testing.assert_array_equal(whole, one_by_one)
    np.testing.assert_array_equal(exact.total(ROWS[:count, None].repeat(2, axis=1), axis=0)[1], whole)


def test_running_sums_and_extremes():
    for ufunc in (np.add, np.minimum):
        same_alone(lambda rows, ufunc=ufunc: exact.accumulate(ufunc, rows), ROWS)
    np.testing.assert_array_equal(same_alone(exact.cumulative, ROWS)[1:], np.add.accumulate(ROWS, axis=0))
    assert (exact.cumulative(ROWS[:0]) == np.zeros((1, 96))).all()


def test_powers():
    base, exponent = RANDOM.random((3, 96)), RANDOM.integers(0, 12, (3, 96)).astype(float)
    np.testing.assert_allclose(same_alone(exact.power, base, exponent), base**exponent, rtol=1e-12)


def test_shares_stay_between_0_and_1_whatever_rounding_did():
    assert exact.share([3.0, -1e-12, 0.0, 2.0], [1.0, 5.0, 0.0, -1e-9]).tolist() == [0.75, 0.0, 0.0, 1.0]
    assert exact.share(0.0, 0.0, empty=1.0) == 1.0
    first, last = RANDOM.normal(size=(2, 500))
    steps = np.linspace(first, last, 20_001)
    np.testing.assert_allclose(exact.share_above(first, last), (steps > 0).mean(axis=0), atol=1e-3)


def test_looking_back_and_moving_on():
    history, ticks = np.arange(200.0)[:, None] + np.zeros(3), np.array([1, 5, 9])
    assert isinstance(exact.lag(np.array([4, 4])), int) and exact.lag(ticks) is ticks
    np.testing.assert_array_equal(exact.back(history, 50, 4, 3), history[47:51])
    np.testing.assert_array_equal(exact.back(history, 50, 4, ticks), np.arange(50, 54)[:, None] - ticks)
    wide = np.stack([history, history + 1000], axis=1)
    np.testing.assert_array_equal(exact.back(wide, 50, 4, ticks)[:, 1], 1000 + np.arange(50, 54)[:, None] - ticks)
    for moved in (exact.later(wide, 9)[..., 2], exact.later(wide, ticks)[..., 2]):
        assert (moved[:9] == 0).all() and (moved[9:] == wide[:-9, :, 2]).all()
    assert (exact.later(history, 500) == 0).all() and (exact.later(history, ticks + 500) == 0).all()
    between = exact.Lag(np.array([0.25, 0.5, 1.0]), 0.5)
    np.testing.assert_allclose(between.shifted(history)[10], [9.5, 9.0, 8.0])
    np.testing.assert_allclose(between.back(history, 10, np.arange(3)), [9.5, 9.0, 8.0])


def test_where_a_rising_curve_reaches_a_value():
    """The search once went over all members at once, laid end to end: a large neighbour then moved the row found."""
    rising = np.add.accumulate(RANDOM.random((200, 1)), axis=0) * [2.0**-30, 1.0, 2.0**30]
    values = rising[[0, 50, 199]] * (1 - 2.0**-40)
    found = exact.first_reached(rising, values)
    np.testing.assert_array_equal(found, exact.first_reached(rising[:, :1], values[:, :1]) + np.zeros(3, dtype=int))
    assert found[:, 1].tolist() == [0, 50, 199] and exact.first_reached(rising, rising[-1:] * 2).max() == 199


def test_quantiles_over_windows_are_shown_from_the_end_of_their_window():
    values, weights = RANDOM.random((23, 4, 96)), RANDOM.random((23, 4, 96))
    shown = same_alone(lambda v, w: exact.windowed_quantile(v, w, 0.5, 5), values, weights)
    assert shown.shape == (23, 96) and (shown[:4] == 0).all() and (shown[19:] == shown[19]).all()
    first, order = values[:5, :, 0].ravel(), np.argsort(values[:5, :, 0].ravel())
    up_to = np.cumsum(weights[:5, :, 0].ravel()[order])
    assert shown[4, 0] == shown[8, 0] == first[order][np.argmax(up_to >= 0.5 * up_to[-1])]
    assert (exact.windowed_quantile(values, 0 * weights, 0.5, 5, empty=7.0)[4:] == 7.0).all()
    assert (exact.windowed_quantile(values[:3], weights[:3], 0.5, 5) == 0).all()
