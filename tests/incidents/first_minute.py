"""From the page to the first action: the seconds that a newcomer takes, by a model. It is no person and times none.

- Reading, at 238 words a minute (Brysbaert 2019, Journal of Memory and Language 109, 104047: the mean for English
  non-fiction read silently; most adults read 175 to 300): each text on the way, once, to its last word. That is the
  notebook's introduction, the five answers, alerts and messages with their small print, the guide, the whole form of a
  diagnosis, who can act, all that the longest team can do, and the longest of the risks.
- Pressing, by mouse: 1.1 s to point, 0.28 s for the button, 1.35 s to think of it where a choice is made (Card, Moran
  and Newell 1980, Communications of the ACM 23, 396-410: the keystroke-level model; 0.28 s is 40 words a minute).

Understanding the charts, doubt and mistakes are left out; so are names that nobody reads to act: those of buttons, of
parts and of charts, and the clock. At 1280 pixels some 85 words of these are in view on the way: 21 s if all are read.
"""

from __future__ import annotations

from pathlib import Path

from course_lib import notebook_file
from course_lib.home import drills
from course_lib.incidents import screen
from course_lib.incidents.scenario import NOTHING

WORD = 60 / 238
THINK, POINT, KEY, HOME = 1.35, 1.1, 0.28, 0.4
FORM = ("It is", "starts in", "shows in", "evidence: the alert", "Sure?")
"""What stands in the form of a diagnosis besides its lists."""
SAID = 2
"""Presses that say what it is: a failure mode, and how sure; the alert is its evidence until something else is."""
ACTS = 3
"""Presses that act: whose action, which, and that its risk is taken; the last needs no thought."""


def seconds(way) -> float:
    """The time that a way takes somebody who reads every word."""
    start = THINK + 2 * KEY + HOME
    return WORD * words(way) + start + (THINK + POINT + KEY) * way["presses"] - THINK


def words(way) -> int:
    """How many words there are; what stands twice is read once."""
    return sum(map(count, dict.fromkeys(text for texts in way["texts"].values() for text in texts)))


def count(text) -> int:
    """How many words a text has; a dot between two is none."""
    return len(text.replace("·", " ").split())


def introduction() -> list[str]:
    """The words above a drill's cell."""
    cells = notebook_file.read(Path(__file__).parents[2] / drills.PRISTINE).cells
    above = cells[: [cell.id for cell in cells].index(drills.CELL)]
    return [cell.source.replace("#", "").replace("*", "") for cell in above]


def way(session) -> dict:
    """The texts on the way that the guide leads, and its presses; it takes the session along."""
    shown, fixed = screen.screen(session), screen.layout(session)
    first = [text for card in shown["headline"] for text in (card["asks"], card["says"], card["more"])]
    pages = [alert for alert in shown["alerts"] if alert["severity"] == "page"]
    for alert in pages or shown["alerts"]:
        first += [alert["says"], f"{alert['severity']} · {alert['when']}"]
    if tickets := pages and len(shown["alerts"]) - len(pages):
        first.append(f"{tickets} ticket{'s' * (tickets > 1)}")
    for inject in shown["injects"]:
        first += [inject["from"], inject["text"], f"{inject['when']} · {inject['state']}"]
    guides = [shown["guide"]["says"]]
    for page in pages:
        session.do("ack", alert=page["id"])
    if pages:
        guides.append(screen.guide(session)["says"])
    session.do("diagnosis", mode=(*session.world.scenario.modes, NOTHING)[0], confidence=1, evidence=[shown["page"]])
    guides.append(screen.guide(session)["says"])
    can = {}
    for action in fixed["actions"]:
        can.setdefault(action["by"], []).append(action)
    longest = max(can.values(), key=lambda actions: sum(count(action["label"]) for action in actions))
    return {
        "texts": {
            "introduction": introduction(),
            "first": [text for text in first if text],
            "guides": guides,
            "form": list(FORM),
            "modes": [title for _, title in fixed["modes"]],
            "confidence": fixed["confidence"],
            "teams": sorted(can),
            "actions": [action["label"] for action in longest],
            "risk": max((action["risk"] for action in fixed["actions"]), key=lambda risk: sum(map(count, risk))),
        },
        "presses": 1 + SAID + ACTS,
    }
