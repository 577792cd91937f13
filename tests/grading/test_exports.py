"""What is handed out: tables, JSON, XML and pages, from recorded verdicts."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import numpy as np
import pandas as pd
import pytest
from grading import kit

from course_lib.checks.task import Curve
from course_lib.grading import exports
from course_lib.grading.book.policy import Policy
from course_lib.grading.book.record import Isolation, Nbval, Record
from course_lib.grading.exports.files import csv_text, file_name, file_names, write_text
from course_lib.grading.exports.pages import histogram
from course_lib.grading.exports.pictures import curve_picture
from course_lib.grading.intake import guesses, pristine
from course_lib.grading.judging.jobs import curve_fields, task_record

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/gradebook.schema.json").read_text(encoding="utf-8"))
HELD = {"namespaces": "held", "uid": "held", "rlimits": "held", "landlock": "held", "seccomp": "refused <here>"}
ROSTER = (
    "learner,name,email,canvas_id,sis_id,login,section,moodle_id\r\n"
    'ada,"Lovelace, Ada",ada@example.org,101,S1,al,Mon,55\r\nbob,=Bob,bob@example.org,102,S2,bb,Tue,56\r\n'
    "cyd,Cyd,cyd@example.org,103,S3,cc,Tue,57\r\n"
)


def double(x):
    return 2.0 * x


def triple(x):
    return 3.0 * x


def record(lab, learner, answer, submitted="2026-03-05T10:00:00+00:00"):
    """A verdict as the grader records it, on `double` judged and the rest blank."""
    told = {name: task_record(task.stopped("not attempted", "<b>blank</b>")) for name, task in lab.tasks.items()}
    told["double"] = task_record(lab.tasks["double"].judge({"double": answer}, 5))
    return Record(
        learner=learner,
        lab=lab.key,
        file=f"{learner}/01_kit.ipynb",
        submitted=submitted,
        stamp="stamp",
        tasks=told,
        nbval=Nbval(recorded={"double": "passed"}),
        disagreements=["double: verdict wrong, nbval (recorded) passed"] if answer is triple else [],
        isolation=Isolation(level="full", layers=HELD),
        shapes={"double": "abc"},
        signature="0" * 64,
    )


ASKED = 'predict("storm.peak", "How many?"); predict_curve("storm.shape"); predict("odd")'


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    course = kit.course(folder / "course")
    labs = pristine.labs(course)
    lab = labs[kit.LAB]
    records = [record(lab, "ada", double), record(lab, "bob", triple, "2026-03-08T10:00:00+00:00")]
    odd = "the file is <i>odd</i>"
    records.append(Record(learner="eve", file="eve/x.ipynb", submitted="2026-03-05T10:00:00+00:00", trouble=odd))
    rules = Policy.model_validate(
        {"labs": {kit.LAB: {"due": "2026-03-06T10:00:00+00:00", "canvas_id": 77}}, "late": {"percent_per_day": 10}}
    )
    made = folder / "out"
    handed_in = folder / "submissions"
    predicted = [
        ("ada", {"storm.peak": {"value": 4, "unit": "calls", "truth": 16.0}, "storm.shape": {"value": "B"}}),
        ("bob", {"storm.peak": {"value": 16.5, "unit": "calls"}, "storm.shape": {"value": "C"}, "odd": {"value": [1]}}),
        ("cyd", {f"invented.{n}": {"value": n} for n in range(200)} | {"storm.shape": {"value": "\x1b[31mB"}}),
        ("eve", ["not", "predictions"]),
    ]
    for learner, told in predicted:
        kit.save(handed_in / learner / "predictions.json", json.dumps(told))
    (handed_in / "mal").mkdir()
    (handed_in / "mal" / "predictions.json").symlink_to(handed_in / "ada" / "predictions.json")
    made.mkdir()
    (made / "roster.csv").write_text(ROSTER, encoding="utf-8")
    by_hand = {("bob", kit.LAB, "running"): (5.0, "")}
    exports.write_all(made, labs, records, rules, by_hand, HELD, guesses.collect(handed_in, ASKED))
    return made


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8"), newline="")))


def test_the_json_is_as_published(out):
    book = json.loads((out / "gradebook.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(book, SCHEMA)
    assert book["copies"] == [{"lab": kit.LAB, "task": "double", "learners": ["ada", "bob"]}]
    assert book["unread"][0]["learner"] == "eve"
    book["marks"][0]["points"] = "ten"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(book, SCHEMA)


def test_the_table_has_tasks_totals_and_everybody_in_the_roster(out):
    head, ada, bob, cyd, _ = rows(out / "gradebook.csv")
    assert head == [
        "learner",
        "name",
        *(f"{kit.LAB} {t}" for t in kit.POINTS),
        f"{kit.LAB} total",
        "total",
        "max",
        "remarks",
    ]
    assert ada == ["ada", "Lovelace, Ada", "10", "0", "0", "10", "10", "60", ""]
    assert bob[:2] == ["bob", "'=Bob"] and bob[-3:-1] == ["5", "60"] and cyd[-3:] == ["0", "60", ""]
    assert "20 % off for lateness" in bob[-1]


def test_the_table_reads_as_numbers(out):
    table = pd.read_csv(out / "gradebook.csv").set_index("learner")
    assert table["total"].tolist() == [10, 5, 0, 0] and table[f"{kit.LAB} double"].dtype == float
    assert table[f"{kit.LAB} total"].isna().tolist() == [False, False, True, True]


def test_whoever_handed_in_only_what_cannot_be_read_has_a_row(out):
    assert rows(out / "gradebook.csv")[-1] == [
        "eve",
        "",
        "",
        "",
        "",
        "",
        "0",
        "60",
        "eve/x.ipynb: the file is <i>odd</i>",
    ]
    assert rows(out / "canvas.csv")[-1] == ["eve", "", "", "", "", ""]


def test_canvas_import(out):
    head, worth, ada, _, cyd, _ = rows(out / "canvas.csv")
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Kit, lab (77)"]
    assert worth == ["    Points Possible", "", "", "", "", "60"]
    assert ada == ["Lovelace, Ada", "101", "S1", "al", "Mon", "10"]
    assert cyd[-1] == "" and b"\r\n" in (out / "canvas.csv").read_bytes()


def test_moodle_worksheet(out):
    head, ada, bob, cyd, _ = rows(out / "moodle-01_kit-lab.csv")
    assert head[:6] == ["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade"]
    assert ada[:6] == ["Participant 55", "Lovelace, Ada", "ada@example.org", "Submitted for grading", "10", "60"]
    assert "20 % off for lateness, by its stamp" in bob[-1] and cyd[3:5] == ["No submission", ""]


def test_a_teachers_own_exports_are_filled_in(out, tmp_path):
    templates = out / "templates"
    templates.mkdir(exist_ok=True)
    (templates / "canvas.csv").write_text(
        "Student,ID,SIS Login ID,Section,Old (3)\nPoints Possible,,,,9\nLove,101,,Mon,\nX,9,,,\n"
    )
    (templates / "moodle-01_kit-lab.csv").write_text(
        "Identifier,Full name,Email address,Grade,Feedback comments\nParticipant 55,A,,,\nParticipant 99,Z,,,\n"
    )
    from course_lib.grading.book.marks import marks
    from course_lib.grading.exports import tables
    from course_lib.grading.exports.book import Book
    from course_lib.grading.intake.roster import people

    course = kit.course(tmp_path / "course")
    labs = pristine.labs(course)
    given = marks([record(labs[kit.LAB], "ada", double)], Policy(), {})
    tables.write(out, Book(labs, given, people(out / "roster.csv", {"ada"}), Policy(), (), ()))
    assert rows(out / "canvas.csv")[2:] == [["Love", "101", "", "Mon", "10"], ["X", "9", "", "", ""]]
    assert rows(out / "moodle-01_kit-lab.csv")[1][3:] == [
        "10",
        "double 10/10 right; running 0/20 not attempted; policy 0/30 not attempted",
    ]
    assert rows(out / "moodle-01_kit-lab.csv")[2][3:] == ["", ""]


def test_junit_counts_and_reads(out):
    suite = ElementTree.parse(out / "junit.xml").getroot()[0]
    assert suite.attrib == {"name": kit.LAB, "tests": "6", "failures": "1", "errors": "0", "skipped": "4"}
    failure = suite.find("testcase[@name='double']/failure")
    assert failure.attrib["message"] == "wrong, 0 of 10 points" and "gives twice every number" in failure.text


def test_gradescope_results(out):
    told = json.loads((out / "gradescope" / "bob.json").read_text())
    assert told["score"] == 5 and [t["max_score"] for t in told["tests"]] == [10, 20, 30]
    assert told["tests"][0]["status"] == "failed" and told["stdout_visibility"] == "hidden"


class Tags(HTMLParser):
    """Collects tags and where they point."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.links = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "action")]


def test_the_feedback_page_shows_score_reason_hint_and_curves_and_stands_alone(out):
    text = (out / "feedback" / "bob.html").read_text(encoding="utf-8")
    page = Tags(text)
    assert {"script", "link", "img", "iframe", "form", "b", "i"}.isdisjoint(page.tags) and page.links == []
    assert "Hint: Twice what?" in text and "20 % off for lateness" in text and "marked by hand" in text
    assert text.count("<polyline") == 2 and 'role="img" aria-label="Twice x: your curve' in text
    assert "&lt;b&gt;blank" in text and len(text) < 30_000


def test_the_class_report_has_distribution_misses_predictions_copies_and_isolation(out):
    text = (out / "report.html").read_text(encoding="utf-8")
    assert Tags(text).links == [] and "seccomp: not enforced, refused &lt;here&gt;" in text
    assert "gives twice every number" in text and "ada, bob" in text
    assert "2 predicted before they saw it; it came out as 16.0 calls" in text and "curve B: 1" in text
    assert "invented" not in text and "\x1b" not in text
    assert "nbval (recorded) passed" in text and "the file is &lt;i&gt;odd" in text
    counts = re.findall(r"<td>\s*[\d.]+ to [\d.]+</td><td class=\"number\">(\d+)</td>", text)
    assert [int(n) for n in counts[:10]] == [1, 1, 0, 0, 0, 0, 0, 0, 0, 0] and sum(map(int, counts[10:])) == 2


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", " =1", "|cmd", "%0", "\uff1d1+1", "\xa0\uff201"]
)
def test_no_cell_is_a_formula(cell):
    assert csv_text([[cell]]).strip('"\r\n').startswith("'")


@pytest.mark.parametrize("cell", ["a=b", "-", "", 3, -1.5, "Ada"])
def test_harmless_cells_stay_as_they_are(cell):
    assert csv_text([[cell]]).strip('"\r\n') == str(cell)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_is_a_formula_whatever_separates(separator):
    text = csv_text([["a;=1+1", "a; \uff1d1+1", "b\t=2"], ['"a;@x', 'q";+1', 3]])
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
        assert not [cell for cell in row if cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))]
    assert csv_text([["a;b", 3, 2.5]]) == '"a;b",3,2.5\r\n'


def test_file_names_stay_in_their_folder_and_apart():
    names = ["../../etc/passwd", "a/b", "a_b", ".hidden", "", "x" * 300, "Zoë"]
    made = [file_name(name) for name in names]
    assert len(set(made)) == len(names) and not [
        m for m in made if "/" in m or m.startswith(".") or len(m) > 130 or not m
    ]
    assert made[2] == "a_b" and made[6] == "Zoë"


def test_the_longest_names_a_file_system_holds_get_files(tmp_path):
    names = ["\u8a9e" * 85, "\u8a9e" * 84 + "\u672c", "x" * 255, "\udcff", "\udcfe"]
    made = {file_name(name) for name in names}
    assert len(made) == len(names)
    for name in made:
        write_text(tmp_path / f"{name}.html", "read")
    assert len(list(tmp_path.iterdir())) == len(names)


def test_histogram_bins_hold_everything_once():
    assert sum(n for *_, n in histogram([0, 50, 100, 100], low=0, high=100)) == 4
    assert histogram([0, 50, 100, 100], low=0, high=100)[-1][2] == 2
    assert histogram([]) == [] and sum(n for *_, n in histogram([3.0, 3.0])) == 2


def test_curves_are_thinned_and_gaps_and_markup_are_survived():
    x = np.arange(5000.0)
    curve = curve_fields(Curve("<b>t</b>", x, np.where(x > 10, np.nan, x), x, "Time (s)", "q & a"))
    assert len(curve["x"]) <= 240 and None in curve["yours"]
    picture = curve_picture(curve)
    ElementTree.fromstring(picture)
    assert "&lt;b&gt;" in picture and "q &amp; a" in picture and len(picture) < 12_000
    ElementTree.fromstring(curve_picture(curve_fields(Curve("flat", x[:3], x[:3] * np.nan, x[:3] * 0))))


def test_no_two_learners_share_a_file_even_where_capitals_or_forms_of_accents_do_not_count():
    names = ["Ada", "ada", "a?b", "a*b", "Zoë", "Zoe\u0308", "con", "CON.x", "bob", "\uff41da"]
    made = file_names(names)
    assert len({unicodedata.normalize("NFKC", name).casefold() for name in made.values()}) == len(names)
    assert made["bob"] == "bob" and not {"con", "con.x"} & {name.casefold() for name in made.values()}
    assert file_names(["Ada", "bob"]) == {"Ada": "Ada", "bob": "bob"}
