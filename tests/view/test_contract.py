"""What every panel keeps, whatever it shows: at its corners, and wherever a learner may drag it."""

from __future__ import annotations

import dataclasses
import importlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from course_lib.manifest import load
from course_lib.view import corners
from course_lib.view.panel import Challenge, Panel, Readout, Settings
from course_lib.view.phase_map import chart as map_chart
from course_lib.view.picture import Picture
from tests.browser.stand_in_panel import INSTANT, PANEL

LESSONS = Path(__file__).parents[2] / "course_lib" / "lessons"
SLUGS = [module.slug for module in load().modules if (LESSONS / f"{module.slug}.py").exists()]
BUILT = {module.slug for module in load().built}
EXAMPLES = int(os.environ.get("COURSE_CONTRACT_EXAMPLES", "0"))
WEEKLY = bool(os.environ.get("COURSE_WEEKLY"))


def panel_of(slug: str, name: str) -> Panel:
    return vars(importlib.import_module(f"course_lib.lessons.{slug}"))[name]


def every_panel() -> list[Any]:
    """Each panel of each lesson: most have one, called PANEL."""
    known = {slug: vars(importlib.import_module(f"course_lib.lessons.{slug}")) for slug in SLUGS}
    assert all(isinstance(names.get("PANEL"), Panel) for names in known.values())
    named = [(slug, name) for slug, names in known.items() for name, it in names.items() if isinstance(it, Panel)]
    return [pytest.param(slug, name, id=slug if name == "PANEL" else f"{slug}-{name}") for slug, name in named]


PANELS = pytest.mark.parametrize(("slug", "name"), every_panel())


@pytest.mark.slow
@PANELS
def test_a_panel_stands_examination(slug, name):
    corners.examine(panel_of(slug, name))
    assert slug not in BUILT or list(corners.idle(panel_of(slug, name))) == []


@pytest.mark.parametrize("panel", [PANEL, INSTANT], ids=["with a spread", "instant"])
def test_the_stand_in_stands_examination(panel):
    corners.examine(panel)


@st.composite
def dragged(draw, panel: Panel) -> list[Settings]:
    """Draw where a drag of one open slider begins and ends: any position of every control, any seed."""
    positions = [draw(st.integers(0, len(control.positions) - 1)) for control in panel.controls]
    start = Settings(tuple(positions), draw(st.integers(0, 2**31 - 1)))
    slider = draw(st.sampled_from(panel.main_sliders))
    return [start, start.moved(slider, draw(st.integers(0, len(panel.controls[slider].positions) - 1)))]


@PANELS
def test_wherever_it_is_dragged(slug, name):
    examine_drawn(panel_of(slug, name), EXAMPLES or (40 if WEEKLY else 1))


def examine_drawn(plain: Panel, examples: int) -> None:
    """Examine a panel at settings that are drawn: finite, silent, and in company as alone."""

    @settings(
        max_examples=examples,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        phases=tuple(Phase) if EXAMPLES else (Phase.generate,),  # making a failure smaller takes minutes
        suppress_health_check=list(HealthCheck),
    )
    @given(dragged(plain))
    def drawn(several):
        panel = corners.Remembering(plain)
        assert [finding for one in several for finding in corners.findings_at(panel, one)] == []
        assert list(corners.company(panel, several)) == []

    drawn()


def test_corners_are_all_there():
    places = set(corners.corners(PANEL))
    ends = [(0, len(PANEL.controls[i].positions) - 1) for i in PANEL.main_sliders]
    assert len({s.positions[:4] for s in places if all(s.positions[i] in ends[i] for i in range(4))}) == (
        16 if WEEKLY else 8
    )
    assert {PANEL.settings(name) for name in PANEL.presets} <= places
    assert {s.positions[5] for s in places} == {0, 1, 2}, "every choice is tried"


# ---- each planted failure turns it red ----------------------------------------------------------------------------


def spoiled(**fields):
    return dataclasses.replace(INSTANT, **fields)


def altered(change):
    def run(values, seed):
        picture = INSTANT.run(values, seed)
        return change(values, picture)

    return run


def divides(values, picture):
    return Picture(picture.data, {**picture.numbers, "goodput": 1.0 / (values["load"] - 20.0)})


def depends_on_company(values, picture):
    run = {**picture.data["run"], "naive": picture.data["run"]["naive"] + 1e-3 * len(np.atleast_1d(values["load"]))}
    return Picture({**picture.data, "run": run}, picture.numbers)


def takes_the_first(values, seeds):
    return PANEL.spread({name: np.ravel(value)[0] for name, value in values.items()}, seeds)


def infinite(values, picture):
    run = {
        **picture.data["run"],
        "naive": np.where(np.asarray(values["load"]) > 100, np.inf, picture.data["run"]["naive"]),
    }
    return Picture({**picture.data, "run": run}, picture.numbers)


def too_wide(chart):
    chart = chart.copy()
    chart.width = "wide"  # `properties` would look at it at once
    return chart


def wrong_way_round():
    """The map's logarithm on the axis that begins at 0, as it stands where the two controls are exchanged."""
    lines, *_ = PANEL.charts()
    return [lines, map_chart(PANEL.phase_map, "load (requests/s)", "retries (per call, log scale)", log_ticks=(20, 80))]


FREE = Challenge("one move may do", lambda now: now["load"] > 80)


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize(
    ("panel", "finding"),
    [
        (spoiled(run=altered(divides)), "at load=20, .*FloatingPointError: divide by zero"),
        (spoiled(run=altered(depends_on_company)), "a batch gives other numbers"),
        (dataclasses.replace(PANEL, together=2, spread=takes_the_first), "a spread of several settings gives other"),
        (spoiled(run=altered(infinite)), r"at load=120, .*run\.naive is infinite"),
        (spoiled(readouts=(Readout("ghost", "ghost"),)), "nothing computes the readout 'ghost'"),
        (spoiled(challenges=(Challenge("x", lambda now: now["typo"] > 0),)), "KeyError: 'typo'"),
        (spoiled(challenges=(Challenge("x", lambda now: now["load"] >= 80),)), "'x' is reached from the start"),
        (spoiled(challenges=(Challenge("x", lambda now: now["load"] > 80, {"load": 78}),)), "'x' is not reached by"),
        (spoiled(challenges=(FREE, Challenge("x", lambda now: now["load"] >= 100))), "'x' falls to load"),
        (
            spoiled(challenges=(FREE, Challenge("x", lambda now: now["max_retries"] == 1))),
            "'x' falls to the preset 'fixed'",
        ),
        (spoiled(captions={}), "the preset 'healthy' has no caption"),
        (spoiled(captions={**PANEL.captions, "calm": "no"}), "the caption 'calm' belongs to no preset"),
        (spoiled(charts=lambda: [*INSTANT.charts(), *INSTANT.charts()]), "two charts are described alike"),
        (
            spoiled(charts=lambda: [too_wide(INSTANT.charts()[0])]),
            "a chart is no Vega-Lite: 'wide' is not",
        ),
        (spoiled(charts=lambda: PANEL.charts()[:1]), "a chart draws from 'band', which nothing computes"),
        (dataclasses.replace(PANEL, charts=wrong_way_round), "the map's axis of load is logarithmic, and its title"),
        (
            dataclasses.replace(
                PANEL, charts=wrong_way_round, phase_map=dataclasses.replace(PANEL.phase_map, x="max_retries")
            ),
            "max_retries reaches 0, which the map's",
        ),
    ],
)
def test_examination_finds(panel, finding):
    with pytest.raises(AssertionError, match=finding):
        corners.examine(panel)


def test_a_slider_that_changes_nothing_is_named():
    assert list(corners.idle(PANEL)) == []
    deaf = spoiled(run=altered(lambda values, _: INSTANT.run({**values, "load": 80.0}, 7)))
    assert "load changes nothing" in list(corners.idle(deaf))


def test_a_challenge_of_two_moves_stands():
    two = Challenge("x", lambda now: now["load"] > 100 and now["max_retries"] == 5, {"load": 110, "max_retries": 5})
    corners.examine(spoiled(challenges=(FREE, two)))


@pytest.mark.parametrize("fault", [depends_on_company, infinite])
def test_drawn_settings_find(fault):
    with pytest.raises(AssertionError):
        examine_drawn(spoiled(run=altered(fault)), 40)


def test_every_corner_and_its_spread_are_examined_once_a_week(monkeypatch):
    monkeypatch.delenv("COURSE_WEEKLY", raising=False)
    few, often = corners.spread_at(PANEL), set(corners.corners(PANEL))
    assert few < often and {PANEL.settings(name) for name in PANEL.presets} < few
    monkeypatch.setenv("COURSE_WEEKLY", "1")
    every = set(corners.corners(PANEL))
    assert corners.spread_at(PANEL) == every > often
