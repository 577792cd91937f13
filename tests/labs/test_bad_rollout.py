"""The charts and tables of lab 11: they draw with answers blank and written, and say what the lab says."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.checks.bad_rollout import _first, _z
from course_lib.labs import bad_rollout as charts
from course_lib.models.bad_rollout import Parameters, simulate
from course_lib.theory import rollouts


def blank(*_):
    raise NotImplementedError("Task 1")


def gate(canary, errors, control, others, false_alarm):
    return (_z(canary, errors, control, others) > rollouts.normal_quantile(1 - false_alarm / len(canary))).any(axis=0)


def plan(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    cells, alarm = np.ceil(1 / exposure), 1 - (1 - spurious) ** (1 / metrics)
    needed = rollouts.requests_per_arm(usual, worse, alarm, power) * cells / rate
    return cells, 60 * np.ceil(np.maximum(needed, onset + 120) / 60), alarm


def test_sixty_looks_are_sixty_chances():
    stopped = (charts.z_of(*charts.watched(7, 4000)) > 1.645).any(axis=0).mean()
    assert stopped == pytest.approx(rollouts.false_alarm_of_looks(0.05, 60), abs=0.03)
    table = charts.peeked(7, _first, 1000).data.set_index("rule")
    good = [float(text.rstrip("%")) for text in table["good changes stopped"]]
    after = [float(text.removesuffix(" min")) for text in table["after"]]
    assert good[0] <= 7 and good[1] > 20 and good[2] <= 5
    assert after[1] <= after[2] < 10 < after[0] == 60
    assert charts.peeked(7, blank, 100).data.iloc[-1].tolist() == ["yours", *["still blank"] * 3]


def test_the_dashboard_shows_where_a_test_stops():
    shown = charts.walks(7, _first)
    assert len(shown.picture.data["stops"]["look"]) == 1 and shown.png()[:4] == b"\x89PNG"
    assert (
        "sequential is still blank" in str(charts.walks(7, blank).specs)
        and not charts.walks(7).picture.data["stops"]["z"]
    )


def test_two_of_four_canaries_are_bad_and_not_those_that_look_it():
    table = charts.regions(gate).data.set_index("canary")
    assert table["your gate"].tolist() == ["go on", "go on", "stop", "stop"]
    fails = {name: float(text.rstrip("%")) for name, text in table["fails"].items()}
    assert fails["b"] > 2 and fails["c"] - 0.5 == pytest.approx(0.05, abs=0.01)
    assert charts.regions(blank).data["your gate"].tolist() == ["still blank"] * 4
    assert charts.region_table().data.shape == (4, 5)


def test_cells_share_everything_and_chance_has_bad_luck():
    table = charts.fates(blank).data.set_index("workers")
    assert table["most in common"].tolist() == ["4", "3", "still blank"]
    assert table["left with no worker"].tolist()[0] == "up to 9 of 49"


def test_the_service_as_it_was_and_under_a_plan():
    table = charts.planned(plan, 7).data
    was, yours = table["as it was"].tolist(), table["yours"].tolist()
    assert was[3:] == ["100%", "100%"] and yours[3:] == ["6%", "6%"]
    assert float(was[1].rstrip("%")) > 20 and float(was[2].rstrip("%")) < 75
    assert float(yours[0].replace(",", "").removesuffix(" s")) <= 3000 and float(yours[2].rstrip("%")) > 84
    assert charts.planned(blank, 7).data["yours"].tolist() == ["still blank"] * 5 and charts.chosen(blank) is None


def test_a_bake_of_ten_minutes_misses_a_leak_after_forty():
    day = Parameters(dt=60.0, fault="leak", onset=2400.0, fault_share=0.9, canary_share=0.05, second_share=1.0,
                     third_share=1.0, bake_time=600.0, assign="customers", customers=100, alarm_above=1.0)  # fmt: skip
    assert simulate(day, until=6000.0)["customers_hit"][-1] == pytest.approx(1.0)
