"""``roster.csv``: who the learners are to the learning management system."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from course_lib.grading.book import by_hand
from course_lib.grading.intake.files import plain_name

FILE = "roster.csv"
COLUMNS = ("learner", "name", "email", "canvas_id", "sis_id", "login", "section", "moodle_id")


class RosterError(ValueError):
    """What is wrong in ``roster.csv``, in one line."""


@dataclass(frozen=True)
class Person:
    """A learner as the learning management system knows them; what is not told is empty."""

    learner: str
    name: str = ""
    email: str = ""
    canvas_id: str = ""
    sis_id: str = ""
    login: str = ""
    section: str = ""
    moodle_id: str = ""

    @property
    def identities(self) -> set[str]:
        """Everything that names this person in an export, lower case."""
        known = (self.learner, self.name, self.email, self.canvas_id, self.sis_id, self.login, self.moodle_id)
        return {text.lower() for text in known if text}


def people(path: Path, learners: Iterable[str]) -> dict[str, Person]:
    """Everybody in the roster and everybody who handed in, by learner name, in that order.

    Raises
    ------
    RosterError
        When the file lacks the column ``learner`` or has one nobody knows, or lists a learner twice.
    """
    known = listed(path) if path.exists() else {}
    return known | {name: Person(name) for name in sorted(set(learners) - set(known))}


def unmatched(listed: Iterable[str], learners: Iterable[str]) -> list[str]:
    """Who handed in and is not in the roster, with whom they may be; nothing without a roster.

    Parameters
    ----------
    listed : iterable of str
        Learners in the roster alone, as from ``people(path, ())``.
    learners : iterable of str
        Those who handed in.
    """
    listed, learners = set(listed), set(learners)
    absent: dict[str, list[str]] = {}
    for name in sorted(listed - learners):
        absent.setdefault(alike(name), []).append(name)
    told = []
    for name in sorted(learners - listed) if listed else ():
        near = absent.get(alike(name))
        hint = f"; {near[0]!r} is, and handed in nothing: if they are one, spell them alike" if near else ""
        told.append(f"{FILE}: {name!r} handed in and is not listed{hint}")
    return told


def name_key(name: str) -> str:
    """The same for "Lovelace, Ada" and "Ada Lovelace"."""
    last, comma, first = unicodedata.normalize("NFC", name).casefold().partition(",")
    return " ".join(f"{first} {last}".split()) if comma else " ".join(last.split())


def alike(name: str) -> str:
    """The same for names that differ in capitals, accents, spaces, punctuation or the order of last and first alone."""
    name = name_key(name)
    return "".join(c for c in unicodedata.normalize("NFKD", name).casefold() if c.isalnum()) or name


def listed(path: Path) -> dict[str, Person]:
    """Everybody in the roster, by learner name.

    Raises
    ------
    RosterError
        When it is not there, lacks the column ``learner``, has one nobody knows, or lists a learner twice.
    """
    if not path.exists():
        raise RosterError(f"{path}: there is no such file")
    columns, rows = by_hand.rows(path, RosterError)
    names = set(columns)
    if "learner" not in names or not names <= set(COLUMNS) or len(names) < len(columns):
        raise RosterError(f"{path}: columns must be learner and any of {', '.join(COLUMNS[1:])}, each once")
    found: dict[str, Person] = {}
    for number, row in rows:
        person = Person(**row | {"learner": plain_name(row["learner"])})
        if person.learner in found:
            raise RosterError(f"{path}, line {number}: {person.learner!r} is listed on an earlier line; keep one")
        if person.learner:
            found[person.learner] = person
    return found
