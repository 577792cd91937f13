"""A panel as data: what it refuses, what it computes, what it says without a browser."""

import dataclasses

import numpy as np
import pytest

from course_lib.models.schedule import Schedule
from course_lib.view import corners
from course_lib.view.live_panel import page
from course_lib.view.panel import Challenge, Panel, Picture, Readout, Settings, Slider
from tests.browser.stand_in_panel import INSTANT, PANEL


def test_the_stand_in_stands_examination():
    corners.examine(PANEL)


def changed(**fields):
    return lambda: dataclasses.replace(INSTANT, **fields)


EXTRA = tuple(Slider(name, name, 0, 1, 0.5) for name in "abcde")
CROWDED = {**PANEL.presets["storm"], **dict.fromkeys("abcde", 0)}


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (changed(default="calm"), "the default preset 'calm' is not among the presets"),
        (changed(presets={"storm": {"load": 80}}), "the default preset leaves out 'backoff'"),
        (changed(presets={**PANEL.presets, "odd": {"load": 81}}), "load = 81: the panel's positions are 20 requests/s"),
        (changed(presets={**PANEL.presets, "odd": {"lode": 80}}), "no control 'lode'"),
        (changed(controls=(*PANEL.controls, *EXTRA), presets={"storm": CROWDED}), "9 open sliders, at most 4"),
    ],
)  # fmt: skip
def test_bad_data_is_refused_in_one_line(make, wrong):
    with pytest.raises(ValueError, match=wrong) as refusal:
        make()
    assert "\n" not in str(refusal.value)


def test_settings_know_their_key_and_neighbours():
    settings = Settings((3, 1, 4), seed=7)
    assert settings.key == "3,1,4|7"
    assert settings.moved(1, 9) == Settings((3, 9, 4), seed=7)


def test_a_preset_fills_up_from_the_default():
    assert PANEL.values("healthy") == {**PANEL.presets["storm"], "load": 50, "max_retries": 0}
    assert PANEL.values(PANEL.settings("healthy", load=52))["load"] == 52


def test_the_instant_stand_in_stands_it_too():
    corners.examine(INSTANT)


def test_without_a_front_end_a_panel_is_a_picture_with_words(capsys, monkeypatch):
    monkeypatch.setenv("COURSE_VIEW", "static")
    live = PANEL.show("over-fixed")
    assert live.values["max_retries"] == 0
    assert live.numbers["goodput"] == pytest.approx(79.3, abs=0.5)
    assert "goodput at the end 79.3 requests/s" in live.describe()
    live._ipython_display_()
    assert "A brownout and its retries" in capsys.readouterr().out


def test_the_page_is_json_even_with_no_limit():
    import json

    unlimited = Slider("budget", "budget", values=(0.1, float("inf")))
    controls = tuple(unlimited if control.name == "budget" else control for control in PANEL.controls)
    about = page(dataclasses.replace(INSTANT, controls=controls, presets={"storm": PANEL.presets["storm"]}))
    json.dumps(about, allow_nan=False)
    assert about["controls"][3]["values"] == [0.1, None]
    assert about["controls"][3]["texts"] == ["0.1", "no limit"]


# ---- what `examine` must find: each planted failure turns it red ---------------------------------------------------


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


def infinite(values, picture):
    run = {
        **picture.data["run"],
        "naive": np.where(np.asarray(values["load"]) > 119, np.inf, picture.data["run"]["naive"]),
    }
    return Picture({**picture.data, "run": run}, picture.numbers)


FREE = Challenge("one move may do", lambda now: now["load"] > 80)


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize(
    ("panel", "finding"),
    [
        (spoiled(run=altered(divides)), "at load=20, .*FloatingPointError: divide by zero"),
        (spoiled(run=altered(depends_on_company)), "a batch gives other numbers"),
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
        (spoiled(charts=lambda: PANEL.charts()[:1]), "a chart draws from 'band', which nothing computes"),
    ],
)
def test_examination_finds(panel, finding):
    with pytest.raises(AssertionError, match=finding):
        corners.examine(panel)


def test_a_challenge_of_two_moves_stands():
    two = Challenge("x", lambda now: now["load"] > 100 and now["max_retries"] == 5, {"load": 110, "max_retries": 5})
    corners.examine(spoiled(challenges=(FREE, two)))


@dataclasses.dataclass(frozen=True)
class Base:
    """A stand-in for a model's parameters: who changes what is in the metadata."""

    load: float = dataclasses.field(default=80.0, metadata={"by": "world"})
    max_retries: float = dataclasses.field(default=3.0, metadata={"by": "operator"})
    depth: Schedule = dataclasses.field(default=Schedule(0.3, ((60.0, 1.0),)), metadata={"by": "world"})
    budget: float = 0.1
    defended: str = "on"

    def replace(self, **values):
        return dataclasses.replace(self, **values)


def test_a_base_fills_the_default_preset_and_maps_switches():
    panel = spoiled(base=Base(), presets={**PANEL.presets, "storm": {"backoff": "none"}})
    assert panel.values() == PANEL.values()
    assert panel.parameters({"load": 50, "defended": False}) == Base(load=50, defended="off")
    assert [panel.group(control) for control in panel.controls[:3]] == ["the day", "defences", "the day"]
    assert panel.group(panel.controls[4]) == "defences", "its own group wins"


def test_a_challenge_at_a_preset_holds_the_day_and_frees_the_defences():
    goal = Challenge("x", lambda now: True, at="storm", but={"depth": 0.5})
    panel = spoiled(base=Base(), challenges=(goal,))
    nothing = Picture({}, {})
    reached = [
        panel.reached(panel.settings(**values), nothing, nothing)
        for values in ({}, {"depth": 0.5}, {"depth": 0.5, "max_retries": 0}, {"depth": 0.5, "load": 50})
    ]
    assert reached == [[False], [True], [True], [False]]
    with pytest.raises(ValueError, match="set at 'calm', which is no preset"):
        spoiled(challenges=(dataclasses.replace(goal, at="calm"),))


def test_axes_of_the_map_are_named_by_its_controls():
    assert PANEL.map_titles() == ("load (requests/s)", "retries (per call)")
    assert PANEL.map_titles(log="load")[0] == "load (requests/s, log scale)"


def test_corners_are_all_there():
    places = set(corners.corners(PANEL))
    ends = [(0, len(PANEL.controls[i].positions) - 1) for i in PANEL.main_sliders]
    assert len({s.positions[:4] for s in places if all(s.positions[i] in ends[i] for i in range(4))}) == 16
    assert {PANEL.settings(name) for name in PANEL.presets} <= places
    assert {s.positions[5] for s in places} == {0, 1, 2}, "every choice is tried"


def test_panels_are_typed_as_data():
    assert dataclasses.is_dataclass(Panel)
    with pytest.raises(dataclasses.FrozenInstanceError):
        PANEL.title = "other"


def test_the_spread_is_examined_everywhere_once_a_week(monkeypatch):
    monkeypatch.delenv("COURSE_WEEKLY", raising=False)
    few, every = corners.spread_at(PANEL), set(corners.corners(PANEL))
    assert few < every and {PANEL.settings(name) for name in PANEL.presets} < few
    monkeypatch.setenv("COURSE_WEEKLY", "1")
    assert corners.spread_at(PANEL) == every
