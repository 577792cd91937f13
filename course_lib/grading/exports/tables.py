"""The tables: ``gradebook.csv``, Canvas's import and Moodle's grading worksheets."""

from __future__ import annotations

import csv
from pathlib import Path

from course_lib.grading.exports.book import Book
from course_lib.grading.exports.files import csv_text, file_name, write_text
from course_lib.grading.marks import Mark
from course_lib.grading.roster import Person

CANVAS_COLUMNS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
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
#: A teacher's own exports, filled in rather than invented where they are there.
TEMPLATES = "templates"


def write(out: Path, book: Book) -> None:
    """Write every table into the gradebook's folder."""
    write_text(out / "gradebook.csv", csv_text(gradebook(book)))
    write_text(out / "canvas.csv", csv_text(canvas(book, _template(out / TEMPLATES / "canvas.csv"))))
    for lab in book.used_labs:
        name = f"moodle-{file_name(lab.replace('/', '-'))}.csv"
        write_text(out / name, csv_text(moodle(book, lab, _template(out / TEMPLATES / name))))


def gradebook(book: Book) -> list[list[object]]:
    """One row a learner: each task, each lab after lateness, the total."""
    columns = [(lab, task) for lab in book.used_labs for task in book.labs[lab].tasks]
    head = ["learner", "name", *(f"{lab} {task}" for lab, task in columns), *(f"{lab} total" for lab in book.used_labs)]
    rows: list[list[object]] = [[*head, "total", "max"]]
    worth = sum(book.labs[lab].max_points for lab in book.used_labs)
    for learner, person in book.people.items():
        mine = book.of(learner)
        tasks = {(m.lab, t.task): t.points for m in mine.values() for t in m.tasks}
        totals = [mine[lab].points if lab in mine else "" for lab in book.used_labs]
        cells = [tasks.get(column, "") for column in columns]
        rows.append([learner, person.name, *cells, *totals, round(sum(m.points for m in mine.values()), 2), worth])
    return rows


def canvas(book: Book, template: list[list[str]] | None = None) -> list[list[object]]:
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
        width = template[0].index("Section") + 1 if "Section" in template[0] else 2
        identity = template[0][:width]
        people = [(row[:width], _find(book, row[:width])) for row in template[1:] if "Points Possible" not in row[0]]
    rows: list[list[object]] = [[*identity, *titles]]
    rows.append(["    Points Possible", *[""] * (len(identity) - 1), *worth])
    for cells, person in people:
        mine = book.of(person.learner) if person else {}
        rows.append([*cells, *(mine[lab].points if lab in mine else "" for lab in book.used_labs)])
    return rows


def _canvas_title(book: Book, lab: str) -> str:
    number = book.rules.labs[lab].canvas_id if lab in book.rules.labs else None
    return book.title(lab) + (f" ({number})" if number else "")


def _canvas_identity(person: Person) -> list[str]:
    return [person.name or person.learner, person.canvas_id, person.sis_id, person.login, person.section]


def moodle(book: Book, lab: str, template: list[list[str]] | None = None) -> list[list[object]]:
    """Moodle's offline grading worksheet for one lab; see `canvas` for `template`."""
    if template is None:
        found = [(_moodle_row(p, book, lab), p) for p in book.people.values()]
        return [list(MOODLE_COLUMNS), *(_filled(MOODLE_COLUMNS, row, book.of(p.learner).get(lab)) for row, p in found)]
    head = template[0]
    rows = [(row, _find(book, row[:3])) for row in template[1:]]
    return [list(head), *(_filled(head, row, book.of(p.learner).get(lab) if p else None) for row, p in rows)]


def _moodle_row(person: Person, book: Book, lab: str) -> list[str]:
    mark = book.of(person.learner).get(lab)
    status = "Submitted for grading" if mark else "No submission"
    when = mark.record["submitted"] if mark else "-"
    identifier = f"Participant {person.moodle_id}" if person.moodle_id else person.learner
    worth = f"{book.labs[lab].max_points:g}"
    return [identifier, person.name or person.learner, person.email, status, "", worth, "Yes", when, "-", ""]


def _filled(head: list[str], row: list[str], mark: Mark | None) -> list[object]:
    filled: list[object] = [*row, *[""] * (len(head) - len(row))]
    if mark is not None:
        filled[head.index("Grade")] = mark.points
        filled[head.index("Feedback comments")] = comment(mark)
    return filled


def comment(mark: Mark) -> str:
    """Feedback in one cell: each task, and for what missed the first line that says why."""
    parts = [f"{task.task} {task.points:g}/{task.max_points:g} {task.comment or task.state}" for task in mark.tasks]
    if mark.late_percent:
        parts.append(f"late: {mark.late_percent:g} % taken off")
    return "; ".join(parts)


def _find(book: Book, cells: list[str]) -> Person | None:
    """Whose row it is: a learner one of whose identities stands in one of the cells."""
    shown = {cell.strip().lower().removeprefix("participant ") for cell in cells if cell.strip()}
    return next((person for person in book.people.values() if person.identities & shown), None)


def _template(path: Path) -> list[list[str]] | None:
    if not path.exists():
        return None
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if row]
    return rows or None
