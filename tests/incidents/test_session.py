"""A drill without a browser: the clock, the log, and a reason for every refusal."""

from pathlib import Path

import pytest

from course_lib.incidents import scenario, screen
from course_lib.incidents.refusals import FIRST_SAY, Refusal
from course_lib.incidents.session import Session
from course_lib.incidents.updates import missing
from course_lib.incidents.world import World

STAND_IN = scenario.load(Path(__file__).parent / "stand_in.yaml")
DIAGNOSIS = {
    "mode": "retry_storm",
    "cause": "clients",
    "victim": "checkout",
    "confidence": 2,
    "evidence": ["amplification"],
}


@pytest.fixture(scope="module")
def world():
    return World(STAND_IN, 3)


@pytest.fixture
def session(world):
    return Session(world, 5)


def refused(session, kind, **facts):
    before = list(session.log)
    with pytest.raises(Refusal) as why:
        session.do(kind, **facts)
    assert session.log == before
    return str(why.value)


def test_it_begins_with_the_page_and_ends_by_itself(session):
    assert session.now == session.start == 145
    assert [alert["state"] for alert in session.alerts()] == ["firing", "firing"]
    assert session.alerts()[0]["severity"] == "page", "what wakes stands first"
    session.advance(10_000)
    assert (session.now, session.ended) == (session.start + 300, True)
    assert session.advance(60) == []


def test_time_goes_only_forward(session):
    session.advance(-100)
    assert session.now == session.start


def test_waiting_stops_at_the_first_thing_that_happens(session):
    happened = session.wait()
    assert [event["kind"] for event in happened] == ["inject"]
    assert session.now == 240


def test_nothing_is_mitigated_before_a_diagnosis(session):
    assert refused(session, "action", action="stop_retries") == FIRST_SAY
    session.do("action", action="look")  # a look changes nothing, so nothing need be said before it
    session.do("diagnosis", **DIAGNOSIS)
    session.do("action", action="stop_retries")
    assert session.standing("stop_retries") == "under way"
    session.advance(20)
    assert session.standing("stop_retries") == "in force"


def test_the_reference_recovers_and_doing_nothing_does_not(world):
    shares = []
    for acts in (True, False):
        session = Session(world, 5)
        session.do("diagnosis", **DIAGNOSIS)
        if acts:
            session.do("action", action="stop_retries")
        session.advance(200)
        shares.append(screen.hurt(session)[0])
    assert shares[0] < 0.01 < 0.9 < shares[1]


@pytest.mark.parametrize(
    ("kind", "facts", "says"),
    [
        ("dance", {}, "knows no 'dance'"),
        ("action", {"action": "pray"}, "no action 'pray'"),
        ("action", {"action": "stop_retries", "undo": True}, "not in force"),
        ("ack", {"alert": "moon"}, "no alert 'moon'"),
        ("diagnosis", {"mode": ""}, "choose what you think it is"),
        ("diagnosis", {"mode": "retry_storm"}, "how sure you are"),
        ("diagnosis", {"mode": "retry_storm", "confidence": 3}, "at least one signal or alert"),
        ("diagnosis", {"mode": "retry_storm", "confidence": 3, "evidence": ["gut"]}, "'gut' is nothing"),
        ("update", {"facts": {"conditions": "x", "actions": "y"}}, "needs is empty"),
        ("update", {"facts": {"conditions": "x" * 3000, "actions": "y", "needs": "z"}}, "longer than"),
        ("verify", {"mode": "maybe"}, "recovered, or nothing was wrong"),
        ("verify", {"mode": "recovered"}, "at least one signal that shows it"),
        ("note", {"text": "  "}, "empty"),
    ],
)
def test_every_refusal_says_why(session, kind, facts, says):
    if kind in ("action", "verify"):
        session.do("diagnosis", **DIAGNOSIS)
    assert says in refused(session, kind, **facts)


def test_what_is_done_is_not_done_twice(session):
    session.do("ack", alert="errors")
    assert "acknowledged already, at " in refused(session, "ack", alert="errors")
    session.do("diagnosis", **DIAGNOSIS)
    session.do("action", action="stop_retries")
    assert "under way" in refused(session, "action", action="stop_retries")
    session.advance(30)
    assert "in force already" in refused(session, "action", action="stop_retries")
    session.do("action", action="stop_retries", undo=True)
    assert session.standing("stop_retries") == ""


def test_what_only_the_next_time_feels_is_said_first_and_can_be_taken_back():
    session = Session(World(scenario.load("split_brain"), 1))
    assert FIRST_SAY == refused(session, "action", action="quorum") == refused(session, "action", action="restart")
    session.do("diagnosis", mode="split_brain", confidence=2, evidence=["leaders"])
    session.do("action", action="quorum")
    session.advance(40)
    assert "in force already" in refused(session, "action", action="quorum")
    assert [action["undo"] for action in screen.screen(session)["actions"] if action["id"] == "quorum"] == [True]
    session.do("action", action="quorum", undo=True)


def test_what_cannot_be_taken_back_says_so_and_wears_off(session):
    session.do("diagnosis", **DIAGNOSIS)
    session.do("action", action="restart")
    session.advance(15)
    assert "cannot be taken back" in refused(session, "action", action="restart", undo=True)
    session.advance(30)
    assert session.standing("restart") == ""
    assert any("worn off" in event["text"] for event in session.events())


def test_handing_over_wants_a_word_on_how_it_stands(session):
    with pytest.raises(Refusal, match="confirm how it stands"):
        session.end()
    session.do("diagnosis", mode="nothing", confidence=1, evidence=["error_ratio"])
    session.do("verify", mode="nothing", signals=["error_ratio"])
    session.end()
    assert session.ended
    assert "over" in refused(session, "note", text="late")


def test_answers_close_a_message(session):
    session.advance(100)
    (inject,) = session.injects()
    assert inject["answered"] is None and "share" in screen.needs(session)
    said = {"conditions": "all fails", "actions": "looking", "needs": "none", "share": "all", "since": "18:04"}
    session.do("update", inject="boss", facts=said, text=screen.update_text(said))
    assert session.injects()[0]["answered"] == session.now
    assert screen.needs(session) == list(screen.USUALLY)


def test_an_update_says_what_is_asked_for_and_promises_nothing():
    lines = missing("Payments are slow; it will be back by five")
    assert len(lines) == 4
    assert missing("Since 18:04 some 90 % of payments fail; next update at 18:20") == []


# ---- two people ------------------------------------------------------------------------------------------------------


def pair(world):
    log = []
    return [Session(world, 5, role=role, log=log) for role in ("commander", "operator")]


def test_the_commander_decides_and_the_operator_carries_out(world):
    commander, operator = pair(world)
    assert "the commander says what it is" in refused(operator, "diagnosis", **DIAGNOSIS)
    commander.do("diagnosis", **DIAGNOSIS)
    assert "give the order" in refused(commander, "action", action="stop_retries")
    assert "has not ordered" in refused(operator, "action", action="stop_retries")
    order = commander.do("note", text="stop", facts={"orders": "stop_retries"})
    assert "ordered already" in refused(commander, "note", text="stop", facts={"orders": "stop_retries"})
    operator.do("action", action="stop_retries", facts={"order": order["id"]})
    assert operator.log[-1]["facts"] == {"order": "L002", "who": "operator"} and commander.orders() == []
    operator.do("ack", alert="errors")
    assert "acknowledged by the operator already" in refused(commander, "ack", alert="errors")


# ---- the screen ------------------------------------------------------------------------------------------------------


def test_the_first_screen_answers_the_five_questions(session):
    first = {one["asks"]: one for one in screen.headline(session)}
    assert list(first) == ["Who is hurt", "How much", "Since when", "What fired", "What changed"]
    assert first["Who is hurt"]["level"] == "bad" and "% of users' requests fail" in first["Who is hurt"]["says"]
    assert first["What fired"]["says"] == "Checkout: more than 1 % of requests fail"
    assert first["What changed"]["says"] == "payments: a backup began"
    assert first["Since when"]["more"].startswith("for ")


def test_the_guide_leads_from_page_to_hand_over(session):
    opened = [screen.guide(session)["opens"]]
    session.do("ack", alert="errors")
    opened.append(screen.guide(session)["opens"])
    session.do("diagnosis", **DIAGNOSIS)
    opened.append(screen.guide(session)["opens"])
    session.do("action", action="stop_retries")
    opened.append(screen.guide(session)["opens"])
    session.do("update", text="x", facts={"conditions": "x", "actions": "y", "needs": "none"})
    session.advance(200)
    opened.append(screen.guide(session)["opens"])
    session.do("verify", mode="recovered", signals=["error_ratio"])
    opened.append(screen.guide(session)["opens"])
    assert opened == ["ack:errors", "diagnosis", "actions", "update", "verify", "end"]


def test_no_answer_is_on_the_screen_before_the_end(session):
    """Neither the key nor what is said of an action afterwards; the failure modes are listed, all of them."""
    session.advance(60)
    shown = str(screen.screen(session)) + str(screen.layout(session))
    secret = [STAND_IN.title, STAND_IN.debrief.trigger, STAND_IN.debrief.amplifier, STAND_IN.debrief.missing_defence]
    secret += [STAND_IN.debrief.question, *(action.feedback for action in STAND_IN.actions)]
    assert [text for text in secret if text in shown] == []
    assert len(screen.layout(session)["modes"]) == 14


def test_the_timeline_holds_events_and_entries_in_order(session):
    session.do("ack", alert="errors")
    session.do("diagnosis", **DIAGNOSIS)
    session.do("action", action="stop_retries")
    session.advance(60)
    lines = screen.screen(session)["timeline"]
    assert [line["at"] for line in lines] == sorted((line["at"] for line in lines), reverse=True)
    assert {"alert", "ack", "diagnosis", "action", "applied"} <= {line["kind"] for line in lines}


def test_the_charts_show_nothing_that_has_not_arrived(session):
    picture = screen.picture(session)
    for name, shown in ((screen.dataset(t.signal), t) for t in STAND_IN.telemetry):
        assert max(picture.data[name]["time"]) <= session.now - shown.delay_s
    assert max(picture.data["users"]["time"]) <= session.now - 10
