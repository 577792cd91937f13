"""The arithmetic of the latency benchmark; the drags themselves need a browser and a quiet machine."""

import math

from benchmarks import slider_latency
from benchmarks.coded_panel import coded, dragged
from tests.browser.stand_in_panel import PANEL


def test_an_input_is_answered_by_its_own_frame_or_a_later_one():
    inputs = [(0, 10), (30, 20), (60, 30), (90, 40)]
    frames = [(5, 0), (40, 10), (85, 30), (130, 40)]
    assert slider_latency.responses(inputs, frames) == [40, 55, 25, 40]


def test_an_input_that_is_never_drawn_is_not_forgotten():
    assert slider_latency.responses([(0, 10), (30, 20)], [(20, 10)]) == [20, math.inf]


def test_a_frame_drawn_before_its_input_answers_nothing():
    assert slider_latency.responses([(50, 10)], [(20, 10), (70, 10)]) == [20]


def test_a_missed_bar_is_marked():
    row = {"panel": "course_lib.view.x:PANEL", "drag": "ahead", "p50": 59, "p95": 101, "last": 150, "full": 251}
    line = slider_latency.table([row]).splitlines()[1]
    assert line.split()[1:] == ["ahead", "59", "101!", "150", "251!"]


def test_the_coding_chart_is_one_more_and_its_red_tells_the_position():
    assert dragged(PANEL).name == "load"
    assert dragged(PANEL, "depth").name == "depth"
    added = coded(PANEL).specs[len(PANEL.specs) :]
    assert len(added) == 1
    assert "datum['load'] - 20) / 100 * 250" in str(added[0]["mark"])
