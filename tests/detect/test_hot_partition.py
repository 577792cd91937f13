"""What lesson 04 says of module 04's rules, beyond what every table promises."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import detect
from course_lib.models.hot_partition import Parameters, simulate

TABLE = detect.table("hot_partition")
FIRST, RISEN, FIXED = (TABLE.rules[name] for name in ("first", "risen", "fixed"))


def test_the_hottest_partition_and_its_imbalance_fire_a_minute_after_the_key_went_viral():
    naive = TABLE.run("incident", 7)
    for rule in (FIRST, RISEN):
        assert 120 <= detect.first_alarm(rule, naive) <= 126


def test_a_fixed_imbalance_fires_on_healthy_skew_and_one_measured_against_itself_does_not():
    skewed = TABLE.run("skewed", 7)
    assert skewed["imbalance"].mean() == pytest.approx(4.2, abs=0.05) and skewed["error_ratio"].max() == 0
    assert detect.first_alarm(FIXED, skewed) == 60
    for rule in (RISEN, FIRST):
        assert np.isnan(detect.first_alarm(rule, skewed))


def test_the_hottest_partition_fires_on_a_cured_fleet_that_fails_nobody():
    cured = simulate(Parameters(salts=20), np.arange(4), until=300)
    assert np.isfinite(detect.first_alarm(FIRST, cured)).all()
    viral = (cured.time > 100) & (cured.time < 240)
    assert (cured["hottest_utilisation"][viral].mean(axis=0) > 0.9).all() and cured["error_ratio"][viral].max() == 0
