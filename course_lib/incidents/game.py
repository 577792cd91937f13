"""What the game master of a class knows and the projected board does not show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course_lib.incidents.scenario import NOTHING

if TYPE_CHECKING:
    from course_lib.incidents.session import Session

LATE = 120.0
"""Seconds of silence after which the class is asked what it waits for."""


def secrets(session: Session) -> dict[str, Any]:
    """The next best question, the messages to come, and a note on where the class stands; for one pair of eyes."""
    return {"question": question(session), "coming": coming(session), "note": _note(session)}


def coming(session: Session) -> list[dict[str, Any]]:
    """Messages that have not arrived, and those that only the game master gives."""
    return [
        {"when": session.clock(inject.at), "from": inject.sender, "text": inject.text, "secret": inject.secret}
        for inject in session.world.scenario.injects
        if inject.secret or inject.at > session.now
    ]


def question(session: Session) -> str:
    """What to ask the class now: one question that a good responder would have an answer to at this point."""
    if session.ended:
        return session.world.scenario.debrief.question
    if any(alert["state"] == "firing" and alert["severity"] == "page" for alert in session.alerts()):
        return "Who has the page, and how do the others know that somebody has it?"
    if not session.done("diagnosis"):
        return _before_diagnosis(session)
    return _after_diagnosis(session)


def _before_diagnosis(session: Session) -> str:
    if session.now - session.start < 60:
        return "Who is hurt, how much, and since when? Which of these numbers is late, and by how much?"
    misleading = [a for a in session.world.scenario.alerts if a.misleading]
    fired = {event["of"] for event in session.events() if event["kind"] == "alert"}
    if named := [a for a in misleading if a.id in fired]:
        return (
            f"One alert says: '{named[0].says}' What would you expect to see if it pointed at the cause? Do you see it?"
        )
    return "Which graph moved first, and which only follow? What if the loudest one is not the cause?"


def _after_diagnosis(session: Session) -> str:
    said = session.done("diagnosis")[-1]
    actions = [entry for entry in session.done("action") if session.world.action(entry["action"]).changes]
    if not actions and said["mode"] != NOTHING:
        return "Which action is the least that could help? What will you see, and when, if it does not?"
    if not session.done("update") and session.now - session.start > LATE:
        return "Who outside this room waits to hear something, and what can we say that will still be true in an hour?"
    if _harmful(session):
        return "What changed since the last action? Would you take it back, and how would you tell?"
    if not session.done("verify"):
        return "How do you know that it is over, and that the same trigger would not bring it back?"
    return "What is still switched off or switched on that was not before, and who puts it back?"


def _harmful(session: Session) -> bool:
    return any(session.standing(action.id) and action.harmful for action in session.world.scenario.actions)


def _note(session: Session) -> str:
    """Whether the class is on the way, from the key; so that nobody has to prepare."""
    scenario = session.world.scenario
    right = {entry.action for entry in scenario.reference if entry.kind == "action"}
    taken = {entry["action"] for entry in session.done("action")}
    truth = (
        "nothing is wrong" if scenario.noop else ", then ".join(session.world.modes[mode] for mode in scenario.modes)
    )
    way = ", ".join(session.world.action(name).label for name in sorted(right) if name) or "no action at all"
    met = " The class has taken one of these." if right & taken else ""
    return f"It is: {truth}. The reference: {way}.{met}"
