"""What lesson 09 says of module 09's rules, beyond what every table promises."""

from __future__ import annotations

import numpy as np

from course_lib import detect

TABLE = detect.table("metastable_failure")
SEEDS = np.arange(4)


def test_the_standing_line_speaks_minutes_before_either_trigger():
    for day in ("incident", "twin"):
        pages = detect.first_alarm(TABLE.rules["first"], TABLE.run(day, SEEDS))
        assert (pages < 240 - 120).all()


def test_throughput_is_silent_through_the_whole_outage():
    run = TABLE.run("incident", SEEDS)
    assert np.isnan(detect.first_alarm(TABLE.rules["false_reading"], run)).all()
    assert run["goodput"][-100:].max() == 0 and run["throughput"][-100:].min() > 2500
    assert run["throughput"][-100:].mean() > 2970


def test_full_workers_are_true_on_both_days():
    for day in ("incident", "twin"):
        assert np.isfinite(detect.first_alarm(TABLE.rules["full"], TABLE.run(day, SEEDS))).all()
