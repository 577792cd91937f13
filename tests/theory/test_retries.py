"""Closed forms of retries against simulation by other means."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from course_lib.theory import retries


def test_the_examples_in_the_docstrings_hold():
    result = doctest.testmod(retries)
    assert result.attempted >= 12 and result.failed == 0


@pytest.mark.parametrize(("p", "r"), [(0.1, 3), (0.5, 3), (0.9, 3), (0.5, 0)])
def test_amplification_and_success_agree_with_drawn_attempts(p, r):
    fails = np.random.default_rng(1).random((200_000, r + 1)) < p
    attempts = 1 + np.cumprod(fails[:, :-1], axis=1).sum(axis=1)
    assert attempts.mean() == pytest.approx(retries.amplification(p, r), rel=0.01)
    assert 1 - fails.all(axis=1).mean() == pytest.approx(retries.success_probability(p, r), rel=0.01)


def test_a_herd_spread_over_ten_seconds_peaks_below_the_estimate():
    rng = np.random.default_rng(2)
    for spread, peak in ((1.0, 115.7), (10.0, 18.8)):
        draws = [np.bincount((rng.random(1000) * spread / 0.1).astype(int)).max() for _ in range(2000)]
        assert np.mean(draws) == pytest.approx(peak, rel=0.02)
        assert np.mean(draws) <= retries.herd_peak(1000, spread)


def test_the_grpc_throttle_loses_tokens_just_above_its_threshold():
    for ratio in (0.05, 0.1, 0.5):
        f = retries.throttle_threshold(ratio)
        assert -(f + 0.01) + (1 - f - 0.01) * ratio < 0 < -(f - 0.01) + (1 - f + 0.01) * ratio
