"""Whose a row of a teacher's own export is: by number first, by name last, and nobody's where that is not certain."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping

from course_lib.grading.intake.roster import Person, name_key

#: Columns that tell whose a row is, the surest first, with what of a person they show. A learner's folder may be named
#: after some of it, which counts where the roster does not tell the thing itself; not after a number that a system
#: keeps to itself, which may by chance be another's student number.
Columns = Mapping[str, tuple[str, ...]]
CANVAS: Columns = {
    "ID": ("canvas_id",),
    "SIS User ID": ("sis_id", "learner"),
    "SIS Login ID": ("login", "email", "learner"),
    "Student": ("name", "learner"),
}
MOODLE: Columns = {
    "Identifier": ("moodle_id",),
    "Email address": ("email", "learner"),
    "Full name": ("name", "learner"),
}


class Owners:
    """People by what a system's columns show of them.

    Parameters
    ----------
    people : iterable of Person
    columns : mapping of str to tuple of str
        `CANVAS` or `MOODLE`.
    """

    def __init__(self, people: Iterable[Person], columns: Columns) -> None:
        self._columns = columns
        self._people: dict[tuple[str, str], list[Person]] = defaultdict(list)
        for person in people:
            for kind in {kind for kinds in columns.values() for kind in kinds}:
                self._people[kind, _plain(getattr(person, kind), kind)].append(person)

    def of(self, row: Mapping[str, str]) -> Person | None:
        """Whose row it is, by column name; None where nobody or several people fit, or a surer column says otherwise.

        A wrong mark is worse than none: a row left blank is seen.
        """
        unmatched: list[str] = []
        for column, kinds in self._columns.items():
            shown = _plain(row.get(column, ""))
            if not shown:
                continue
            fit = self._fit(kinds, shown.removeprefix("participant ") if column == "Identifier" else shown)
            if fit:
                certain = len(fit) == 1 and not any(getattr(fit[0], sure) for sure in unmatched)
                return fit[0] if certain else None
            unmatched.append(kinds[0])
        return None

    def _fit(self, kinds: tuple[str, ...], shown: str) -> list[Person]:
        """Everybody of whom this is shown, once each."""
        found = {
            person.learner: person
            for kind in kinds
            for person in self._people.get((kind, _plain(shown, kind, named="name" in kinds)), ())
            if kind != "learner" or not getattr(person, kinds[0])
        }
        return list(found.values())


def _plain(text: str, kind: str = "", named: bool = False) -> str:
    """As it is compared; of a name, whichever of first and last comes first."""
    plain = unicodedata.normalize("NFC", text).strip().casefold()
    return name_key(plain) if kind == "name" or named else plain
