"""``roster.csv``: who the learners are to the learning management system."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

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
        When the file lacks the column ``learner`` or has one nobody knows.
    """
    listed = {person.learner: person for person in _rows(path)}
    return listed | {name: Person(name) for name in sorted(set(learners) - set(listed))}


def _rows(path: Path) -> list[Person]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        names = set(rows.fieldnames or ())
        if "learner" not in names or not names <= set(COLUMNS):
            raise RosterError(f"{path}: columns must be learner and any of {', '.join(COLUMNS[1:])}")
        return [Person(**{name: row[name] or "" for name in names}) for row in rows if row["learner"]]
