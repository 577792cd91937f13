"""What lab 05 shows and says, computed."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.labs import queue_overload as charts
from course_lib.models.queue_overload import simulate

BURST = dict(burst_rate=2000.0, burst_duration=120.0, service_rate=100.0, partitions=24.0, objective=10.0, refused=0.1)


def blank(*_):
    raise NotImplementedError("blank")


def test_the_days_of_the_lab():
    double, gentle = (simulate(p, 7, until=charts.UNTIL) for p in (charts.DOUBLE, charts.GENTLE))
    assert double["late_rate"].sum() / double["throughput"].sum() > 0.8 and double["oldest_age"].max() > 110
    assert np.isnan(double.events["recovered"])
    assert charts.crossed(gentle) == (111.0, 158.0)
    assert gentle["late_rate"].sum() / gentle["throughput"].sum() == pytest.approx(0.39, abs=0.01)


def test_what_is_blank_is_said_and_what_is_written_is_shown():
    for shown, words in (
        (charts.paused(blank, 7), "pause is still blank"),
        (charts.scaled(blank, 7), "scale is still"),
    ):
        assert words in str(shown.specs) and shown.png()[:4] == b"\x89PNG"
    assert charts.chosen(blank, BURST) is None
    assert "choose is still blank" in charts.tried(blank, BURST, 7).data.to_string()
    run = simulate(charts.GENTLE, 7, until=200.0)
    assert (charts.told(run, blank).data["full"] == "blank").all()
    told = charts.told(run, lambda depth, mu, deadline, bound: (bound - depth[-1], mu * deadline - depth[-1])).data
    assert told["full"].str.startswith("in ").all()


def test_policies_written_are_drawn_beside_nothing():
    paused = charts.paused(lambda wait, deadline, delay: np.clip(wait / deadline - 0.3, 0, 0.4) / 0.4, 7)
    assert paused.picture.data["run"]["line1"].max() < 10 < 100 < paused.picture.data["run"]["line0"].max()
    scaled = charts.scaled(lambda backlog, cpu, mu, deadline, partitions, database: 16.0 + 0 * backlog, 7)
    assert scaled.picture.data["run"]["line1"].max() < 20


def test_one_burst_under_several_settings():
    table = charts.tried(lambda *_: (np.array([17.0]), np.array([15_300.0])), BURST, 7).data.set_index("settings")
    age, refused = table.iloc[:, 1].str.rstrip(" s").astype(float), table.iloc[:, 2].str.rstrip("%").astype(float)
    assert age["ten, no bound"] > 100 and refused["ten, a bound of 1 s"] == 50
    assert age["yours"] < 10 and refused["yours"] <= 10


def test_the_fewest_consumers_are_found_by_trying():
    assert charts.fewest(BURST, 7) == 17 and charts.fewest(BURST | {"partitions": 16.0}, 7) == 0
