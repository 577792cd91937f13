"""Lesson 12: presets, challenges, and every figure that its prose states."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import detect
from course_lib.lessons import repeat_incident as show
from course_lib.theory import detection, learning

PANEL = show.PANEL


def facts(preset: str | None = None, **values) -> dict:
    at = PANEL.settings(preset, **values)
    return PANEL.facts(at, PANEL.pictures([at]).at(0), PANEL.full(at))


def test_the_presets_are_what_they_are_called():
    storm, healthy, cliff, fixed, over = (facts(name) for name in PANEL.presets)
    assert storm["lie_second"] > 4 * storm["done_second"] and storm["mean_second"] < 20
    assert healthy["mean_second"] < 12 and fixed["mean_second"] < storm["mean_second"] < cliff["mean_second"]
    assert over["false_pages"] > 30 and over["waiting"] > 100 and over["mean_burned"] > 3 * storm["mean_burned"]


def test_each_challenge_can_be_reached_and_none_is_reached_from_the_start():
    first = PANEL.settings()
    assert not any(PANEL.reached(first, PANEL.pictures([first]).at(0), PANEL.full(first)))
    for number, challenge in enumerate(PANEL.challenges):
        at = PANEL.settings(**challenge.example)
        assert PANEL.reached(at, PANEL.pictures([at]).at(0), PANEL.full(at))[number]


@pytest.mark.parametrize("completion", [0.0, 0.5, 0.9])
def test_a_lower_threshold_changes_who_tells_and_hardly_the_harm(completion):
    high, low = (show.teams(completion=completion, page_burn=burn) for burn in (14.4, 2.0))
    assert 0.85 < low["failed 2"] / high["failed 2"] < 1.0
    assert low["told"] < 30 < 60 < high["told"] and low["incidents 2"] == pytest.approx(high["incidents 2"], abs=0.5)
    assert 6 < low["pages"] < 9 and high["pages"] < 0.1


def test_what_the_prediction_and_the_table_say():
    before, after = (show.teams(completion=0.0, page_burn=burn) for burn in (14.4, 2.0))
    assert 1 < 100 * (1 - after["failed 2"] / before["failed 2"]) < 8
    table = show.ways_out().data.set_index("team")
    harm = table["harm (monthly budgets)"].astype(float)
    assert harm["items that mitigate it sooner"] < 0.5 * harm["items lie"]
    assert harm["one item in five is finished"] < harm["page at a burn of 2"] < harm["items lie"]
    assert harm["near misses are reviewed"] < harm["nine in ten"] < harm["twelve items from each review"]


def test_two_years_begin_alike_and_part():
    shown = show.two_years(7)
    lie, done = (shown.picture.data["incidents"][name] for name in ("lie", "done"))
    assert (lie[:13] == done[:13]).all() and lie[-1] > 2 * done[-1] and shown.png()[:4] == b"\x89PNG"


def test_longer_documents_finish_less():
    year_two = [show.teams(items_each=items)["incidents 2"] for items in (1, 4, 12)]
    assert year_two[0] < year_two[1] < 0.6 * year_two[2]
    off, on = (show.teams(effectiveness=0.3, verified=word)["incidents 2"] for word in ("off", "on"))
    assert on < 0.75 * off


def test_points_lie_on_the_closed_form():
    data = show.repeats(600).picture.data["run"]
    np.testing.assert_allclose(data["mean"], learning.repeats_before_fix(1 / 30, 1 / data["days"]), atol=0.25)
    assert 100 * float(learning.chance_of_repeat(1 / 30, 1 / 45)) == pytest.approx(60)


def test_what_ten_incidents_say():
    assert 0.1 < show.mean_times(7)[2] < 0.2 and float(learning.spread_of_mean(1.2, 10)) > 0.5
    assert show.means_of_ten().png()[:4] == b"\x89PNG"
    data = show.counts(7, 400).picture.data
    off = np.abs(data["run"]["seen"] - data["theory"]["mixed"]).sum()
    assert off < 0.7 * np.abs(data["run"]["seen"] - data["theory"]["poisson"]).sum()


def test_the_figures_of_windows_and_pages():
    assert float(detection.time_to_alert(0.05, 0.999, 3600.0, 14.4)) / 60 == pytest.approx(17.3, abs=0.03)
    assert np.isinf(detection.time_to_alert(0.01, 0.999, 3600.0, 14.4))
    assert float(detection.time_to_alert(0.01, 0.999, 21_600.0, 6.0)) / 3600 == pytest.approx(3.6)
    assert round(float(detection.page_precision(0.001, 0.95, 0.01)), 3) == 0.087
    assert float(learning.open_items(4, 5, 3)) == 60 and np.isinf(learning.settled_backlog(8.0, 1 / 1.5, 6.0))
    assert show.windows().png()[:4] == b"\x89PNG"


def test_the_table_of_windows_and_the_objective_that_is_refused():
    table = show.burn_table(0.999).data.set_index("windows")
    assert list(table["burn above"]) == ["14.4", "6", "3", "1"] and list(table["to"]) == ["page"] * 2 + ["ticket"] * 2
    assert list(table["errors above"]) == ["1.44%", "0.60%", "0.30%", "0.10%"]
    assert table.loc["1 h, 5 min", ["at 100 %", "at 10 %", "at 2 %"]].tolist() == ["51.8 s", "8.64 min", "43.2 min"]
    assert table.loc["6 h, 30 min", ["at 100 %", "at 10 %", "at 2 %"]].tolist() == ["2.16 min", "21.6 min", "1.8 h"]
    assert list(table["budget spent"]) == ["2%", "5%", "10%", "10%"] and table["quiet after"].iloc[0] == "4.93 min"
    with pytest.raises(ValueError, match=r"burn of 14\.4 .* is impossible, a total outage burns 10"):
        show.burn_table(0.9)


def test_a_service_with_ten_requests_an_hour():
    assert float(detection.burn_rate(0.1, 0.999)) == pytest.approx(100)
    assert float(detection.budget_of_failures(1, 10 / 3600, 0.999)) == pytest.approx(0.139, abs=0.0005)
    pages = 720 * detection.chance_of_alert(0.001, 10 / 3600, 0.999, 3600.0, 14.4, [1, 3])
    assert 7 < pages[0] < 7.3 and pages[1] < 0.001


def test_what_harms_most_is_found_soon_anyway():
    """Of all harm, that of the time until somebody knows is small; of the time itself it is not."""
    p = show.TEAM.replace(completion=0.0)
    finding = p.replace(ack_time=0.0, mitigate_time=1.0, spread=0.0)
    runs = [show.simulate(one, np.arange(32), until=show.UNTIL) for one in (finding, p)]
    harm, time = ([run[name][-1].mean() for run in runs] for name in ("failed", "resolve_time"))
    assert harm[0] < 0.1 * harm[1] and time[0] > 0.3 * time[1]


def test_the_mean_time_to_resolve_tells_the_two_lives_not_apart():
    p = show.TEAM.replace(completion=np.array([0.0, 0.9]))
    trace = show.simulate(p, np.arange(32)[:, None], until=show.UNTIL)
    lie, done = (trace["resolve_time"][52:, :, i] for i in (0, 1))
    assert 0.2 < (done < lie).mean() < 0.8
    shown = show.two_years(7).picture.data["resolve_time"]
    assert np.isnan(shown["done"]).any() and np.nanmin(shown["done"]) > 0


def test_the_map_says_that_completion_decides_and_the_threshold_hardly_does():
    few, many = (show.burned_second({**PANEL.values(PANEL.settings()), "completion": np.array([c] * 3), "page_burn":
                 np.array([1.0, 14.4, 100.0])}, 7) for c in (0.0, 1.0))  # fmt: skip
    assert few.min() > 3 * many.max() and np.ptp(few) < 0.3 * few.max()


def test_the_map_is_of_the_teams_of_the_band_and_no_teams_luck_makes_an_island_in_it():
    settings = PANEL.settings()
    burns, done = (next(c.positions for c in PANEL.controls if c.name == name) for name in ("page_burn", "completion"))
    cells = np.meshgrid(burns, done[4:8])  # .2 to .35: where four teams had an island of 6 budgets in 24
    values = {**PANEL.values(settings), "page_burn": cells[0].ravel(), "completion": cells[1].ravel()}
    harm = show.burned_second(values, settings.seed).reshape(cells[0].shape)
    assert np.ptp(harm, axis=1).max() < 0.1 * show.MAP.high
    here = show.burned_second(
        {**PANEL.values(settings), "page_burn": np.array([PANEL.values(settings)["page_burn"]])}, settings.seed
    )
    assert here[0] == pytest.approx(PANEL.full(settings).numbers["mean_burned"], rel=1e-9)


def test_each_day_has_a_rule_of_its_own():
    table = detect.table("repeat_incident")
    loud = {
        day: [rule for rule in ("first", "twin") if detect.told(table.rules[rule], table.run(day, 7)) != "silent"]
        for day in table.days
    }
    assert loud == {"incident": ["first"], "quiet": [], "twin": ["twin"], "lookalike": []}
    incident = table.run("incident", 7)
    first, late = (float(detect.first_alarm(table.rules[rule], incident)) for rule in ("first", "repeats"))
    assert first < late
