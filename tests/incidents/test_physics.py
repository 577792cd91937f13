"""CI refuses a scenario whose claims the model does not bear out; each clause has a planted falsehood."""

import dataclasses
import re

import pytest

from course_lib.incidents import engine, kill_table, outcome, scenario, score
from course_lib.incidents.engine import Entry, Step
from course_lib.incidents.scenario import Fault, Way
from course_lib.incidents.truth import Run

PAGE = kill_table.PAGE.read_text(encoding="utf-8")
QUEUE = scenario.load("queue_overload")


EACH = [pytest.param(name, marks=pytest.mark.xdist_group(f"incident {name}")) for name in scenario.names()]
"""One report a scenario is worked out, in one process."""


@pytest.mark.parametrize("name", EACH)
def test_the_model_bears_out_what_the_scenario_says(name):
    assert kill_table.report(name).untrue == ()


@pytest.mark.parametrize("name", EACH)
def test_there_are_several_ways_out_and_gaming_is_none(name):
    of, ends = scenario.load(name), kill_table.report(name)
    acts = {frozenset(e.action for e in log if e.kind == "action") for log in outcome.right(of).values()}
    games = outcome.games(of)
    assert len(acts) >= (1 if of.noop else 3)
    assert len(games) >= (1 if of.noop else 5)
    assert not any(ends.wrong[game].passes for game in games)


@pytest.mark.parametrize("name", EACH)
def test_the_page_says_what_the_models_say(name):
    """All but the percentages, whose last digit may differ between platforms."""
    known, now = (re.sub(r"-?\d+ %", "%", text) for text in (PAGE, "\n".join(kill_table.section(name))))
    assert now in known, "write it anew: python -m course_lib.incidents.kill_table"


def test_the_page_holds_every_scenario_and_no_other():
    assert PAGE.startswith(kill_table.head())
    assert re.findall(r"^## .*\(`(\w+)`\)$", PAGE, re.M) == list(scenario.names())


@pytest.mark.parametrize("name", EACH)
def test_doing_nothing_and_gaming_score_low_and_the_reference_high(name):
    """With all that can be said beside: right words don't make up for users who were not spared."""
    of, batch = scenario.load(name), kill_table.batch(name)
    scored = lambda log: score.of_batch(Run(of, 0, tuple(log)), batch)  # noqa: E731
    assert scored(()).sum == 0
    assert scored(of.reference).sum > 85
    words = [entry for entry in of.reference if entry.kind in ("ack", "update", "verify")]
    guess = {"mode": "repeat_incident" if of.noop else "nothing", "cause": of.debrief.victim, "confidence": 3}
    wrong = Entry(at=0, kind="diagnosis", **guess)
    for game, log in outcome.games(of).items():
        assert scored(log).sum < 50, game
        told = sorted([wrong, *words, *log], key=lambda entry: entry.at)
        assert scored(told).sum < 65, game


def test_each_way_of_gaming_is_tried_somewhere():
    tried = {game for name in scenario.names() for game in outcome.games(scenario.load(name))}
    assert tried == {outcome.WAIT, *outcome.GAMES_IN_WORDS.values()}


def action(name, **changes):
    """The queue's actions with one changed."""
    return {"actions": tuple(a.model_copy(update=changes) if a.id == name else a for a in QUEUE.actions)}


def alert(**rule):
    first, *others = QUEUE.alerts
    return {"alerts": (first.model_copy(update={"rule": {**first.rule, **rule}}), *others)}


CROWD = QUEUE.inputs["orders"].model_copy(update={"value": 1300.0})
FALSEHOODS = {
    "a reference that does nothing": (
        {"reference": (Step(200, "roll_back"),)},
        "the reference does not end it: users lose",
    ),
    "a way that leaves a limit past its bound": (
        {"ways": (Way(id="shut", says="x", log=(*QUEUE.reference, Step(800, "many_consumers"))),)},
        "the way shut does not end it: max_consumers is left at 60",
    ),
    "a tempting log that works": (
        {"tempting": (Way(id="expire", says="x", log=(Step(200, "expire"),)),)},
        "the tempting expire ends it",
    ),
    "gaming that works": (action("expire", game="silence"), "silence the alert ends it"),
    "a red herring that helps": (action("expire", red_herring=True), "the red herring expire spares users"),
    "a harmful action that costs nothing": (action("roll_back", harmful=True), "the harmful roll_back costs users"),
    "a word before its time": (
        {"reference": (Entry(at=170, kind="ack", alert="lag"), *QUEUE.reference)},
        "the reference acknowledges lag at 170 s, before it fires",
    ),
    "a drill too short for its reference": (
        {"reference": (*QUEUE.reference[:-1], QUEUE.reference[-1].model_copy(update={"at": 700.0}))},
        "the reference takes until 700 s, and a drill of 5 minutes is over at 480 s",
    ),
    "a long drill that is none": ({"until": 900.0}, "a drill of 30 minutes is over at 900 s, as a shorter one is"),
    "an alert that never fires": (alert(above=1e9), "the alert lag never fires"),
    "a signal that does not tell": ({"tells": {"signal": "depth", "above": 1e9}}, "that should tell it does not"),
    "a signal that tells too much": ({"tells": {"signal": "depth", "below": 1e9}}, "fires on the quiet day"),
    "a quiet day that is none": ({"quiet": {"orders": 3000.0}}, "users are hurt on the quiet day"),
    "a trouble that passes by itself": (
        {"faults": (Fault(at=120, parameter="orders", value=1001.0), Fault(at=125, parameter="orders", value=900.0))},
        "the reference does not end it: users lose",
    ),
    "a page with something behind it": (
        {
            "noop": True,
            "inputs": {**QUEUE.inputs, "orders": QUEUE.inputs["orders"].model_copy(update={"value": 1300.0})},
        },
        "something is wrong from",
    ),
}


PLAYED = {}


def remembered(of, logs, seed=0):
    """An `outcome.Player` that plays once what is the same to the models: most falsehoods lie in words."""
    day = "incident" if of.noop else "again"
    keys = [repr((engine.changes(of, log, day, {}), engine.horizon(of, day), seed)) for log in logs]
    new = {key: log for key, log in zip(keys, logs, strict=True) if key not in PLAYED}
    if new:
        PLAYED.update(zip(new, outcome.play(of, list(new.values()), seed), strict=True))
    pairs = zip(keys, logs, strict=True)
    return [dataclasses.replace(PLAYED[key], scenario=of, log=tuple(log)) for key, log in pairs]


@pytest.mark.xdist_group("falsehoods")
@pytest.mark.parametrize("what", FALSEHOODS)
def test_a_planted_falsehood_is_found(what):
    changes, says = FALSEHOODS[what]
    assert any(says in line for line in outcome.examine(QUEUE.model_copy(update=changes), 0, remembered).untrue)


def test_a_way_out_that_does_not_last_is_found():
    """Two leaders again with the next cut: all was well at the end of the first."""
    brain = scenario.load("split_brain")
    fence = next(way.log for way in brain.tempting if way.id == "fence_only")
    [end] = outcome.outcomes(brain, [fence])
    assert end.against == ("the same trigger brings it back",)


def test_going_round_a_safeguard_is_no_way_out():
    bypass = action("expire", bypasses="authorisation")
    [end] = outcome.outcomes(QUEUE.model_copy(update=bypass), [QUEUE.reference])
    assert end.against == ("goes round authorisation",)
