"""What lesson 03 says of module 03's rules, beyond what every table promises."""

from __future__ import annotations

import numpy as np

from course_lib import detect

TABLE = detect.table("split_brain")
SEEDS = np.arange(6)


def alarm(rule, day):
    return detect.first_alarm(TABLE.rules[rule], TABLE.run(day, SEEDS))


def test_the_leader_knows_that_it_is_alone_before_anybody_replaces_it():
    cut = TABLE.run("incident", SEEDS)
    assert (alarm("minority", "incident") == 43).all() and (cut.events["elected"] > 49).all()
    assert (alarm("first", "incident") > cut.events["elected"]).all()


def test_the_false_reading_is_first_on_both_days():
    for day in ("incident", "twin"):
        assert (alarm("false_reading", day) < 47).all()
    assert (alarm("false_reading", "incident") < alarm("first", "incident")).all()


def test_who_drops_heartbeats_makes_elections_and_never_two_leaders():
    twin = TABLE.run("twin", SEEDS)
    assert (twin["elections"][-1] >= 3).all() and np.isnan(alarm("first", "twin")).all()
    assert (alarm("twin", "twin") < 180).all() and np.isnan(alarm("twin", "incident")).all()
