"""What lesson 07 says of module 07's rules, beyond what every table promises."""

from __future__ import annotations

import numpy as np

from course_lib import detect

TABLE = detect.table("discovery_failure")
SEEDS = np.arange(6)


def test_the_age_pages_two_minutes_before_connections_fail():
    down = TABLE.run("incident", SEEDS)
    pages = detect.first_alarm(TABLE.rules["first"], down)
    fails = np.array([down.time[np.argmax(down["new_success"][:, i] < 0.8)] for i in range(6)])
    assert (fails - pages > 120).all()
    assert np.isnan(detect.first_alarm(TABLE.rules["first"], TABLE.run("twin", SEEDS))).all()


def test_the_false_reading_fires_on_both_days_and_late_on_the_incident():
    rule = TABLE.rules["false_reading"]
    incident, twin = (detect.first_alarm(rule, TABLE.run(day, SEEDS)) for day in ("incident", "twin"))
    assert np.isfinite(twin).all() and (incident > 450).all() and np.mean(incident > 540) > 0.8


def test_open_connections_are_green_until_the_registry_is_back():
    down = TABLE.run("incident", SEEDS)
    assert down["existing_success"][:300].min() > 0.999
    assert (detect.first_alarm(TABLE.rules["existing"], down) > 900).all()
    assert (detect.first_alarm(TABLE.rules["errors"], down) < 700).all()
