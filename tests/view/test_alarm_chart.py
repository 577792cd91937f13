"""The figure of alarms draws what the rules do."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from course_lib import detect, manifest, view
from course_lib.detect.table import RULES
from course_lib.view import alarm_chart


@pytest.fixture
def table():
    return detect.table("hot_partition")


def test_threshold_hold_and_page_are_those_of_the_rule(table):
    rule, data = table.rules["first"], view.alarms("hot_partition", 7).picture.data
    when = float(detect.first_alarm(rule, table.run("incident", 7)))
    assert data["first incident limit"]["limit"] == [0.8]
    assert list(data["first incident page"]["at"]) == [when]
    assert list(data["first incident hold"]["start"]) == [when - 60]
    assert np.max(data["first incident line"]["seen"]) == pytest.approx(1.0, abs=0.02)
    assert len(data["first quiet page"]["at"]) == len(data["false_reading incident page"]["at"]) == 0


def test_it_says_what_it_shows_and_a_changed_rule_changes_it(table, monkeypatch):
    shown = view.alarms("hot_partition", 7, "first")
    told = detect.told(table.rules["first"], table.run("incident", 7))
    assert told.startswith("pages at 12") and f"viral key: {told}" in shown.description
    assert "quiet day: silent" in shown.description
    assert "hottest utilisation > 0.8 of capacity for 60 s" in str(shown.specs)
    deaf = dataclasses.replace(
        table, rules={**table.rules, "first": dataclasses.replace(table.rules["first"], above=2.0)}
    )
    monkeypatch.setattr(alarm_chart.detect, "table", lambda slug: deaf)
    assert "viral key: silent" in view.alarms("hot_partition", 7, "first").description
    twitchy = dataclasses.replace(table.rules["first"], hold=0.0)
    deaf.rules["first"] = twitchy
    assert "> 0.8 of capacity at any moment" in str(view.alarms("hot_partition", 7, "first").specs)


def test_a_baseline_is_drawn_from_where_it_is_known():
    line = view.alarms("hot_partition", 7, "twin").picture.data["twin twin line"]
    assert line["time"][0] > 60 and np.isfinite(line["seen"]).all()


@pytest.mark.parametrize("slug", [module.slug for module in manifest.load().built])
def test_each_threshold_can_be_told_from_its_axis(slug):
    """A twentieth of the height lies below it: 0.005 on an axis to 0.5 would lie on the axis, unless that bends."""
    shown, rules = view.alarms(slug, 7), detect.table(slug).rules
    for row, rule in zip(shown.specs[0]["vconcat"], map(rules.get, RULES), strict=True):
        scale = row["hconcat"][0]["layer"][1]["encoding"]["y"]["scale"]
        height = np.array([rule.threshold, scale["domain"][1]])
        if scale.get("type") == "symlog":
            height = np.log1p(height / scale["constant"])
            assert "logarithmic" in str(shown.specs[0]["title"])
        assert height[0] > 0.05 * height[1], rule.says


def test_a_table_with_a_clock_of_its_own_is_told_and_drawn_by_it():
    shown, table = view.alarms("repeat_incident", 7), detect.table("repeat_incident")
    when = float(detect.first_alarm(table.rules["first"], table.run("incident", 7))) / 86_400
    assert f"pages at {when:.0f} days" in shown.description and "Rules over 728 days" in shown.description
    assert "item age > 60 days for 28 days" in str(shown.specs) and "time (days)" in str(shown.specs)
    data = shown.picture.data
    assert data["first incident limit"]["limit"] == [60] and data["first incident page"]["at"] == [when]
    assert data["first incident hold"]["start"] == [when - 28] and data["first incident line"]["time"][-1] <= 728
    assert data["twin twin limit"]["limit"] == [0.1], "a share is no time"


def test_a_time_to_full_far_above_its_threshold_is_drawn_no_further_than_a_canvas_can():
    data = alarm_chart.alarms("queue_overload", 7).picture.data
    lines = [columns["seen"] for name, columns in data.items() if name.startswith("first ") and name.endswith("line")]
    assert max(line.max(initial=0.0) for line in lines) == alarm_chart.MOST * 60.0
