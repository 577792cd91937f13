"""What lesson 10 says of module 10's rules, beyond what every table promises."""

from __future__ import annotations

import numpy as np

from course_lib import detect

TABLE = detect.table("gray_failure")
SEEDS = np.arange(6)


def test_the_disagreement_pages_with_the_callers_first_verdict():
    for day in ("incident", "twin"):
        pages = detect.first_alarm(TABLE.rules["first"], TABLE.run(day, SEEDS))
        assert ((pages > 60) & (pages <= 74)).all()


def test_checks_medians_and_hosts_own_errors_are_silent_on_both_days():
    for day in ("incident", "twin"):
        run = TABLE.run(day, SEEDS)
        for name in ("false_reading", "fast", "servers"):
            assert np.isnan(detect.first_alarm(TABLE.rules[name], run)).all(), (day, name)
        assert (detect.first_alarm(TABLE.rules["users"], run) < 75).all()
