"""When a card comes back, and what was answered: FSRS decides by how sure the learner was and whether they were right.

The learner says how sure they are before they see the answer. Right and certain counts as easy, right and fairly sure
as good, a right guess as hard, and a miss as again, whatever was said; a miss of somebody who was certain comes first
of all that is due. Cards come back after whole days.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from fsrs import Card as Memory
from fsrs import Rating, Scheduler
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from course_lib import progress
from course_lib.manifest import Course
from course_lib.recall.cards import Card

FILE = Path(".course") / "recall.json"
Sure = Literal[1, 2, 3]
CERTAIN = 3
#: Cards of one sitting.
SITTING = 10
_RIGHT: dict[int, Rating] = {1: Rating.Hard, 2: Rating.Good, 3: Rating.Easy}
#: No steps of minutes: a card that was missed comes back tomorrow. No chance: the same answers, the same days.
_SCHEDULER = Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)


class Answer(BaseModel):
    """One answer: which card, when, how sure (1 a guess, 2 fairly sure, 3 certain), and whether it was right."""

    model_config = ConfigDict(frozen=True)

    card: str
    at: AwareDatetime
    sure: Sure
    right: bool


class Memories(BaseModel):
    """What a learner remembers.

    Attributes
    ----------
    cards : dict of str to dict
        FSRS's card (stability, difficulty, due) by the id of ours.
    answers : list of Answer
        All of them, oldest first.
    """

    cards: dict[str, dict[str, Any]] = {}
    answers: list[Answer] = []

    def due(self, card: Card) -> datetime:
        """When a card is to be asked: a new one at once, a prediction that missed a day after it was made."""
        if card.id in self.cards:
            return Memory.from_dict(self.cards[card.id]).due
        with contextlib.suppress(ValueError):
            return datetime.fromisoformat(card.since).astimezone(UTC) + timedelta(days=1)
        return datetime.min.replace(tzinfo=UTC)

    def last(self, card: Card) -> Answer | None:
        """The last answer to a card."""
        return next((answer for answer in reversed(self.answers) if answer.card == card.id), None)

    def turns(self, card: Card) -> int:
        """How often a card was answered."""
        return sum(answer.card == card.id for answer in self.answers)

    def confidently_missed(self, card: Card) -> bool:
        """Whether the learner was certain of it the last time, and wrong."""
        last = self.last(card)
        return (not last.right and last.sure == CERTAIN) if last else card.sure == CERTAIN


def load(course: Course) -> Memories:
    """Read what a learner remembers; a damaged file is set aside, and recall starts anew."""
    path = course.root / FILE
    try:
        memories = Memories.model_validate_json(path.read_text(encoding="utf-8"))
        for entry in memories.cards.values():
            Memory.from_dict(entry)
        return memories
    except FileNotFoundError:
        return Memories()
    except (ValidationError, UnicodeDecodeError, KeyError, TypeError, ValueError):
        with contextlib.suppress(OSError):
            os.replace(path, path.with_suffix(".damaged.json"))
        return Memories()
    except OSError:
        return Memories()


def due(deck: Iterable[Card], memories: Memories, now: datetime | None = None) -> list[Card]:
    """Return the cards to be asked now.

    Parameters
    ----------
    deck : iterable of Card
    memories : Memories
    now : datetime, optional
        With its zone; the present time by default.

    Returns
    -------
    list of Card
        Confident misses first, then those that were asked before, the longest overdue first, then new ones, of each
        lesson in turn.
    """
    now = now or datetime.now(UTC)
    there = [card for card in deck if memories.due(card) <= now]
    first = [card for card in there if memories.confidently_missed(card)]
    old = [card for card in there if card not in first and card.id in memories.cards]
    new = [card for card in there if card not in first and card not in old]
    return [*sorted(first, key=memories.due), *sorted(old, key=memories.due), *_in_turn(new)]


def answer(course: Course, card: Card, sure: Sure, right: bool, now: datetime | None = None) -> datetime:
    """Keep an answer, and return when the card comes back.

    Raises
    ------
    ProgressError
        When it cannot be written.
    """
    now = now or datetime.now(UTC)
    memories = load(course)
    memory = Memory.from_dict(memories.cards[card.id]) if card.id in memories.cards else Memory(card_id=0)
    memory, _ = _SCHEDULER.review_card(memory, _RIGHT[sure] if right else Rating.Again, review_datetime=now)
    memories.cards[card.id] = dict(memory.to_dict())
    memories.answers.append(Answer(card=card.id, at=now, sure=sure, right=right))
    progress.write_whole(course.root / FILE, memories.model_dump_json(indent=1) + "\n", "your answer")
    return memory.due


def _in_turn(cards: Sequence[Card]) -> list[Card]:
    """One of each lesson, then another of each: what is mixed is told apart better."""
    lessons: dict[str, list[Card]] = {}
    for card in cards:
        lessons.setdefault(card.slug, []).append(card)
    return [card for row in zip_longest(*lessons.values()) for card in row if card is not None]
