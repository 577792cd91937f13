"""Everything written into a gradebook folder, computed from the recorded verdicts; the same on every run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from course_lib.grading.book.marks import Manual, marks
from course_lib.grading.book.policy import Policy
from course_lib.grading.exports import gradescope, junit, pages, tables
from course_lib.grading.exports.book import Book, gradebook_json
from course_lib.grading.exports.files import write_json, write_text
from course_lib.grading.intake.copies import copied
from course_lib.grading.intake.guesses import Guess
from course_lib.grading.intake.papers import Paper
from course_lib.grading.intake.pristine import Lab
from course_lib.grading.intake.roster import FILE as ROSTER
from course_lib.grading.intake.roster import people


def write_all(
    out: Path,
    labs: Mapping[str, Lab | Paper],
    records: Sequence[Mapping[str, Any]],
    rules: Policy,
    manual: Manual,
    layers: Mapping[str, str],
    guesses: Mapping[str, Sequence[Guess]],
) -> Book:
    """Write gradebook, exports and pages.

    Parameters
    ----------
    out : Path
    labs : mapping of str to Lab or Paper
    records : sequence of mapping
        The latest verdict of every attempt.
    rules : Policy
    manual : mapping
        Marks set by hand.
    layers : mapping of str to str
        Isolation of all that is in the gradebook.
    guesses : mapping of str to sequence of Guess
        Predictions by question.

    Returns
    -------
    Book

    Raises
    ------
    TemplateError
        When a template cannot be read; nothing has been written then.
    """
    filled_in = tables.templates(out, labs)
    given = marks(records, rules, manual)
    unread = sorted((r.learner, r.file, r.trouble) for r in records if not r.lab)
    # Whoever handed in only what cannot be read has no mark, but a row all the same.
    everybody = people(out / ROSTER, {record.learner for record in records})
    book = Book(labs, given, everybody, rules, copied(records), unread)
    write_json(out / "gradebook.json", gradebook_json(book))
    tables.write(out, book, filled_in)
    write_text(out / "junit.xml", junit.document(book))
    for learner, told in gradescope.results(book).items():
        write_json(out / "gradescope" / f"{learner}.json", told)
    pages.write(out, book, layers, guesses)
    return book
