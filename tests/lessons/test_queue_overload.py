"""What lesson 05 shows and says, computed."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.lessons import queue_overload as show
from course_lib.models.queue_overload import Parameters, simulate
from course_lib.theory import queueing
from course_lib.view import corners

PANEL = show.PANEL


def numbers(preset: str, **values) -> dict[str, float]:
    settings = PANEL.settings(preset, **values)
    return PANEL.facts(settings, PANEL.pictures([settings]).at(0), PANEL.full(settings))


def reached(**values) -> list[bool]:
    return corners.reached(PANEL, PANEL.settings(**values))


# -- the panel -------------------------------------------------------------------------------------------------------


def test_the_presets_are_what_they_are_called():
    storm, healthy, fixed, over = (numbers(name) for name in ("storm", "healthy", "fixed", "over-fixed"))
    assert storm["in_time"] < 30 and storm["late"] > 70 and storm["first_doomed"] == 17 and storm["back"] == 327
    assert healthy["in_time"] > 99.9 and healthy["late_seeds"] == 0 and np.isnan(healthy["first_doomed"])
    assert 10 <= numbers("cliff edge")["late_seeds"] <= 90  # luck decides
    assert fixed["late"] == 0 and fixed["in_time"] == pytest.approx(93.5, abs=0.3) and fixed["most_consumers"] == 16
    assert over["late"] == 0 and over["in_time"] < fixed["in_time"] - 4 and over["most_consumers"] == 10


def test_each_challenge_can_be_reached_and_none_is_reached_from_the_start():
    assert reached() == [False, False, False]
    assert reached(burst_rate=1200)[0] and not reached(burst_rate=1120)[0]
    assert reached(expiry=True, max_consumers=16)[1]
    for one in ({"bound": 8.0}, {"max_consumers": 16}, {"bound": 9.0, "max_consumers": 24, "partitions": 24}):
        assert not reached(**one)[1], one
    assert reached(poison_share=0.05, bound=8.0)[2] and not reached(bound=8.0)[2]
    assert not reached(poison_share=0.05)[2]


def test_the_largest_burst_and_all_that_is_done_of_it_stay_on_the_chart():
    most = {c.name: c.positions[-1] for c in PANEL.controls if c.name in ("burst_rate", "consumers", "partitions")}
    run = PANEL.pictures([PANEL.settings(**most)]).data["run"]
    assert min(run[name].max() for name in ("demand", "goodput", "throughput")) > show.TOP
    assert max(run[name].max() for name in ("demand", "goodput", "throughput")) < show.HIGHEST


def test_around_the_deadline_a_bound_changes_nearly_everything_and_on_either_side_little():
    bounds = np.array([2.0, 9.0, 12.0, np.inf])
    values = {**PANEL.values("storm"), "bound": bounds, "burst_rate": np.full(4, 1600.0)}
    good = show.in_time(values, 7)
    assert good[1] > good[0] > 0.87 and good[1] - good[0] < 0.03
    assert good[2] < 0.7 and good[3] < 0.3


def test_on_the_map_a_bound_makes_a_slope_of_a_cliff_and_partitions_end_it():
    values = {**PANEL.values("storm"), "consumers": np.array([10, 12, 14, 16, 20]), "burst_rate": np.full(5, 1600.0)}
    cliff, slope = (show.in_time({**values, "bound": np.full(5, bound)}, 7) for bound in (np.inf, 8.0))
    assert cliff[0] < 0.3 and cliff[3] > 0.99 and slope.min() > 0.88
    assert cliff[3] == cliff[4] and slope[3] == slope[4]


# -- the lesson's figures --------------------------------------------------------------------------------------------


def test_the_prediction():
    trace = simulate(Parameters(), 7, until=600)
    assert trace.events["recovered"] - 180 == 327
    late = (trace.time > 90) & (trace.time <= 500)
    assert trace["goodput"][late].mean() < 5 and trace["utilisation"][late].mean() > 0.999
    assert trace["throughput"][late].mean() == pytest.approx(1000, rel=0.01)


def test_the_first_doomed_message_comes_17_s_into_the_burst_and_the_collapse_is_longer_than_the_burst():
    assert queueing.first_doomed(1600, 1000, 10).round(1) == 16.7
    first, last = queueing.late_answers(1600, 120, 800, 1000, 10)
    assert (first.round(1), last) == (26.7, 440.0)
    assert queueing.late_answers(1200, 120, 800, 1000, 10)[1] - 120 == 80


def test_simulated_collapses_lie_on_the_closed_form():
    data = show.collapse(7).picture.data
    theory = np.interp(data["run"]["rate"], data["theory"]["rate"], data["theory"]["last"])
    far = data["run"]["rate"] >= 1150
    np.testing.assert_allclose(data["run"]["seen"][far], theory[far], atol=20)
    assert (data["run"]["seen"][:2] == 0).all()
    # A fifth too much for 120 s: the burst's second half is late, and 80 s after it.
    assert [float(x) for x in queueing.late_answers(1200, 120, 800, 1000, 10)] == [60, 200]


def test_three_gauges_reach_their_alarm_one_after_the_other():
    run = show.three_clocks(7).picture.data["run"]
    full = {name: run["time"][np.argmax(run[name] >= 100)] for name in ("doom", "age", "depth")}
    assert full["doom"] == 77 and 86 <= full["age"] <= 88 and full["depth"] >= 178


def test_the_table_of_defences():
    table = show.ways_out(seeds=2).data.set_index("alone")
    share = {name: table[name].str.rstrip("%").astype(float) for name in table.columns[:4]}
    good, late = share["in time"], share["too late"]
    assert good.is_monotonic_decreasing or (np.diff(good) < 0.06).all()
    assert good["scale to 16, refuse beyond 8 s"] > 93 and good["refuse beyond 8 s of work"] > 88
    assert good["push back beyond 8 s"] == good["nothing"] < 30
    assert late["refuse beyond 8 s of work"] == 0 and late["refuse beyond 20 s of work"] > 20
    assert late["newest first"] > 10 and late["scale to 16 consumers"] > 30
    assert good["scale to 16, refuse beyond 4 s"] < good["refuse beyond 8 s of work"]
    assert share["never sent"]["all producers pause at 3 s of work"] > 10


def test_where_refusing_costs_a_bound_must_be_shorter():
    p = Parameters(burst_rate=2500.0, bound=[2.0, 5.0], rejection_cost=0.3)
    late = simulate(p, 7, until=200)["late_rate"].sum(axis=0)
    assert late[0] == 0 < 1000 < late[1]
    assert queueing.shed_goodput(2500, 1000, 0.3).round() == 357


def test_more_consumers_than_partitions_do_nothing():
    p = Parameters(consumers=[10, 16, 24], burst_rate=2000.0)
    done = simulate(p, 7, until=180)["throughput"][100:].mean(axis=0)
    assert done[1] == done[2] == pytest.approx(1600, rel=0.01)
    # Nor do they make a bound, told in seconds of work, longer, or anybody's wait shorter: the panel's slider.
    for bound in (0.5, 8.0, 10.0, np.inf):
        many = [PANEL.settings(consumers=count, bound=bound, burst_rate=2000) for count in (16, 20, 24)]
        drawn = PANEL.pictures(many)
        for found in (*drawn.data["run"].values(), *drawn.numbers.values()):
            found = np.asarray(found, float)
            if found.shape[-1:] == (3,):
                np.testing.assert_array_equal(found[..., 1:], found[..., :1].repeat(2, -1))


def test_charts_speak():
    both = show.before_after()
    assert all(len(shown.description) > 60 for shown in (both, show.three_clocks(), show.collapse()))
    assert both.png()[:4] == b"\x89PNG"
