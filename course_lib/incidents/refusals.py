"""Why something cannot be done now. Every refusal is one sentence that says what would have to be so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from course_lib.incidents.scenario import NOTHING

if TYPE_CHECKING:
    from course_lib.incidents.session import Session

CONFIDENCE = ("a guess", "fairly sure", "certain")
RECOVERED = "recovered"
ALONE = ("", "master")
"""Roles that do everything by themselves; a class decides, and its game master enters it."""
PARTS = ("conditions", "actions", "needs")
LONGEST = 2000
FIRST_SAY = "say first what you think it is, and how sure you are: what you change now may hide what you saw"


def fact(entry: Mapping[str, Any], name: str) -> str:
    """A fact of a log's entry, or nothing."""
    return entry.get("facts", {}).get(name, "")


class Refusal(ValueError):
    """A step that may not be taken now, in one sentence."""


def reason(session: Session, kind: str, facts: Mapping[str, Any]) -> str | None:
    """Return why a step is refused, None where it is not."""
    if kind not in _RULES:
        return f"a drill knows no {kind!r}: there are {', '.join(_RULES)}"
    if session.ended:
        return "the drill is over; a fresh one starts with `course drill`"
    if session.role == "board":
        return "this console only watches"
    if kind in _ONLY and session.role not in (*ALONE, _ONLY[kind][0]):
        return _ONLY[kind][1]
    return _RULES[kind](session, facts)


_ONLY = {
    "diagnosis": ("commander", "the commander says what it is; tell them what you see in a note"),
    "update": ("commander", "the commander speaks to the outside; tell them what you know in a note"),
    "verify": ("commander", "the commander calls it over; tell them what you see in a note"),
    "action": ("operator", "you command: give the order, and the operator carries it out"),
}


def _action(session: Session, facts: Mapping[str, Any]) -> str | None:
    about = session.world.action(facts.get("action", ""))
    if about is None:
        return f"this drill has no action {facts.get('action')!r}"
    label, standing = about.label, session.standing(about.id)
    if about.changes and not session.done("diagnosis"):
        return FIRST_SAY
    if session.role not in ALONE and not _ordered(session, facts):
        return f"the commander has not ordered '{label}'"
    if facts.get("undo"):
        if not standing:
            return f"'{label}' is not in force, so there is nothing to take back"
        return None if about.reversible else f"'{label}' cannot be taken back"
    if standing == "under way":
        return f"'{label}' is under way already; it takes {about.delay_s:g} s"
    return f"'{label}' is in force already" if standing and about.changes else None


def _ordered(session: Session, facts: Mapping[str, Any]) -> bool:
    return any(
        entry["id"] == fact(facts, "order") and fact(entry, "orders") == facts["action"] for entry in session.orders()
    )


def _ack(session: Session, facts: Mapping[str, Any]) -> str | None:
    alert = next((alert for alert in session.alerts() if alert["id"] == facts.get("alert")), None)
    if alert is None:
        return f"no alert {facts.get('alert')!r} has fired"
    if alert["state"] == "cleared":
        return f"that alert cleared by itself at {session.clock(alert['cleared'])}"
    if alert["state"] == "acknowledged":
        acks = [ack for ack in session.done("ack") if ack["alert"] == alert["id"]]
        by = f" by the {fact(acks[-1], 'who')}" if fact(acks[-1], "who") else ""
        return f"acknowledged{by} already, at {session.clock(acks[-1]['at'])}"
    return None


def _diagnosis(session: Session, facts: Mapping[str, Any]) -> str | None:
    modes = session.world.modes
    if facts.get("mode") not in modes:
        return "choose what you think it is, or that nothing is wrong"
    if facts.get("confidence") not in (1, 2, 3):
        return f"say how sure you are: {', '.join(CONFIDENCE)}"
    if unknown := [item for item in facts.get("evidence", ()) if not _is_evidence(session, item)]:
        return f"{unknown[0]!r} is nothing that this drill has shown"
    return None if facts.get("evidence") else "name at least one signal or alert that made you think so"


def _is_evidence(session: Session, item: str) -> bool:
    return item in session.world.signals or any(event["id"] == item for event in session.events())


def _update(session: Session, facts: Mapping[str, Any]) -> str | None:
    said = {part: fact(facts, part).strip() for part in PARTS}
    if lacking := [part for part, text in said.items() if not text]:
        return f"an update says conditions, actions and needs: {lacking[0]} is empty ('none' is an answer)"
    if long := [part for part, text in said.items() if len(text) > LONGEST]:
        return f"{long[0]} is longer than {LONGEST} letters: nobody reads that during an incident"
    return None


def _verify(session: Session, facts: Mapping[str, Any]) -> str | None:
    if facts.get("mode") not in (RECOVERED, NOTHING):
        return "say which it is: recovered, or nothing was wrong"
    if not session.done("diagnosis"):
        return "say first what you think it was"
    if not [item for item in facts.get("signals", ()) if item in session.world.signals]:
        return "name at least one signal that shows it"
    return None


def _note(session: Session, facts: Mapping[str, Any]) -> str | None:
    if orders := fact(facts, "orders"):
        return _order(session, orders)
    return None if str(facts.get("text", "")).strip() else "the note is empty"


def _order(session: Session, orders: str) -> str | None:
    about = session.world.action(orders)
    if about is None:
        return f"this drill has no action {orders!r}"
    if session.role != "commander":
        return "orders are the commander's"
    if about.changes and not session.done("diagnosis"):
        return "say first what you think it is, and how sure you are"
    if any(fact(entry, "orders") == orders for entry in session.orders()):
        return f"'{about.label}' is ordered already; the operator has yet to carry it out"
    return None


_RULES: dict[str, Callable[[Session, Mapping[str, Any]], str | None]] = {
    "action": _action,
    "ack": _ack,
    "diagnosis": _diagnosis,
    "update": _update,
    "verify": _verify,
    "note": _note,
}
