"""Every module's table of detection: the first signal fires, the false reading misleads, quiet days are quiet."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from course_lib import detect, manifest
from course_lib.detect.table import DAYS, RULES

BUILT = [module.slug for module in manifest.load().built]
SEEDS = np.arange(6)


def faults(table: detect.Table) -> list[str]:
    """What a table promises and does not keep, over some seeds."""
    traces = {day: table.run(day, SEEDS) for day in DAYS}
    alarm = {(rule, day): detect.first_alarm(table.rules[rule], traces[day]) for rule in RULES for day in DAYS}
    fires = {case: np.isfinite(when) for case, when in alarm.items()}

    def paged(day: str) -> np.ndarray:
        return np.isfinite(detect.first_alarm(table.alert, traces[day]))

    silent_in_need, cries = (
        ~fires["false_reading", "incident"],
        fires["false_reading", "twin"] & ~fires["first", "twin"],
    )
    kept = {
        "the first signal fires on the incident": fires["first", "incident"],
        "the false reading misleads: silent on the incident, or on the twin as loud": silent_in_need | cries,
        "the twin's signal fires on the twin": fires["twin", "twin"],
        "the twin's signal is silent on the incident": ~fires["twin", "incident"],
        "the twin's signal is silent on the look-alike": ~fires["twin", "lookalike"],
        "the first signal is silent on the look-alike": ~fires["first", "lookalike"],
        "one is paged on the incident": paged("incident"),
        **{f"one is not paged on the {day}": ~paged(day) for day in ("quiet", "twin", "lookalike")},
        **{f"{rule} is silent on the quiet day": ~fires[rule, "quiet"] for rule in RULES},
    }
    return [what for what, held in kept.items() if not held.all()]


@pytest.mark.parametrize("slug", BUILT)
def test_a_table_keeps_what_it_promises(slug):
    assert faults(detect.table(slug)) == []


@pytest.mark.parametrize("slug", BUILT)
def test_every_rule_says_what_to_do(slug):
    assert all(len(rule.says) > 20 for rule in detect.table(slug).rules.values())


def planted(**changes) -> detect.Table:
    """Module 04's table with some rules exchanged."""
    table = detect.table("hot_partition")
    return dataclasses.replace(table, rules={**table.rules, **changes})


HOT = detect.table("hot_partition").rules["first"]
PLANTED = {
    "the first signal fires on the incident": dict(first=dataclasses.replace(HOT, above=1.5)),
    "the false reading misleads: silent on the incident, or on the twin as loud": dict(false_reading=HOT),
    "the twin's signal fires on the twin": dict(twin=dataclasses.replace(HOT, above=1.5)),
    "the twin's signal is silent on the incident": dict(twin=HOT),
    "first is silent on the quiet day": dict(first=dataclasses.replace(HOT, above=0.1)),
    "the first signal is silent on the look-alike": dict(first=dataclasses.replace(HOT, above=0.7, hold=5.0)),
    "the twin's signal is silent on the look-alike": dict(twin=dataclasses.replace(HOT, above=0.7, hold=5.0)),
    "one is paged on the incident": dict(alert=dataclasses.replace(HOT, above=1.5)),
    "one is not paged on the twin": dict(alert=HOT),
    "one is not paged on the lookalike": dict(alert=dataclasses.replace(HOT, above=0.7, hold=5.0)),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_named(fault):
    assert fault in faults(planted(**PLANTED[fault]))


def test_a_table_without_its_days_or_rules_is_refused():
    table = detect.table("hot_partition")
    with pytest.raises(ValueError, match="lacks lookalike, false_reading"):
        dataclasses.replace(
            table,
            days={name: day for name, day in table.days.items() if name != "lookalike"},
            rules={name: rule for name, rule in table.rules.items() if name != "false_reading"},
        )
