"""A teacher's own exports: each row gets its owner's mark or none, and what cannot be read is told in one line."""

from __future__ import annotations

import csv
import io

import pytest
from grading import kit
from grading.test_exports import HELD, double, record, triple

from course_lib.grading import exports
from course_lib.grading.book.marks import marks
from course_lib.grading.book.policy import Policy
from course_lib.grading.exports import tables
from course_lib.grading.exports.book import Book
from course_lib.grading.exports.owners import CANVAS, MOODLE, Owners
from course_lib.grading.exports.tables import TemplateError
from course_lib.grading.intake import pristine
from course_lib.grading.intake.roster import Person

MOODLE_FILE = "moodle-01_kit-lab.csv"
MOODLE_HEAD = "Identifier,Full name,Email address,Grade,Feedback comments"
CANVAS_HEAD = "Student,ID,SIS User ID,SIS Login ID,Section,Old (3)"


@pytest.fixture(scope="module")
def lab_of(tmp_path_factory):
    return pristine.labs(kit.course(tmp_path_factory.mktemp("templates") / "course"))


@pytest.fixture
def filled(lab_of, tmp_path):
    """The rows of a table after a template was filled in: ada has 10 points, bob none."""

    def fill(name: str, lines: list[str], *people: Person) -> list[list[str]]:
        (tmp_path / "templates").mkdir(exist_ok=True)
        (tmp_path / "templates" / name).write_text("\n".join(lines), encoding="utf-8")
        lab = lab_of[kit.LAB]
        given = marks([record(lab, "ada", double), record(lab, "bob", triple)], Policy(), {})
        tables.write(tmp_path, Book(lab_of, given, {p.learner: p for p in people}, Policy(), (), ()))
        return list(csv.reader(io.StringIO((tmp_path / name).read_text(encoding="utf-8"), newline="")))

    return fill


def test_moodle_tells_two_people_of_one_name_apart(filled):
    lines = [MOODLE_HEAD, "Participant 56,John Smith,b@x.org,,", "Participant 55,John Smith,a@x.org,,"]
    ada = Person("ada", "John Smith", "a@x.org", moodle_id="55")
    bob = Person("bob", "John Smith", "b@x.org", moodle_id="56")
    assert [row[3] for row in filled(MOODLE_FILE, lines, ada, bob)[1:]] == ["0", "10"]


def test_canvas_does_not_take_another_systems_number_for_its_own(filled):
    lines = [CANVAS_HEAD, "Points Possible,,,,,9", "B,102,,,Mon,", "A,101,,,Mon,"]
    ada, bob = Person("ada", canvas_id="101", moodle_id="102"), Person("bob", canvas_id="102")
    assert [row[-1] for row in filled("canvas.csv", lines, ada, bob)[2:]] == ["0", "10"]


def test_a_section_is_nobodys_name(filled):
    lines = [CANVAS_HEAD, "Zed,9,S9,z,Ada,", ",,,,,"]
    assert filled("canvas.csv", lines, Person("ada", "Ada"), Person("bob"))[2:] == [["Zed", "9", "S9", "z", "Ada", ""]]


def test_only_the_columns_of_a_worksheet_that_there_are_are_filled(filled):
    lines = ["Identifier,Full name,Grade", "Participant 55,A", "Participant 99,Z,7"]
    shown = filled(MOODLE_FILE, lines, Person("ada", moodle_id="55"))
    assert shown[1:] == [["Participant 55", "A", "10"], ["Participant 99", "Z", "7"]]


A = Person("ada", "Ada King", "Ada@x.org", "101", "S1", "al", "Mon", "55")
B = Person("bob", "Bob", login="ada")
C = Person("cyd")
D = Person("dee", "Bob", canvas_id="104")


@pytest.mark.parametrize(
    ("columns", "row", "owner"),
    [
        (CANVAS, {"ID": "101", "SIS Login ID": "ada"}, A),  # the number before the login
        (CANVAS, {"SIS User ID": "s1"}, A),
        (CANVAS, {"SIS Login ID": "ada@x.org"}, A),  # many a school logs in by address
        (CANVAS, {"SIS Login ID": "ada"}, B),  # a login in the roster before the name of a folder
        (CANVAS, {"SIS Login ID": "cyd"}, C),  # nothing but the folder's name is known
        (CANVAS, {"Student": "Ada King"}, A),
        (CANVAS, {"ID": "999", "Student": "Ada King"}, None),  # the roster knows another number
        (CANVAS, {"Student": "Bob"}, None),  # two of them
        (CANVAS, {"ID": "105", "Student": "Bob"}, None),  # the number is not one Bob's, the name is both's
        (CANVAS, {"Section": "cyd"}, None),
        (CANVAS, {"ID": "cyd"}, None),
        (CANVAS, {"ID": "55"}, None),
        (MOODLE, {"Identifier": "Participant 55", "Full name": "Bob"}, A),
        (MOODLE, {"Identifier": "Participant 101"}, None),
        (MOODLE, {"Email address": "ada@X.org"}, A),
        (MOODLE, {"Full name": "cyd"}, C),
    ],
)
def test_a_row_is_its_owners_or_nobodys(columns, row, owner):
    assert Owners([A, B, C, D], columns).of(row) is owner


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("canvas.csv", f"{CANVAS_HEAD}\nZoë,9,,,,\n".encode("latin-1"), "not UTF-8 text; save it as 'CSV UTF-8'"),
        (MOODLE_FILE, MOODLE_HEAD.encode("utf-16"), "not UTF-8 text"),
        (MOODLE_FILE, b"Identifikator;Name;Bewertung", "none of the columns Identifier"),
        ("canvas.csv", b"Student\n" + b"x" * 200_000, "not CSV"),
    ],
)
def test_a_template_that_cannot_be_read_is_told_in_one_line_before_anything_is_written(
    lab_of, tmp_path, name, text, told
):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / name).write_bytes(text)
    with pytest.raises(TemplateError, match=told) as caught:
        exports.write_all(tmp_path, lab_of, [record(lab_of[kit.LAB], "ada", double)], Policy(), {}, HELD, {})
    assert name in str(caught.value) and "\n" not in str(caught.value) and isinstance(caught.value, ValueError)
    assert [path.name for path in tmp_path.iterdir()] == ["templates"]


def test_a_worksheet_with_semicolons_is_read_and_a_name_in_either_order_is_its_owners(filled):
    lines = ["Full name;Grade", "Ada Lovelace;", "Bob Boole;"]
    shown = filled(MOODLE_FILE, lines, Person("ada", name="Lovelace, Ada"))
    assert [row[0] for row in shown] == ["Full name", "Ada Lovelace", "Bob Boole"]
    assert shown[1][1] != "" and shown[2][1] == ""
    twins = filled(MOODLE_FILE, lines, Person("ada", name="Lovelace, Ada"), Person("a2", name="Ada Lovelace"))
    assert twins[1][1] == ""
