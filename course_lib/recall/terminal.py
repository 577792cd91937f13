"""Recall in a terminal: a card, how sure, the answer, and whether it was right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from course_lib.manifest import Course
from course_lib.recall import naming, schedule
from course_lib.recall.cards import Card
from course_lib.view.prediction import CONFIDENCE

Ask = Callable[[str, str], str]
Say = Callable[[str], None]
STOP = "q"


def sitting(course: Course, cards: list[Card], ask: Ask, say: Say) -> tuple[int, int]:
    """Ask some cards, one after another, until they are done or the learner stops.

    Parameters
    ----------
    course : Course
    cards : list of Card
    ask : callable (question, letters) -> letter
        Returns one of the letters; ``q`` is always among them and ends the sitting.
    say : callable (line) -> None

    Returns
    -------
    (int, int)
        How many were answered, and how many of these were right.

    Raises
    ------
    ProgressError
        When an answer cannot be written.
    """
    right: list[bool] = []
    for number, card in enumerate(cards, start=1):
        say(f"\n{number} of {len(cards)} · {card.heading(course)}")
        answered = _named(course, card, ask, say) if card.kind == "naming" else _recalled(card, ask, say)
        if answered is None:
            break
        sure, was_right = answered
        back = schedule.answer(course, card, sure, was_right)
        right.append(was_right)
        say(f"It comes back on {back.astimezone():%d %B}.")
    return len(right), sum(right)


def plain(markdown: str) -> str:
    """Return Markdown without its marks, as a terminal shows it."""
    return re.sub(r"</?\w+>|\*\*|(?<![\w*])\*(?=\w)|(?<=\w)\*(?![\w*])|`|\$", "", markdown)


def _recalled(card: Card, ask: Ask, say: Say) -> tuple[int, bool] | None:
    say(plain(card.front))
    sure = _sure(ask)
    if sure is None:
        return None
    say(plain(card.back))
    was = ask("Did you have it? (y)es, (n)o", "yn")
    return None if was == STOP else (sure, was == "y")


def _named(course: Course, card: Card, ask: Ask, say: Say) -> tuple[int, bool] | None:
    asked = naming.question(course, card.slug, schedule.load(course).turns(card))
    for line in (*naming.in_words(asked), *_choices(asked)):
        say(line)
    choice = ask("Which is it?", "abcd")
    sure = None if choice == STOP else _sure(ask)
    if sure is None:
        return None
    right = "abcd".index(choice) == asked.right
    say(f"{'Right' if right else 'No'}. {plain(asked.why)}")
    return sure, right


def _choices(asked: naming.Question) -> Iterator[str]:
    return (f"  {letter}  {name}" for letter, name in zip("abcd", asked.choices, strict=True))


def _sure(ask: Ask) -> int | None:
    words = ", ".join(f"({level}) {word}" for level, word in enumerate(CONFIDENCE, start=1))
    level = ask(f"How sure are you? {words}", "123")
    return None if level == STOP else int(level)
