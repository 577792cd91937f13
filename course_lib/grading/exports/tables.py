"""The tables: ``gradebook.csv``, Canvas's import and Moodle's grading worksheets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from course_lib.grading.book.marks import Mark
from course_lib.grading.exports.book import Book, remarks
from course_lib.grading.exports.files import csv_text, file_name, write_text
from course_lib.grading.exports.owners import CANVAS, MOODLE, Owners
from course_lib.grading.exports.templates import FOLDER, Template, TemplateError, read
from course_lib.grading.intake.roster import Person

__all__ = ["TemplateError", "canvas", "comment", "gradebook", "moodle", "templates", "write"]

CANVAS_COLUMNS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
CANVAS_IDENTITY = {*CANVAS_COLUMNS, "Integration ID", "Root Account"}
MOODLE_COLUMNS = [
    "Identifier",
    "Full name",
    "Email address",
    "Status",
    "Grade",
    "Maximum Grade",
    "Grade can be changed",
    "Last modified (submission)",
    "Last modified (grade)",
    "Feedback comments",
]


def templates(out: Path, labs: Iterable[str]) -> dict[str, Template]:
    """A teacher's own exports, filled in rather than invented where they are there.

    Parameters
    ----------
    out : Path
        The gradebook's folder.
    labs : iterable of str
        Keys of the labs whose Moodle worksheets to look for.

    Returns
    -------
    dict of str to rows
        By file name; the first row tells the columns, and each row has a cell for each.

    Raises
    ------
    TemplateError
    """
    wanted = {"canvas.csv": CANVAS} | {_moodle_name(lab): MOODLE for lab in labs}
    found = {name: read(out / FOLDER / name, tuple(columns)) for name, columns in wanted.items()}
    return {name: rows for name, rows in found.items() if rows}


def write(out: Path, book: Book, filled_in: Mapping[str, Template] | None = None) -> None:
    """Write every table into the gradebook's folder.

    Parameters
    ----------
    out : Path
    book : Book
    filled_in : mapping of str to rows, optional
        As from `templates`; read here without it.
    """
    found = templates(out, book.labs) if filled_in is None else filled_in
    write_text(out / "gradebook.csv", csv_text(gradebook(book)))
    write_text(out / "canvas.csv", csv_text(canvas(book, found.get("canvas.csv"))))
    for lab in book.used_labs:
        name = _moodle_name(lab)
        write_text(out / name, csv_text(moodle(book, lab, found.get(name))))


def _moodle_name(lab: str) -> str:
    return f"moodle-{file_name(lab.replace('/', '-'))}.csv"


def gradebook(book: Book) -> list[list[object]]:
    """One row a learner: each task, each lab after lateness, the total."""
    columns = [(lab, task) for lab in book.used_labs for task in book.labs[lab].tasks]
    head = ["learner", "name", *(f"{lab} {task}" for lab, task in columns), *(f"{lab} total" for lab in book.used_labs)]
    rows: list[list[object]] = [[*head, "total", "max", "remarks"]]
    worth = sum(book.labs[lab].max_points for lab in book.used_labs)
    for learner, person in book.people.items():
        mine = book.of(learner)
        tasks = {(m.lab, t.task): t.points for m in mine.values() for t in m.tasks}
        totals = [mine[lab].points if lab in mine else "" for lab in book.used_labs]
        cells = [tasks.get(column, "") for column in columns]
        total = round(sum(m.points for m in mine.values()), 2)
        told = [f"{lab}: {one}" for lab, mark in mine.items() for one in remarks(mark)]
        told += [f"{file}: {why}" for who, file, why in book.unread if who == learner]
        rows.append([learner, person.name, *cells, *totals, total, worth, "; ".join(told)])
    return rows


def canvas(book: Book, template: Template | None = None) -> list[list[object]]:
    """Canvas's gradebook import: a column a lab, the second row tells the points.

    Parameters
    ----------
    book : Book
    template : rows of the teacher's own export, optional
        Its people, in its order and with its identity columns, are filled in.
    """
    titles = [_canvas_title(book, lab) for lab in book.used_labs]
    worth = [book.labs[lab].max_points for lab in book.used_labs]
    if template is None:
        identity, people = CANVAS_COLUMNS, [(_canvas_identity(p), p) for p in book.people.values()]
    else:
        identity, people = _canvas_people(book, template)
    rows: list[list[object]] = [[*identity, *titles]]
    rows.append(["    Points Possible", *[""] * (len(identity) - 1), *worth])
    for cells, person in people:
        mine = book.of(person.learner) if person else {}
        rows.append([*cells, *(mine[lab].points if lab in mine else "" for lab in book.used_labs)])
    return rows


def _canvas_people(book: Book, template: Template) -> tuple[list[str], list[tuple[list[str], Person | None]]]:
    """A template's identity columns, and each row's identity with whose it is; rows of nobody's are left out."""
    head = template[0]
    width = 1 + max(n for n, column in enumerate(head) if column in CANVAS_IDENTITY)
    owners = Owners(book.people.values(), CANVAS)
    rows = [row[:width] for row in template[1:] if "Points Possible" not in row[0] and any(row[:width])]
    return head[:width], [(row, owners.of(dict(zip(head, row, strict=False)))) for row in rows]


def _canvas_title(book: Book, lab: str) -> str:
    number = book.rules.labs[lab].canvas_id if lab in book.rules.labs else None
    return book.title(lab) + (f" ({number})" if number else "")


def _canvas_identity(person: Person) -> list[str]:
    return [person.name or person.learner, person.canvas_id, person.sis_id, person.login, person.section]


def moodle(book: Book, lab: str, template: Template | None = None) -> list[list[object]]:
    """Moodle's offline grading worksheet for one lab; see `canvas` for `template`."""
    if template is None:
        found = [(_moodle_row(p, book, lab), p) for p in book.people.values()]
        return [list(MOODLE_COLUMNS), *(_filled(MOODLE_COLUMNS, row, book.of(p.learner).get(lab)) for row, p in found)]
    head, owners = template[0], Owners(book.people.values(), MOODLE)
    found_in = [(row, owners.of(dict(zip(head, row, strict=False)))) for row in template[1:]]
    return [list(head), *(_filled(head, row, book.of(p.learner).get(lab) if p else None) for row, p in found_in)]


def _moodle_row(person: Person, book: Book, lab: str) -> list[str]:
    mark = book.of(person.learner).get(lab)
    status = "Submitted for grading" if mark else "No submission"
    when = mark.record.submitted if mark else "-"
    identifier = f"Participant {person.moodle_id}" if person.moodle_id else person.learner
    worth = f"{book.labs[lab].max_points:g}"
    return [identifier, person.name or person.learner, person.email, status, "", worth, "Yes", when, "-", ""]


def _filled(head: list[str], row: list[str], mark: Mark | None) -> list[object]:
    """The row with a mark in those of its columns that there are: a worksheet may come without comments."""
    if mark is None:
        return list(row)
    told: dict[str, object] = {"Grade": mark.points, "Feedback comments": comment(mark)}
    return [told.get(column, cell) for column, cell in zip(head, row, strict=True)]


def comment(mark: Mark) -> str:
    """Feedback in one cell: each task, and for what missed the first line that says why."""
    parts = [f"{task.task} {task.points:g}/{task.max_points:g} {task.comment or task.state}" for task in mark.tasks]
    return "; ".join([*parts, *remarks(mark)])
