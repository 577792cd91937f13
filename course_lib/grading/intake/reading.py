"""What is read of an answer's text: its shape, what it borrows of the course, which given names it uses.

Parsing is C code on a stranger's text, whose time and depth nobody bounds from within: it runs in a fork of the
sandbox (`sandbox.runner`), and the trusted side sees what comes of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from course_lib.borrowing import borrowed
from course_lib.grading.intake.copies import shape
from course_lib.grading.intake.slicing import used

_MOST_BORROWED, _LONGEST = 40, 120


@dataclass(frozen=True)
class Reading:
    """What was read of one answer.

    Attributes
    ----------
    shape : str
        As `copies.shape`.
    borrowed : tuple of str
        As `borrowing.borrowed`.
    used : frozenset of str
        Which of the names asked about the answer uses.
    """

    shape: str = ""
    borrowed: tuple[str, ...] = ()
    used: frozenset[str] = frozenset()


def read(source: str, among: Iterable[str]) -> dict[str, Any]:
    """Read an answer, in the sandbox; plain data.

    Parameters
    ----------
    source : str
    among : iterable of str
        Names that given cells define.
    """
    taken = [name[:_LONGEST] for name in borrowed(source)[:_MOST_BORROWED]]
    return {"shape": shape(source), "borrowed": taken, "used": sorted(used(source) & set(among))}


def understood(fields: Mapping[str, Any]) -> Reading:
    """What a sandbox told, taken for no more than text.

    Raises
    ------
    ValueError, TypeError, KeyError
        When it is not a reading.
    """
    shape_, taken, names = fields["shape"], list(fields["borrowed"]), list(fields["used"])
    if not all(isinstance(text, str) for text in (shape_, *taken, *names)):
        raise TypeError("a reading is text")
    return Reading(shape_[:64], tuple(text[:_LONGEST] for text in taken[:_MOST_BORROWED]), frozenset(names))
