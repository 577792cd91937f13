"""A panel as data: what it refuses, what it computes, what it says without a browser."""

import dataclasses

import pytest

from course_lib.models.schedule import Schedule
from course_lib.view.live_panel import page
from course_lib.view.panel import Challenge, Panel, Picture, Settings, Slider
from tests.browser.stand_in_panel import INSTANT, PANEL


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


def spoiled(**fields):
    return dataclasses.replace(INSTANT, **fields)


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


def test_panels_are_typed_as_data():
    assert dataclasses.is_dataclass(Panel)
    with pytest.raises(dataclasses.FrozenInstanceError):
        PANEL.title = "other"
