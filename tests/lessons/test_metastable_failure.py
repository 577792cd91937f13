"""What lesson 09 and its lab show and say, computed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from course_lib.labs import metastable_failure as lab
from course_lib.lessons import metastable_failure as show
from course_lib.models import simulation
from course_lib.models.metastable_failure import simulate, with_valve
from course_lib.models.trace import Record
from course_lib.theory import metastable

PANEL = show.PANEL
SEED = 7
LAB = Path(__file__).parents[2] / "labs" / "09_metastable_failure.ipynb"


def numbers(preset: str = "storm", *, seeds: bool = False, **values) -> dict[str, float]:
    settings = PANEL.settings(preset, **values)
    run = PANEL.pictures([settings]).at(0)
    return {**run.numbers, **(PANEL.full(settings).numbers if seeds else {})}


# -- the panel -------------------------------------------------------------------------------------------------------


def test_the_presets_are_what_they_are_called():
    storm, healthy, fixed, over = (numbers(name) for name in ("storm", "healthy", "fixed", "over-fixed"))
    assert storm["answered_end"] == 0 and np.isnan(storm["left"]) and storm["hidden"] == 750
    assert storm["advertised"] == pytest.approx(show.ADVERTISED, abs=25)
    assert min(one["answered_end"] for one in (healthy, fixed, over)) > 95
    assert fixed["hidden"] == fixed["advertised"] > 2000 and over["dropped"] < healthy["dropped"]
    assert 10 <= numbers("cliff edge", seeds=True)["down_share"] <= 90  # luck decides


def test_no_settings_come_back_to_a_load_that_they_do_not_carry():
    retries, budgets = np.repeat(np.arange(7), 7), np.tile([0.0, 0.05, 0.1, 0.2, 0.5, 1.0, np.inf], 7)
    for deadline in (0.05, 0.1, 1.0):
        told = dict(max_retries=retries, retry_budget=budgets, deadline=np.full(49, deadline))
        numbers = show.run({**PANEL.values("storm"), "arrival_rate": np.full(49, 600.0), **told}, SEED).numbers
        assert (numbers["hidden"] <= numbers["advertised"]).all()


def test_the_wall_of_the_map_moves_with_retries_and_never_with_the_deadline():
    wall = {
        **PANEL.values("storm"),
        "arrival_rate": np.array([675.0, 900.0, 1400.0]),
        "trigger_duration": np.full(3, 20),
    }
    for deadline in (0.05, 0.1, 0.3, 1.0):
        assert (show.back({**wall, "deadline": np.full(3, deadline)}, SEED) > 0.9).tolist() == [True, False, False]
    assert (show.back({**wall, "max_retries": np.full(3, 1)}, SEED) > 0.9).all()
    assert not (show.back({**wall, "max_retries": np.full(3, 6)}, SEED) > 0.9).any()


def test_the_trigger_that_is_survived_shrinks_with_the_load():
    lengths = np.arange(0, 21)
    longest = []
    for load in range(900, 2101, 150):
        settings = {**PANEL.values("storm"), "arrival_rate": np.full(21, load), "trigger_duration": lengths}
        longest.append(lengths[show.back(settings, SEED) > 0.9].max(initial=-1))
    assert (np.diff(longest) <= 0).all() and longest[0] >= 8 and longest[-1] == -1


# -- the prose -------------------------------------------------------------------------------------------------------


def test_the_climb_falls_above_one_capacity_and_comes_back_below_the_other():
    fell, back = show.turning_points(show.ramp(show.NAIVE, SEED))
    assert show.ADVERTISED < fell < 1.1 * show.ADVERTISED and 0.85 * show.HIDDEN < back < show.HIDDEN
    fell, back = show.turning_points(show.ramp(show.FIXED, SEED))
    assert back > 0.9 * fell


def test_the_ordinary_day_fails_with_all_workers_busy():
    day = simulate(show.NAIVE, SEED, until=150)
    rows = [2 * second - 1 for second in (15, 25, 60, 150)]
    assert day["state"][rows].tolist() == [1, 2, 2, 2]
    assert day["goodput"][rows[1:]].max() == 0 and day["utilisation"][rows[2:]].min() > 0.999
    assert day["throughput"][-100:].mean() == pytest.approx(3000, rel=0.01)
    assert day["attempt_rate"][-1] == pytest.approx(7200, rel=0.02)


def test_longer_deadlines_and_better_caches_move_the_first_capacity_alone():
    table = show.movers().data.set_index("change")
    advertised, hidden = table.iloc[:, 0], table.iloc[:, 1]
    assert hidden[["as it is", "deadline of a second", "deadline of 50 ms"]].tolist() == [750, 750, 750]
    assert advertised["deadline of a second"] == pytest.approx(1.36 * advertised["as it is"], rel=0.01)
    assert hidden["one retry"] == 2 * 750 and advertised["one retry"] == pytest.approx(advertised["as it is"], rel=0.02)
    cache = metastable.cache_capacities(300, np.array([0.9, 0.95, 0.99]))
    assert (cache[0] == 300).all() and cache[1].round().tolist() == [3000, 6000, 30_000]


def test_other_lessons_systems_stop_coming_back_where_the_table_says():
    table = show.measured(SEED).data
    assert table["came back at"].tolist() == ["280", "250", "300"]
    assert table["stayed down at"].tolist() == ["320", "300", "none tried"]
    assert table["formula (requests/s)"].tolist() == ["300", "60", "60"]


def test_what_people_do_ends_when_the_table_says():
    table = show.ways_out(SEED).data.set_index("from 60 s on")
    over, lost = table.iloc[:, 0], table.iloc[:, 1].str.replace(",", "").astype(float)
    assert (over[["wait", "shut for 10 s", "half of the users for 60 s"]] == "never").all()
    assert over["shut for 15 s"] == "75" and over["shut for 60 s"] == "120"
    assert lost["shut for 15 s"] < lost["shut for 60 s"] < lost["wait"]
    assert lost.idxmin() == "a budget of 0.2 all the time"


def test_a_valve_that_opens_early_or_is_content_falls_again():
    for seconds, answered in ((12.0, False), (15.0, True)):
        run = simulate(show.NAIVE.replace(admitted=show.shut(60.0, seconds)), SEED, until=240)
        assert (run["goodput"][-60:].mean() > 1700) == answered
    again = show.NAIVE.replace(capacity=show.twice(), trigger_size=0.0, admitted=show.shut(60.0, 15.0))
    run = simulate(again.replace(retry_budget=[np.inf, 0.2]), SEED, until=250)
    assert run["goodput"][280].min() > 1600 and (run["goodput"][-40:].mean(axis=0) > 1600).tolist() == [False, True]


def test_a_third_more_workers_are_as_full():
    run = simulate(show.NAIVE.replace(workers=40), SEED, until=150)
    assert run["goodput"][-1] == 0 and run["utilisation"][-1] > 0.999


def test_simulated_fleets_lie_on_the_closed_curves():
    data = {name: np.ravel(column) for name, column in show.states(SEED).picture.data["run"].items()}
    low, _, high = metastable.fixed_points(data["load"], 100.0, 3, 0.1)
    half = len(low) // 2
    np.testing.assert_allclose(data["attempts"][:half], low[:half], rtol=0.05)
    failed = np.isfinite(high[half:])
    np.testing.assert_allclose(data["attempts"][half:][failed], high[half:][failed], rtol=0.05)


# -- the lab ---------------------------------------------------------------------------------------------------------


def halving(tried, answered, advertised):
    low = np.where(answered > 0.5, tried, 0).max(axis=0)
    high = np.where(answered <= 0.5, tried, advertised).min(axis=0)
    return np.where(high - low <= 0.05 * advertised, 0, (low + high) / 2)


def ramping(admitted, failing, attempts, load, hidden, capacity):
    wider = np.where(attempts < 0.65 * capacity, np.minimum(admitted + 0.05, 1), admitted)
    return np.where(failing > 0.2, 0.0, wider)


def budget(load, capacity, degradation, max_retries, margin):
    left = capacity * (1 - degradation)
    most = np.minimum(left / (margin * load) - 1, max_retries)
    return most, left / (1 + most)


def blank(*_):
    raise NotImplementedError("blank")


@pytest.mark.parametrize("seed", [SEED, 21])
def test_the_labs_experiments_find_its_hidden_capacity(seed):
    low, high = lab.bracket(halving, seed)
    step = 0.05 * lab.advertised(seed)
    assert low - step <= lab.hidden(seed) <= high + step and high - low <= step
    assert lab.advertised(seed) > 1.15 * 2052 > 1.15 * lab.hidden(seed)


def test_a_short_experiment_measures_too_much():
    loads = np.arange(300.0, 2100.0, 25.0)
    short = simulate(lab.system(SEED).replace(arrival_rate=loads), SEED, until=300)
    assert loads[short["goodput"][-1] > 0.5 * loads].max() > 1.5 * lab.hidden(SEED)


def test_the_valve_ends_both_storms_and_the_budget_needs_none():
    runs = lab.manned(ramping, SEED)
    naive, yours = runs["nobody at the valve"], runs["yours"]
    assert naive["goodput"][-1] == 0 and yours["goodput"][260] > 1900 and yours["goodput"][-1] > 1900
    runs = lab.repaired(budget, SEED)
    assert runs["as it was"]["goodput"][-1] == 0 and runs["yours"]["goodput"][-1] > 1900


def test_a_valve_that_opens_in_ten_minutes_turns_away_what_the_lab_says():
    def opening(seconds):
        def share(admitted, failing, attempts, load, hidden, capacity):
            wider = np.where(attempts < 0.65 * capacity, np.minimum(admitted + 1 / seconds, 1), admitted)
            return np.where(failing > 0.2, 0.0, wider)

        return share

    models = [with_valve(opening(seconds), since=lab.MANNED, delay=3.0) for seconds in (20.0, 600.0)]
    record = Record(("dropped",), every=800.0)
    fast, slow = (simulation.simulate(m, lab.system(SEED), SEED, until=800, record=record)["dropped"] for m in models)
    assert slow[-1] - fast[-1] == pytest.approx(595_000, abs=1000)
    assert "nearly 600,000 more away than one that opens in twenty seconds" in LAB.read_text(encoding="utf-8")


def test_the_labs_charts_say_what_is_blank_and_draw_what_is_not():
    assert "next_load is still blank" in str(lab.experiments(blank, SEED).specs)
    assert "5 experiments" in str(lab.experiments(halving, SEED).specs)
    assert list(lab.manned(blank, SEED)) == ["nobody at the valve"] and list(lab.repaired(blank, SEED)) == ["as it was"]
    assert lab.bracket(blank, SEED)[0] == 0 and lab.asked(lambda: ...) is None
