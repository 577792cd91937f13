"""What a console shows of a drill: words, and its charts' numbers. Nothing here tells more than the responder sees."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from course_lib.incidents import game, refusals
from course_lib.incidents.refusals import CONFIDENCE, RECOVERED, fact
from course_lib.incidents.scenario import NOTHING, Action
from course_lib.incidents.session import SPEEDS, STEPS, Session, duration
from course_lib.view.picture import MOST_ROWS, Picture

GAP = 20.0
"""Seconds of quiet that do not end an episode of failing requests."""
UPDATE_WITHIN = 300.0
"""Seconds after the page within which the first status update is due."""
SURE_AFTER = 60.0
"""Seconds without harm before the guide speaks of recovery."""

_UNDONE = re.compile(r"(; can|\. Can) be undone\.$")
Words = dict[str, Any]


def count(number: float) -> str:
    """A count as people read it: three digits, thousands apart.

    >>> count(48123.4), count(0.04), count(9.26)
    ('48,100', '0', '9.3')
    """
    if number < 10:
        return f"{number:.1f}".removesuffix(".0")
    digits = max(len(str(int(number))) - 3, 0)
    return f"{round(number, -digits):,.0f}"


def per_cent(share: float) -> str:
    """A share in per cent, never rounded up to all or down to none.

    >>> per_cent(0.004), per_cent(0.238), per_cent(0.9996), per_cent(1.0)
    ('0.4 %', '24 %', '99.9 %', '100 %')
    """
    value = 100 * share
    if 99 < value < 100:
        return f"{min(value, 99.9):.1f} %"
    return f"{value:.1f} %" if 0 < value < 10 else f"{value:.0f} %"


# ---- who is hurt -----------------------------------------------------------------------------------------------------


def episode(session: Session) -> tuple[float, float] | None:
    """From when to when users' requests failed, the latest time; None where they never did."""
    users = session.users()
    bad = users["time"][users["share"] > session.world.scenario.harm.tolerance]
    if not len(bad):
        return None
    begins = np.flatnonzero(np.diff(bad) > GAP)
    return float(bad[begins[-1] + 1 if len(begins) else 0]), float(bad[-1])


def hurt(session: Session) -> tuple[float, float]:
    """Failing share and failing requests/s in the last quarter minute that was counted."""
    users = session.users()
    failed, every = users["failed"][-3:].sum(), users["all"][-3:].sum()
    return (float(failed / every) if every else 0.0, float(failed) / max(len(users["failed"][-3:]), 1))


def headline(session: Session) -> list[Words]:
    """The five questions of the first minute, each answered in a few words."""
    share, rate = hurt(session)
    bad = share > session.world.scenario.harm.tolerance
    firing = [alert for alert in session.alerts() if alert["state"] != "cleared"]
    changes = [event for event in session.events() if event["kind"] == "change"]
    return [
        {"asks": "Who is hurt", "says": _who(session, share, bad), "more": "", "level": "bad" if bad else "well"},
        {"asks": "How much", **_how_much(session, rate)},
        {"asks": "Since when", **_since_when(session, bad)},
        {"asks": "What fired", **_what_fired(session, firing)},
        {"asks": "What changed", **_what_changed(session, changes)},
    ]


def _who(session: Session, share: float, bad: bool) -> str:
    people = session.world.scenario.users.count
    if not bad:
        return "Nobody right now" if share < 0.001 else f"{per_cent(share)} of requests fail, as usual"
    crowd = f" (about {count(share * people)} of {count(people)} users)" if people else ""
    return f"{per_cent(share)} of users' requests fail{crowd}"


def _how_much(session: Session, rate: float) -> Words:
    users = session.users()
    step = users["time"][0] if len(users["time"]) else 0.0
    lost = float((users["failed"] * (users["share"] > session.world.scenario.harm.tolerance)).sum() * step)
    return {"says": f"{count(rate)} failed requests/s", "more": f"{count(lost)} so far"}


def _since_when(session: Session, bad: bool) -> Words:
    when = episode(session)
    if when is None:
        return {"says": "Not at all so far", "more": ""}
    if not bad:
        return {"says": f"Over since {session.clock(when[1])}", "more": f"began {session.clock(when[0])}"}
    return {"says": session.clock(when[0]), "more": f"for {duration(session.now - when[0])}"}


def _what_fired(session: Session, firing: list[Words]) -> Words:
    if not firing:
        return {"says": "No alert fires", "more": ""}
    first = min(firing, key=lambda alert: (alert["severity"] != "page", alert["at"]))
    return {"says": first["says"], "more": f"{first['severity']} · {session.clock(first['at'])}"}


def _what_changed(session: Session, changes: list[Words]) -> Words:
    if not changes:
        return {"says": "Nothing on the list", "more": ""}
    last, *before = reversed(changes)
    more = f" · {len(before)} before" if before else ""
    return {"says": last["text"], "more": f"{_ago(session, last)}{more}"}


def _ago(session: Session, event: Words) -> str:
    seconds = session.now - event["at"]
    if seconds < 120:
        return f"{duration(seconds)} ago"
    return f"{seconds / 60:.0f} min ago" if seconds < 3600 else f"{seconds / 3600:.0f} h ago"


# ---- what to do next -------------------------------------------------------------------------------------------------


def guide(session: Session) -> Words:
    """The next sensible step in words, and which button does it. It knows the order of things, never the answer."""
    if session.ended:
        return {"says": "The drill is over. What each of your steps did is drawn below.", "opens": ""}
    if session.role == "operator":
        return _guide_of_operator(session)
    pages = [alert for alert in session.alerts() if alert["state"] == "firing" and alert["severity"] == "page"]
    if pages:
        says = "Acknowledge the page." if len(pages) == 1 else f"Acknowledge the {len(pages)} pages."
        return {"says": says, "opens": f"ack:{','.join(page['id'] for page in reversed(pages))}"}
    if not session.done("diagnosis"):
        return {"says": "What moved first?", "opens": "diagnosis"}
    return _guide_after_diagnosis(session)


def _guide_of_operator(session: Session) -> Words:
    if orders := session.orders():
        about = session.world.action(fact(orders[0], "orders"))
        return {"says": f"Ordered at {session.clock(orders[0]['at'])}: {about.label}.", "opens": f"action:{about.id}"}
    return {"says": "Tell the commander what you see, and wait for an order.", "opens": "note"}


def _guide_after_diagnosis(session: Session) -> Words:
    nothing = session.done("diagnosis")[-1]["mode"] == NOTHING
    effective = [e for e in session.done("action") if session.world.action(e["action"]).changes]
    due = session.start + UPDATE_WITHIN
    if session.done("verify"):
        return {"says": "You called it over. Hand over, or keep watching.", "opens": "end"}
    if not session.done("update") and (session.now > due - 120 or effective or nothing):
        return {
            "says": f"Those who wait want to hear from you: an update is due by {session.clock(due)}.",
            "opens": "update",
        }
    if nothing:
        return {"says": "Say that nothing is wrong, and which signal shows it.", "opens": "verify"}
    return _guide_to_recovery(session, effective)


def _guide_to_recovery(session: Session, effective: list[Words]) -> Words:
    if not effective:
        return {
            "says": "The smallest step first.",
            "opens": "actions",
        }
    last = effective[-1]
    since = last["at"] + session.world.action(last["action"]).delay_s
    if session.now < since:
        return {"says": f"Your action is in force at {session.clock(since)}: until then, wait and watch.", "opens": ""}
    over = episode(session)
    if over is None or session.now - over[1] > SURE_AFTER:
        return {
            "says": "No more than usual has failed for a minute. Confirm the recovery, and name what shows it.",
            "opens": "verify",
        }
    return {
        "says": "Did it help? The charts are some seconds late. If not, take it back before you try the next.",
        "opens": "",
    }


# ---- the parts of the screen -----------------------------------------------------------------------------------------


def screen(session: Session) -> Words:
    """All that changes while the drill runs, ready for JSON."""
    return {
        "clock": _clock(session),
        "headline": headline(session),
        "guide": guide(session),
        "alerts": [_alert(session, alert) for alert in session.alerts()],
        "injects": [_inject(session, inject) for inject in session.injects()],
        "actions": [_action(session, action) for action in session.world.scenario.actions],
        "timeline": [_line(session, line) for line in reversed(session.timeline())],
        "facts": facts(session),
        "needs": needs(session),
        "evidence": _evidence(session),
        "page": _page(session),
        "refused": {kind: refusals.reason(session, kind, _ENOUGH[kind](session)) or "" for kind in _ENOUGH},
        "ended": session.ended,
        **({"secrets": game.secrets(session)} if session.role == "master" else {}),
    }


_ENOUGH = {  # facts with which only the state can refuse a step
    "diagnosis": lambda s: {"mode": NOTHING, "confidence": 1, "evidence": [next(iter(s.world.signals))]},
    "update": lambda s: {"facts": dict.fromkeys(refusals.PARTS, "none")},
    "verify": lambda s: {"mode": RECOVERED, "signals": [next(iter(s.world.signals))]},
    "note": lambda s: {"text": "seen"},
}


def _clock(session: Session) -> Words:
    gone, whole = session.now - session.start, session.horizon - session.start
    into = f"{duration(gone)} in, of {duration(whole)}"
    return {
        "now": session.clock(session.now),
        "into": into,
        "seconds": session.now,
        "share": gone / whole if whole else 1.0,
    }


def _alert(session: Session, alert: Words) -> Words:
    word = {"firing": "", "acknowledged": "acknowledged, since ", "cleared": "cleared; fired "}[alert["state"]]
    return {**alert, "when": f"{word}{session.clock(alert['at'])}"}


def _inject(session: Session, inject: Words) -> Words:
    about, answered = inject["about"], inject["answered"]
    due = inject["at"] + about.answer_within_s
    state = (
        f"answered {session.clock(answered)}" if answered is not None else f"wants an answer by {session.clock(due)}"
    )
    late = answered is None and session.now > due
    return {"id": about.id, "from": about.sender, "text": about.text, "when": session.clock(inject["at"]),
            "state": state, "open": answered is None, "late": late, "needs": list(about.needs)}  # fmt: skip


def _action(session: Session, action: Action) -> Words:
    standing = session.standing(action.id)
    order = next((o for o in session.orders() if fact(o, "orders") == action.id), None)
    undo = standing == "in force" and action.reversible and action.changes
    if session.role == "commander":
        why = refusals.reason(session, "note", {"text": action.label, "facts": {"orders": action.id}})
    else:
        asked: Words = {"action": action.id, "undo": undo, "facts": {"order": order["id"]} if order else {}}
        why = refusals.reason(session, "action", asked)
    state = f"{standing}" + (" · ordered" if order else "")
    return {
        "id": action.id,
        "state": state.strip(" ·"),
        "undo": undo,
        "why_not": why or "",
        "order": order["id"] if order else "",
    }


def known_risk(action: Action) -> list[str]:
    """What is known of an action before it is taken: short, as somebody waits, and nothing twice."""
    when = f"acts in {duration(action.delay_s)}" if action.delay_s else "acts at once"
    if action.lasts_s:
        when += f", for {duration(action.lasts_s)}"
    back = "can be undone" if action.reversible else "cannot be undone"
    price = f"{count(action.cost)} an hour"
    cost = [f"costs {price}"] if action.cost and price not in action.risk else []
    said = _UNDONE.sub(".", action.risk) if action.reversible else action.risk
    return [" · ".join([when, back, *cost]), said]


def _line(session: Session, line: Words) -> Words:
    by = f" ({fact(line, 'who')})" if fact(line, "who") else ""
    mine = line["id"].startswith("L")
    told = {"id": line["id"], "time": session.clock(line["at"]), "kind": line["kind"], "at": line["at"]}
    return {**told, "text": _told(session, line) + by, "by": "you" if mine else "it"}


def _told(session: Session, line: Words) -> str:
    """One line of the timeline: facts, no interpretation."""
    world = session.world
    if line["kind"] == "action":
        return f"{'took back' if line.get('undo') else 'decided'}: {world.action(line['action']).label}"
    if line["kind"] == "ack":
        return f"acknowledged: {world.alerts[line['alert']].says if 'alert' in line else 'the page'}"
    if line["kind"] == "diagnosis":
        return f"diagnosis{sure(line)}: {world.modes.get(line['mode'], line['mode'])}"
    if line["kind"] == "update":
        return f"status update: {fact(line, 'conditions') or line.get('text', '')}"
    if line["kind"] == "verify":
        return "confirmed: nothing was wrong" if line.get("mode") == NOTHING else "confirmed: recovered"
    if line["kind"] == "note" and fact(line, "orders"):
        return f"ordered: {world.action(fact(line, 'orders')).label}"
    return line.get("text", "")


def sure(line: Mapping[str, Any]) -> str:
    """How sure somebody said to be, where they did: a log that no console wrote need not say."""
    return f", {CONFIDENCE[line['confidence'] - 1]}" if "confidence" in line else ""


def facts(session: Session) -> list[str]:
    """What is known now, in phrases for a status update."""
    share, rate = hurt(session)
    when = episode(session)
    known = [f"{per_cent(share)} of requests fail now", f"{count(rate)} failed requests/s"]
    if when:
        known.append(f"since {session.clock(when[0])} UTC")
    in_force = [a.label for a in session.world.scenario.actions if session.standing(a.id) and a.changes]
    return [*known, *(f"in force: {label}" for label in in_force)]


USUALLY = ("when the next update comes",)


def needs(session: Session) -> list[str]:
    """Facts that those who wait have asked for and not been told; before anybody asks, those that all ask for."""
    wanted = [need for inject in session.injects() if inject["answered"] is None for need in inject["about"].needs]
    return list(dict.fromkeys(wanted or USUALLY))


def update_text(said: Mapping[str, str]) -> str:
    """A status update as those who wait read it: conditions, actions, needs, then the facts asked for."""
    parts = [f"{part.capitalize()}: {said[part].strip()}." for part in refusals.PARTS if said.get(part, "").strip()]
    asked = [f"{need}: {told}." for need, told in said.items() if need not in refusals.PARTS]
    return " ".join(line.replace("..", ".") for line in [*parts, *asked])


def _evidence(session: Session) -> list[list[str]]:
    """What a diagnosis may point at: the signals, and the alerts so far."""
    shown = [[t.signal, f"{t.tier}: {t.label}"] for t in session.world.scenario.telemetry]
    fired = [
        [e["id"], f"{session.clock(e['at'])} {e['text']}"] for e in session.events() if e["kind"] in ("alert", "change")
    ]
    return [*shown, *fired]


def _page(session: Session) -> str:
    """The alert that woke the responder, as evidence; empty where a message did."""
    fired = [event for event in session.events() if event["kind"] == "alert" and event["at"] <= session.start]
    pages = [event["id"] for event in fired if session.world.alerts[event["of"]].severity == "page"]
    return (pages or [event["id"] for event in fired] or [""])[0]


def layout(session: Session) -> Words:
    """What stays the same while the drill runs."""
    scenario = session.world.scenario
    actions = sorted(scenario.actions, key=lambda action: action.label)  # a file begins with what helps
    return {
        "opening": scenario.opening,
        "role": session.role,
        "tiers": list(scenario.tiers),
        "modes": [[slug, title] for slug, title in session.world.modes.items()],
        "confidence": list(CONFIDENCE),
        "signals": [[t.signal, f"{t.tier}: {t.label}"] for t in scenario.telemetry],
        "charts": [{"tier": t.tier, "label": t.label} for t in scenario.telemetry],
        "actions": [
            {"id": a.id, "label": a.label, "by": a.role.removesuffix(" team").rstrip("'"), "risk": known_risk(a)}
            for a in actions
        ],
        "speeds": list(SPEEDS),
        "steps": list(STEPS),
        "recovered": RECOVERED,
        "nothing": NOTHING,
        "first_say": refusals.FIRST_SAY,
        "started": 1000 * session.world.started.timestamp(),
        "start": session.start,
    }


# ---- the numbers of the charts ---------------------------------------------------------------------------------------


def picture(session: Session) -> Picture:
    """The charts' datasets, as seen now."""
    users = session.users()
    data = {"users": {"time": users["time"], "share": 100 * users["share"]}, "marks": _marks(session)}
    for name, columns in session.shown().items():
        data[dataset(name)] = columns
    return Picture({name: _thinned(columns) for name, columns in data.items()}, {})


def dataset(signal: str) -> str:
    """Name of a signal's dataset."""
    return "s_" + signal.replace(".", "_")


def _thinned(columns: Mapping[str, Any]) -> dict[str, Any]:
    every = -(-max(map(len, columns.values())) // MOST_ROWS) or 1
    return {name: np.asarray(values, float)[::every] for name, values in columns.items()}


MARKS = {"alert": 0, "applied": 1, "undone": 1, "change": 2}


def _marks(session: Session) -> dict[str, Iterable[float]]:
    marked = [event for event in session.events() if event["kind"] in MARKS and event["at"] >= 0]
    return {"time": [event["at"] for event in marked], "kind": [MARKS[event["kind"]] for event in marked]}
