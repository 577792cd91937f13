"""What lesson 08 says of module 08's rules, beyond what every table promises."""

from __future__ import annotations

import numpy as np

from course_lib import detect

TABLE = detect.table("cascading_failure")
SEEDS = np.arange(6)


def test_the_database_speaks_before_the_gateway_and_the_users():
    incident = TABLE.run("incident", SEEDS)
    first, gateway, users = (
        detect.first_alarm(TABLE.rules[name], incident) for name in ("first", "false_reading", "errors")
    )
    assert (first < gateway).all() and (users - first > 9).all() and (users - first < 15).all()


def test_the_gateways_rule_fires_on_both_days_and_what_it_waits_for_on_one():
    twin = TABLE.run("twin", SEEDS)
    assert np.isfinite(detect.first_alarm(TABLE.rules["false_reading"], twin)).all()
    assert np.isnan(detect.first_alarm(TABLE.rules["first"], twin)).all()
    assert (
        detect.first_alarm(TABLE.rules["twin"], twin) < detect.first_alarm(TABLE.rules["false_reading"], twin)
    ).all()


def test_more_gateways_do_not_help():
    more = TABLE.days["incident"].replace(gateway_workers=[300, 900, 3000])
    trace = TABLE.simulate(more, SEEDS[:, None], until=150)
    assert trace["goodput"][220:].mean(axis=0).max() < 5
