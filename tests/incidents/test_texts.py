"""What scenarios say: nobody in our stories is careless; and somebody tries to use the confusion."""

import pytest

from course_lib.incidents import game, outcome, scenario, score
from course_lib.incidents.session import Session
from course_lib.incidents.truth import Run
from course_lib.incidents.world import World
from course_lib.postmortem import language

EVERY = [scenario.load(name) for name in scenario.names()]
LESSONS = {"feedback", "risk", "why_tempting", "why", "lesson", "question", "says", "costs_per_quiet_day"}
"""Where another course of things is what is to be learnt; elsewhere it has no place (L3)."""


def blameful(plain, field=""):
    """Texts of a scenario that miss a rule of language, with the rule."""
    if isinstance(plain, dict):
        for name, value in plain.items():
            yield from blameful(value, name)
    elif isinstance(plain, list | tuple):
        for value in plain:
            yield from blameful(value, field)
    elif isinstance(plain, str):
        missed = language.told(plain, "timeline")
        yield from ((plain, rule) for rule in missed if not (rule == "L3" and field in LESSONS))


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.id)
def test_nobody_in_our_stories_is_careless(one):
    assert list(blameful(one.model_dump(mode="json"))) == []


def test_a_text_with_blame_in_it_is_found():
    for field, text, rule in (
        ("trigger", "A careless change slowed the disks.", "L2"),
        ("trigger", "The engineer forgot to set a limit.", "L5"),
        ("trigger", "It would have been seen.", "L3"),
        ("feedback", "It was operator error.", "L1"),
    ):
        assert [rule] == [found for _, found in blameful({field: text})]
    assert list(blameful({"feedback": "It would have been seen."})) == []


WIDEST = 34
"""Letters for which a small chart has room at 1280 pixels; what is longer is cut off."""


def cut_off(one):
    """Labels of signals that are wider than their chart."""
    return [shown.label for shown in one.telemetry if len(shown.label) > WIDEST]


def test_each_signal_has_a_name_for_which_its_chart_has_room():
    assert [label for one in EVERY for label in cut_off(one)] == []
    first, *others = EVERY[0].telemetry
    long = first.model_copy(update={"label": "requests that nobody answered in time"})
    assert cut_off(EVERY[0].model_copy(update={"telemetry": (long, *others)})) == [long.label]


def test_what_helps_and_what_does_not_are_asked_for_alike():
    """All but a silence want a diagnosis first, and are seen to stand: no form gives away what an action is worth."""
    assert [(one.id, a.id) for one in EVERY for a in one.actions if a.changes == bool(a.silences)] == []


def test_an_attack_is_the_twin_of_an_accident():
    """The same page, the same model, the same alert; who asks tells them apart, and the console can say so."""
    flood, storm = scenario.load("checkout_flood"), scenario.load("retry_storm")
    assert flood.attack and flood.opening == storm.opening and flood.model == storm.model
    assert flood.alerts[0].says == storm.alerts[0].says
    modes = World(flood, 1).modes
    assert all(mode in modes for one in EVERY for mode in one.modes)


def test_a_short_cut_round_authorisation_tempts_and_never_passes():
    found = [(one, a) for one in EVERY for a in one.actions if a.bypasses]
    assert {"authorisation"} < {action.bypasses for _, action in found}
    for one, action in found:
        assert action.id in {e.action for way in one.tempting for e in way.log}, "it is tried in the physics check"
        assert action.id not in {e.action for log in outcome.right(one).values() for e in log}
    flood = scenario.load("checkout_flood")
    way = next(way for way in flood.tempting if way.id == "unchecked")
    assert score.score(Run(flood, 0, way.log)).vector["safety"] == (0.0, 10.0)


def test_somebody_on_the_phone_is_not_who_they_say():
    """Each such message asks for something; the reference answers it and does nothing of the kind."""
    tries = [(one, inject) for one in EVERY for inject in one.injects if inject.social_engineering]
    assert len(tries) >= 2
    for one, inject in tries:
        answers = [e for e in one.reference if e.inject == inject.id]
        assert answers and set(inject.needs) <= set(answers[0].facts)
        assert not any(one.action(e.action).bypasses for e in one.reference if e.kind == "action")


def test_a_secret_message_is_the_game_masters_alone():
    world = World(scenario.load("peak_sunday"), 1)
    master = Session(world, 15, role="master")
    secret = [line for line in game.coming(master) if line["secret"]]
    master.advance(600)
    assert len(secret) == 1 and secret[0] in game.coming(master), "it stays until it is said aloud"
    assert secret[0]["text"] not in str(master.events())
