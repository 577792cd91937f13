"""What lesson 11 shows and says, computed."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import detect
from course_lib.lessons import bad_rollout as show
from course_lib.models.bad_rollout import Parameters, simulate
from course_lib.models.trace import Record
from course_lib.theory import rollouts

PANEL = show.PANEL


def facts(preset: str = "storm", **values) -> dict[str, float]:
    settings = PANEL.settings(preset, **values)
    return PANEL.facts(settings, PANEL.pictures([settings]).at(0), PANEL.full(settings))


def reached(**values) -> list[bool]:
    settings = PANEL.settings(**values)
    return PANEL.reached(settings, PANEL.pictures([settings]).at(0), PANEL.full(settings).at(0))


# -- the panel -------------------------------------------------------------------------------------------------------


def test_the_presets_are_what_they_are_called():
    storm, healthy, fixed, over = (facts(name) for name in ("storm", "healthy", "fixed", "over-fixed"))
    assert (storm["harmed_push"], storm["harmed_staged"], storm["harmed_cells"]) == pytest.approx((6000, 6960, 300))
    assert storm["harmed_gated"] < 30 and storm["found"] == 100 and storm["takes"] == 90
    assert all(healthy[f"harmed_{name}"] == 0 for name in show.PLANS) and healthy["false_rollbacks"] <= 10
    assert 20 <= facts("cliff edge")["found"] <= 80  # luck decides
    assert fixed["takes"] == 45 and fixed["harmed_gated"] <= 120 and fixed["found"] == 100
    assert over["false_rollbacks"] > 80 and over["takes"] == 180


def test_each_challenge_can_be_reached_and_none_is_reached_from_the_start():
    assert reached() == [False, False, False]
    assert reached(bake_time=600)[0] and not reached(bake_time=1500)[0]
    small = dict(fault_share=0.001, canary_share=0.1, bake_time=1200)
    assert reached(**small, gate="fixed")[1] and not reached(**small)[1], "built for five times, it finds no doubling"
    assert reached(**small, gate_ratio=2)[1]
    assert reached(fault="load", cells=100)[2] and not reached(fault="load", canary_share=0.001)[2]


def test_labels_never_lie_over_each_other():
    for values in ({}, dict(cells=1), dict(fault_share=0.0), dict(fault_share=0.0005), dict(fault="load", cells=1)):
        settings = PANEL.settings(**values)
        ends = np.sort([float(np.ravel(place)[0]) for place in PANEL.pictures([settings]).at(0).data["ends"].values()])
        assert (np.diff(np.log10(ends) / np.log10(show.TOP)) > show.GAP - 1e-6).all() and ends[-1] <= show.TOP * 1.001


def test_labels_stand_as_near_to_their_lines_as_they_can():
    settings = PANEL.settings(canary_share=0.001, bake_time=300, fault_share=0.0005, cells=2)
    picture = PANEL.pictures([settings]).at(0)
    place = lambda value: np.log10(float(np.ravel(value)[-1])) / np.log10(show.TOP)  # noqa: E731
    lines, words = ({name: place(picture.data[data][name]) for name in show.PLANS} for data in ("run", "ends"))
    assert np.ptp(list(lines.values())) < show.GAP / 2, "four lines that end together"
    assert max(abs(words[name] - lines[name]) for name in show.PLANS) < 1.6 * show.GAP


def test_the_fault_just_below_the_alarm_harms_more_than_the_one_above_it():
    """Over all open sliders: a push of a fault at 0.45 % against the same at 0.5 % and at 2 %."""
    values = {
        name: value if isinstance(value, str) else np.full(3, value) for name, value in PANEL.values("storm").items()
    }
    values["fault_share"] = np.array([0.0045, 0.005, 0.02])
    for other in (dict(), dict(cells=1), dict(bake_time=300), dict(canary_share=0.3)):
        day = {**values, **{name: np.full(3, value) for name, value in other.items()}}
        below, at, above = show.run(day, 7).numbers["harmed_push"]
        assert below > 3 * above > at


# -- the lesson's figures --------------------------------------------------------------------------------------------


def test_stages_that_nobody_compares_harm_more_than_the_push():
    four = show.four_ways(7)
    assert "push to all: 6,000" in four.description and "stages: 6,960" in four.description
    assert "20 cells: 300" in four.description and four.png()[:4] == b"\x89PNG"
    gated = float(four.picture.data["run"]["gated"][-1])
    assert gated < 60


def test_points_lie_on_the_curves_of_the_power():
    data = show.power_curves(150).picture.data
    for name in ("five", "two"):
        wanted = np.interp(data["run"]["sampled"], data["theory"]["sampled"], np.ravel(data["theory"][name]))
        assert np.abs(data["run"][name] - wanted)[1:].max() < 12
    sizes = [float(rollouts.requests_per_arm(0.001, worse)) for worse in (0.005, 0.002)]
    assert sizes == [3198, 25_649]
    assert [round(n / (0.01 * 1000) / 60) for n in sizes] == [5, 43]
    assert pytest.approx(540) == 30 * 0.01 * 1800


def test_halving_the_difference_costs_two_to_four_times_the_requests_wherever_the_slider_stands():
    positions = next(np.array(c.positions) for c in show.PANEL.controls if c.name == "fault_share")
    more = positions[positions > 0]
    whole, half = (rollouts.requests_per_arm(0.001, 0.001 + d) for d in (more, more / 2))
    times = half / whole
    assert 2 < times.min() < 2.3 and 3.5 < times.max() < 4
    assert (np.diff(times) < 0).all(), "the more, the smaller the difference is"


def test_thirty_looks_stop_nearly_a_quarter_of_the_good_changes_and_a_sequential_test_does_not():
    data = show.looks(7, 200).picture.data
    assert data["theory"]["peeking"][-1] == pytest.approx(24, abs=0.5)
    assert 15 < data["run"]["peeking"][-1] < 33 and max(data["run"]["sequential"]) <= 5


def test_the_table_of_plans():
    table = show.ways_out(8).data.set_index("plan").drop(columns="price")
    harmed = table.map(lambda text: float(text.replace(",", "")))
    stages, sequential, cells = (harmed.loc[name] for name in ("stages, nobody compares", "sequential test",
                                                              "20 cells, the alarm alone"))  # fmt: skip
    assert harmed.loc["push", "0.2 %"] > 2 * harmed.loc["push", "2 %"]
    assert stages["2 %"] == 6960 and cells["2 %"] == 300 and sequential["2 %"] < 60
    assert sequential["0.2 %"] < 200 < 10_000 < min(cells["0.2 %"], stages["0.2 %"])
    assert cells["2 % under load"] < sequential["2 % under load"] < stages["2 % under load"]
    long = harmed.loc["sequential, canary 10 %, bake 1 h"]
    assert long["2 % after 50 min"] < sequential["2 % after 50 min"]
    assert min(stages["2 % in one region"], cells["2 % in one region"]) > 30_000 > 100 > sequential["2 % in one region"]


def test_what_bites_back():
    assert f"{float(rollouts.false_rollback(0.01, 4, 10)):.0%}" == "33%"
    fired = {}
    for gate in ("threshold", "sequential"):
        trace = simulate(show.weather().replace(gate=gate), np.arange(20), until=3000, record=Record((), every=60.0))
        fired[gate] = np.isfinite(trace.events["gate_fired"]).sum()
    assert fired["threshold"] == 20 and fired["sequential"] <= 1
    day = Parameters(dt=60.0, fault_share=0.0, region_baseline=0.01, canary_mix=0.6, gate="fixed", canary_share=0.05)
    mixed = [np.isfinite(simulate(day.replace(strata=s), np.arange(20), until=3000).events["gate_fired"]).sum()
             for s in ("pooled", "by region")]  # fmt: skip
    assert mixed[0] == 20 and mixed[1] <= 2
    day = Parameters(dt=60.0, fault_share=0.0005, canary_share=0.1, second_share=1, third_share=1, bake_time=3600)
    built = [np.isfinite(simulate(day.replace(gate_ratio=r), np.arange(20), until=3900).events["gate_fired"]).sum()
             for r in (5, 1.5)]  # fmt: skip
    assert built[0] <= 6 and built[1] == 20
    assert float(rollouts.slowest_push(0.05, 600)) / 60 == 200


def test_at_the_half_stage_a_gate_does_not_see_versions_that_cannot_talk():
    plan = Parameters(dt=60.0, fault="skew", canary_share=0.5, second_share=1, third_share=1, alarm_above=1.0)
    trace = simulate(plan, np.arange(20), until=2000)
    assert np.isnan(trace.events["gate_fired"]).all() and trace["skewed_share"].max() == pytest.approx(0.5)


def test_who_shares_a_fate():
    table = show.poisoned().data.set_index("workers")
    lost, dark = (table.iloc[:, i].tolist() for i in range(2))
    assert lost == ["100.00%", "20.00%", "20.00%", "0.02%"] and dark == ["100.00%", "20.00%", "0.02%", "0.02%"]
    assert rollouts.shards(20, 4) == 4845


def test_each_day_has_a_rule_of_its_own():
    table = detect.table("bad_rollout")
    loud = {
        day: sorted(rule for rule in table.rules if detect.told(table.rules[rule], table.run(day, 7)) != "silent")
        for day in table.days
    }
    assert loud == {"incident": ["false_reading", "first", "page"], "quiet": [], "gated": [],
                    "twin": ["false_reading", "page", "twin"], "weather": ["false_reading", "page"],
                    "lookalike": ["false_reading", "page"]}  # fmt: skip
    incident = table.run("incident", 7)
    first, late = (float(detect.first_alarm(table.rules[rule], incident)) for rule in ("first", "false_reading"))
    assert first < 600 and late > 3900


def test_how_long_until_one_error():
    assert float(rollouts.requests_for_an_error(0.005)) / 10 == pytest.approx(60, abs=1)
