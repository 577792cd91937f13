"""Module 01's rules: the ratio tells a storm from a flood, the level does not."""

from __future__ import annotations

import numpy as np

from course_lib.detect import first_alarm
from course_lib.detect.retry_storm import ATTEMPT_RATE, ATTEMPTS_PER_REQUEST
from course_lib.models.retry_storm import Parameters, simulate
from course_lib.models.schedule import Schedule

SEEDS = np.arange(8)


def run(**change):
    return simulate(Parameters(**change), SEEDS, until=300)


def test_both_fire_within_forty_seconds_of_the_triggers_end():
    storm = run()
    assert (first_alarm(ATTEMPTS_PER_REQUEST, storm) < 130).all() and (first_alarm(ATTEMPT_RATE, storm) < 130).all()


def test_the_level_takes_a_flood_for_a_storm_and_the_ratio_does_not():
    flood = run(max_retries=0, brownout_duration=0.0, arrival_rate=Schedule(900.0, ((60.0, 3600.0),)))
    assert (first_alarm(ATTEMPT_RATE, flood) < 130).all()
    assert np.isnan(first_alarm(ATTEMPTS_PER_REQUEST, flood)).all()


def test_both_are_silent_on_a_quiet_day_that_loses_replies():
    quiet = run(brownout_duration=0.0, reply_loss=0.01)
    for rule in (ATTEMPTS_PER_REQUEST, ATTEMPT_RATE):
        assert np.isnan(first_alarm(rule, quiet)).all()
