"""What a panel and a prediction leave in a page that has no kernel."""

import dataclasses
import json

import numpy as np
import pytest

from course_lib.view import live_panel, published
from course_lib.view.coding import decoded
from course_lib.view.panel import Challenge, PhaseMap, Settings
from course_lib.view.prediction import predict, predict_curve
from tests.browser.stand_in_panel import INSTANT

SMALL = {"storm": INSTANT.presets["storm"], "healthy": INSTANT.presets["healthy"]}
MAP = PhaseMap("load", "max_retries", lambda values, seed: np.asarray(values["load"], float), "load (requests/s)")
NEVER, EASY = Challenge("Never", lambda now: False), Challenge("Easy", lambda now: True)
PANEL = dataclasses.replace(INSTANT, presets=SMALL, phase_map=MAP, challenges=(NEVER, EASY))


@pytest.fixture(scope="module")
def moving():
    return published.moving_panel(PANEL, PANEL.settings(), live_panel.page(PANEL))


def away(panel, settings):
    """How many controls stand elsewhere than in the nearest preset."""
    presets = [panel.settings(name).positions for name in panel.presets]
    return min(sum(a != b for a, b in zip(settings.positions, there, strict=True)) for there in presets)


def test_each_control_moves_alone_from_each_preset_and_nowhere_else():
    everywhere = list(published.sweep(PANEL, PANEL.settings()))
    assert len(everywhere) == len(set(everywhere)) and {away(PANEL, settings) for settings in everywhere} == {0, 1}
    for preset in PANEL.presets:
        for index, control in enumerate(PANEL.controls):
            ways = {PANEL.settings(preset).moved(index, i) for i in range(len(control.positions))}
            assert ways <= set(everywhere)


def test_a_panel_that_starts_elsewhere_moves_from_there_too():
    start = PANEL.settings(load=52)
    there = start.moved(1, 1)
    assert there in published.sweep(PANEL, start) and there not in published.sweep(PANEL, PANEL.settings())


def test_frames_and_what_comes_at_rest_are_there_for_each_and_a_map_a_preset(moving):
    back = decoded(moving["pictures"])
    keys = {settings.key for settings in published.sweep(PANEL, PANEL.settings())}
    assert set(back["frame"]) == set(back["full"]) == keys
    assert len(back["map"]) == len({live_panel.map_base(PANEL, PANEL.settings(p)).key for p in PANEL.presets})
    at = PANEL.settings("healthy", load=60)
    assert back["frame"][at.key].numbers == pytest.approx(PANEL.pictures([at]).at(0).numbers, nan_ok=True)
    assert set(back["full"][at.key].data) == set(PANEL.full(at).data)
    json.dumps(moving, allow_nan=False)


def test_challenges_are_judged_everywhere_and_those_out_of_reach_are_told(moving):
    easy, never = (dataclasses.replace(PANEL.challenges[0], test=test, at="") for test in (bool, lambda now: False))
    small = dataclasses.replace(PANEL, challenges=(never, easy), presets={"storm": PANEL.presets["storm"]})
    made = published.moving_panel(small, small.settings(), live_panel.page(small))
    assert set(made["reached"].values()) == {2} and len(made["reached"]) == len(
        published.sweep(small, small.settings())
    )
    assert made["layout"]["words"]["challenges"] == [published.FOR_THE_NOTEBOOK, ""]


def test_all_cores_together_find_what_one_finds(moving, monkeypatch):
    monkeypatch.setattr(published, "FEW", 1_000)
    assert published.moving_panel(PANEL, PANEL.settings(), live_panel.page(PANEL)) == moving


def test_settings_that_the_model_refuses_are_named_and_cost_their_neighbours_nothing():
    def run(values, seed):
        if np.max(values["load"]) > 90:
            raise ValueError("load: above 90")
        return INSTANT.run(values, seed)

    picky = dataclasses.replace(PANEL, run=run, presets={"healthy": {**SMALL["storm"], **SMALL["healthy"]}},
                                default="healthy", challenges=())  # fmt: skip
    made = published.moving_panel(picky, picky.settings(), live_panel.page(picky))
    held = set(decoded(made["pictures"])["frame"])
    loads = {key: picky.values(Settings(tuple(map(int, key.split("|")[0].split(","))), 7))["load"] for key in held}
    assert max(loads.values()) == 90
    assert set(made["refused"].values()) == {"load: above 90"} and not held & set(made["refused"])


def number():
    return predict("n", "How long?", low=0, high=300, step=5, unit="tries", default=30, missing="never")


def test_a_reveal_leaves_the_answer_open_and_holds_each_layout():
    guess = number()
    made = published.reveal(guess.reveal(45.0, says="So it is."))
    # Below the model's 45 and just above it the lower answer's words stand beyond the other's rule.
    assert [one["value"] for one in made["samples"]] == [0, 45, 50, 215, "never"]
    assert made["spans"] == [(0, 0), (45, 1), (50, 2), (105, 1), (215, 3)]
    assert (made["default"], made["one"]) == (30, "try")
    for one in made["samples"]:
        words = json.dumps(one["specs"])
        assert "predicted {answer} ({how}); the model says 45" in words and "{who}: {answer}" in words
    assert guess.said == "predicted 30 tries (a stored default; nobody predicted here)", "and stands as it stood"


@pytest.mark.parametrize("truth", [0.0, 45.0, 150.0, 152.5, 299.0, "never"])
def test_each_number_is_drawn_with_its_words_on_its_own_sides(truth):
    guess = number()
    answers, spans = guess.samples(truth)
    for value in range(0, 301, 5):
        which = [index for first, index in spans if first <= value][-1]
        assert guess._sides(answers[which], truth) == guess._sides(value, truth), value
    assert answers[-1] == "never" and len({index for _, index in spans}) == len(answers) - 1


def test_an_answer_close_to_the_truth_has_a_layout_of_its_own():
    guess = number()
    assert len(guess.samples(150.0)[0]) > len(guess.samples("never")[0])


def test_a_curve_has_a_sample_a_letter():
    x = np.arange(5.0)
    which = predict_curve("c", "Which?", x=x, curves={"up": x, "down": -x}, default="down", x_title="x", y_title="y")
    made = published.reveal(which.reveal(2 * x, nearest="A"))
    assert [(one["value"], one["caption"]) for one in made["samples"]] == [("A", "A (up)"), ("B", "B (down)")]
    drawn = decoded(made["samples"][1]["pictures"])["frame"]["|0"].data["run"]
    assert drawn["predicted"].tolist() == [0, -1, -2, -3, -4] and drawn["truth"].tolist() == [0, 2, 4, 6, 8]


def test_a_question_is_asked_without_its_answer():
    assert published.question(number()) == {
        "kind": "question",
        "name": "n",
        "question": dict(kind="number", question="How long?", low=0, high=300, step=5, unit="tries", missing="never"),
    }
