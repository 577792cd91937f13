"""From the page to the first action: the seconds that a newcomer takes, by a model. It is no person and times none.

- Reading: sentences on the way, each once, at 238 words a minute (Brysbaert 2019, Journal of Memory and Language 109,
  104047: the mean for English non-fiction read silently; most adults read 175 to 300).
- Looking: small print, and half of each list from which one thing is chosen, at 0.23 s a line (an eye movement in Card,
  Moran and Newell 1983, The psychology of human-computer interaction). What is chosen is read; it has the mean length.
- Pressing, by mouse: 1.1 s to point, 0.28 s for the button, 1.35 s to think of it where a choice is made (Card, Moran
  and Newell 1980, Communications of the ACM 23, 396-410: the keystroke-level model; 0.28 s is 40 words a minute).

Understanding the charts, doubt and mistakes are left out. `at_most` is for somebody who reads every word that stands
there, small print and whole lists too.
"""

from __future__ import annotations

from course_lib.incidents import screen
from course_lib.incidents.scenario import NOTHING

WORD, LOOK = 60 / 238, 0.23
THINK, POINT, KEY = 1.35, 1.1, 0.28
FORM = ("I think it is", "starts in", "shows in", "I am", "because of", "say it")
"""What stands in the form of a diagnosis besides its lists."""
HINT = "Each first says what is known of its risk."
LISTS = ("modes", "confidence", "evidence", "actions")
SAID = 4
"""Presses that say what it is: a failure mode, how sure, one piece of evidence, and "say it"."""


def seconds(way) -> float:
    """The time that a way takes somebody who reads what leads on and looks over the rest."""
    chosen = sum(sum(map(count, way[name])) / len(way[name]) for name in (*LISTS, "risks"))
    lines = len(way["small"]) + sum(len(way[name]) for name in LISTS) / 2
    read = words(way["first"]) + words(way["guides"]) + words(way["form"]) + chosen
    return WORD * read + LOOK * lines + pressing(way)


def at_most(way) -> float:
    """The time that it takes somebody who reads every word."""
    every = [
        *way["first"],
        *way["small"],
        *way["guides"],
        *way["form"],
        *(text for name in LISTS for text in way[name]),
    ]
    return WORD * (words(every) + max(map(count, way["risks"]))) + pressing(way)


def pressing(way) -> float:
    """The time for all presses; those that only send what was chosen need no thought."""
    return (POINT + KEY) * way["presses"] + THINK * (way["presses"] - 2)


def words(texts) -> int:
    """How many words there are; what stands twice is read once."""
    return sum(map(count, dict.fromkeys(texts)))


def count(text) -> int:
    """How many words a text has; a dot between two is none."""
    return len(text.replace("·", " ").split())


def way(session) -> dict:
    """What stands on the way that the guide leads, and its presses; it takes the session along."""
    shown, fixed = screen.screen(session), screen.layout(session)
    first = [text for card in shown["headline"] for text in (card["asks"], card["says"])]
    first += [alert["says"] for alert in shown["alerts"]]
    first += [text for inject in shown["injects"] for text in (inject["from"], inject["text"])]
    small = [card["more"] for card in shown["headline"] if card["more"]]
    small += [f"{alert['severity']} · {alert['when']}" for alert in shown["alerts"]]
    small += [f"{inject['when']} · {inject['state']}" for inject in shown["injects"]]
    small.append(HINT)
    guides, acks = [], 0
    while (guide := screen.guide(session))["opens"].startswith("ack:"):
        guides.append(guide["says"])
        session.do("ack", alert=guide["opens"].removeprefix("ack:"))
        acks += 1
    guides.append(guide["says"])
    signal = fixed["signals"][0][0]
    session.do("diagnosis", mode=(*session.world.scenario.modes, NOTHING)[0], confidence=1, evidence=[signal])
    guides.append(screen.guide(session)["says"])
    return {
        "first": first,
        "small": small,
        "guides": guides,
        "form": list(FORM),
        "modes": [title for _, title in fixed["modes"]],
        "confidence": fixed["confidence"],
        "evidence": [text for _, text in shown["evidence"]],
        "actions": [action["label"] for action in fixed["actions"]],
        "risks": [" ".join(action["risk"]) for action in fixed["actions"]],
        "presses": acks + 1 + SAID + 2,
    }
