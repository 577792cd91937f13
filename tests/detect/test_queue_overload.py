"""What lesson 05 says of module 05's rules, beyond what every table promises."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import detect

TABLE = detect.table("queue_overload")
SEEDS = np.arange(6)


def alarm(rule: str, day: str) -> np.ndarray:
    return detect.first_alarm(TABLE.rules[rule], TABLE.run(day, SEEDS))


def test_the_trend_pages_before_the_first_doomed_message_the_age_after_it_and_the_length_after_the_burst():
    incident = TABLE.run("incident", SEEDS)
    doomed, ends = incident.events["first_doomed"], incident.events["trigger_ends"]
    assert (alarm("first", "incident") <= doomed).all()
    assert ((alarm("age", "incident") > doomed) & (alarm("age", "incident") < doomed + 15)).all()
    assert (alarm("length", "incident") > ends + 20).all()


def test_cpu_is_silent_while_consumers_wait_for_a_slow_database():
    blocked = TABLE.run("blocked", SEEDS)
    slow = (blocked.time > 70) & (blocked.time <= 180)
    assert blocked["cpu"][slow].mean() == pytest.approx(0.6, abs=0.01)
    assert (alarm("cpu", "blocked") > 180).all() and (alarm("first", "blocked") < 90).all()


def test_a_poison_flood_overloads_with_an_eighth_more_messages():
    flood = TABLE.run("twin", SEEDS)
    assert flood["producer_rate"][60:180].mean() == pytest.approx(900, rel=0.01)
    assert flood["throughput"][150:180].mean() == pytest.approx(1000, rel=0.02)
    assert (alarm("twin", "twin") < alarm("first", "twin")).all()
