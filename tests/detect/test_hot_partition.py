"""Module 04's rules: the hottest partition and its imbalance fire, the fleet's mean sees nothing."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.detect import first_alarm
from course_lib.detect.hot_partition import (
    FIXED_IMBALANCE,
    HOTTEST_PARTITION,
    MEAN_UTILISATION,
    REQUEST_RATE,
    imbalance_above,
)
from course_lib.models.hot_partition import Parameters, simulate
from course_lib.models.schedule import Schedule


def run(seeds=7, **change):
    return simulate(Parameters(**change), seeds, until=300)


def test_the_hottest_partition_and_its_imbalance_fire_and_the_mean_never_does():
    naive = run()
    risen = imbalance_above(float(naive["imbalance"][:60].mean()))
    for rule in (HOTTEST_PARTITION, risen):
        assert 120 <= first_alarm(rule, naive) <= 126
    assert np.isnan(first_alarm(MEAN_UTILISATION, naive))


def test_a_fixed_imbalance_fires_on_healthy_skew_and_one_measured_against_itself_does_not():
    skewed = run(viral_share=0, zipf_exponent=1.0, arrival_rate=6000)
    assert skewed["imbalance"].mean() == pytest.approx(4.2, abs=0.05) and skewed["error_ratio"].max() == 0
    assert first_alarm(FIXED_IMBALANCE, skewed) == 60
    for rule in (imbalance_above(float(skewed["imbalance"][:60].mean())), HOTTEST_PARTITION):
        assert np.isnan(first_alarm(rule, skewed))


def test_a_hammered_key_fires_the_same_rules_and_the_request_rate_besides():
    hammered = run(viral_share=1 / 11, arrival_rate=Schedule(20_000, ((60, 22_000), (240, 20_000))))
    assert np.isfinite(first_alarm(HOTTEST_PARTITION, hammered))
    assert first_alarm(REQUEST_RATE, hammered) < 130 and np.isnan(first_alarm(REQUEST_RATE, run()))


def test_the_hottest_partition_fires_on_a_cured_fleet_that_fails_nobody():
    cured = run(np.arange(8), salts=20)
    assert np.isfinite(first_alarm(HOTTEST_PARTITION, cured)).all()
    viral = (cured.time > 100) & (cured.time < 240)
    assert (cured["hottest_utilisation"][viral].mean(axis=0) > 0.9).all() and cured["error_ratio"][viral].max() == 0


def test_they_are_silent_on_healthy_days_of_many_seeds():
    calm = run(np.arange(32), viral_share=0.0)
    for rule in (HOTTEST_PARTITION, imbalance_above(1.25)):
        assert np.isnan(first_alarm(rule, calm)).all()
