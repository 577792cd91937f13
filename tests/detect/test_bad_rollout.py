"""What lesson 11 says of its signals, over seeds."""

from __future__ import annotations

import numpy as np

from course_lib import detect

TABLE = detect.table("bad_rollout")
SEEDS = np.arange(20)


def fires(rule: str, day: str) -> np.ndarray:
    return np.isfinite(detect.first_alarm(TABLE.rules[rule], TABLE.run(day, SEEDS)))


def test_the_difference_speaks_an_hour_before_the_level():
    trace = TABLE.run("incident", SEEDS)
    first, late = (detect.first_alarm(TABLE.rules[rule], trace) for rule in ("first", "false_reading"))
    assert (late - first > 3000).all()


def test_weather_moves_the_level_and_not_the_difference():
    assert fires("false_reading", "weather").all() and not fires("first", "weather").any()


def test_a_gate_is_done_before_anybody_is_paged():
    assert not fires("page", "gated").any()
