"""Policy, attempts, marks set by hand, copies: pure functions of what is recorded."""

import unicodedata
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from course_lib.borrowing import borrowed
from course_lib.grading.book import policy
from course_lib.grading.book.marks import MarksError, marks, read_manual, unknown_rows
from course_lib.grading.book.policy import Policy, PolicyError
from course_lib.grading.book.record import Record, TaskRecord
from course_lib.grading.intake import roster
from course_lib.grading.intake.copies import copied, shape
from course_lib.grading.intake.roster import RosterError

DUE = datetime(2026, 3, 6, 22, 59, tzinfo=UTC)
LATE = {"grace_minutes": 15, "percent_per_day": 10, "cap_percent": 50, "closed_after_days": 14}
RULES = Policy.model_validate(
    {"labs": {"lab": {"due": DUE}}, "late": LATE, "extensions": {"ada": {"lab": DUE + timedelta(7)}}}
)


def record(learner="bob", points=8.0, submitted=DUE, file="a.ipynb", lab="lab", stamp="stamp"):
    told = TaskRecord(state="right", points=points, max_points=10.0)
    handed_in = submitted.isoformat()
    return Record(learner=learner, lab=lab, file=file, submitted=handed_in, stamp=stamp, tasks={"t": told})


@pytest.mark.parametrize(
    ("after", "percent"),
    [
        (timedelta(0), 0),
        (timedelta(minutes=15), 0),
        (timedelta(minutes=16), 10),
        (timedelta(days=1), 10),
        (timedelta(days=1, seconds=1), 20),
        (timedelta(days=9), 50),
        (timedelta(days=14), 50),
        (timedelta(days=14, seconds=1), 100),
    ],
)
def test_lateness(after, percent):
    assert RULES.late_percent("bob", "lab", DUE + after) == percent


@pytest.mark.parametrize(
    ("stamps", "stamp", "percent"),
    [
        ("book", "stamp", 20),
        ("book", "timestamp.txt", 0),
        ("book", "file date", 0),
        ("files", "timestamp.txt", 20),
        ("files", "file date", 0),
        ("dates", "file date", 20),
    ],
)
def test_lateness_is_taken_only_on_the_word_that_the_policy_believes_and_said_either_way(stamps, stamp, percent):
    rules = RULES.model_copy(update={"late": RULES.late.model_copy(update={"stamps": stamps})})
    (mark,) = marks([record(submitted=DUE + timedelta(2), stamp=stamp)], rules, {})
    assert mark.late_percent == percent
    assert stamp in mark.remark and ("% off for lateness" if percent else "nothing taken off") in mark.remark
    (mark,) = marks([record(stamp=stamp)], rules, {})
    assert (mark.late_percent, mark.remark) == (0, "")


def test_what_is_borrowed_from_the_course_is_worth_nothing_unless_the_policy_says_so_and_a_mark_by_hand_stands():
    own = record().but(borrowed={"t": ["retries.amplification"]})
    strict = RULES
    assert marks([own], RULES.model_copy(update={"borrowed": "report"}), {})[0].points == 8
    assert marks([record().but(borrowed={"t": ["sys.modules", "eval"]})], strict, {})[0].points == 8  # looked at
    (mark,) = marks([own], strict, {})
    assert mark.points == 0 and "retries.amplification" in mark.tasks[0].comment
    assert marks([own], strict, {("bob", "lab", "t"): (6.0, "")})[0].points == 6
    assert marks([record()], strict, {})[0].points == 8


def test_an_extension_moves_the_due_date_of_one_learner():
    assert RULES.late_percent("ada", "lab", DUE + timedelta(7)) == 0
    assert RULES.late_percent("ada", "lab", DUE + timedelta(8)) == 10
    assert RULES.late_percent("bob", "other", DUE + timedelta(99)) == 0


def test_best_counts_after_lateness_and_of_equals_the_first():
    attempts = [
        record(points=6, submitted=DUE - timedelta(1), file="1"),
        record(points=10, submitted=DUE + timedelta(6), file="2"),  # 10 less 50 %
        record(points=6, submitted=DUE, file="3"),
    ]
    (mark,) = marks(attempts, RULES, {})
    assert (mark.record.file, mark.points, mark.attempts) == ("1", 6, 3)


def test_last_counts_where_the_policy_says_so():
    attempts = [record(points=9, submitted=DUE, file="2"), record(points=3, submitted=DUE - timedelta(1), file="1")]
    assert marks(attempts, Policy(attempt="last"), {})[0].points == 9
    assert marks(attempts[::-1], Policy(attempt="last"), {})[0].points == 9


def test_the_last_is_so_by_the_clock_whatever_zone_it_is_written_in():
    first = record(points=3, file="1").but(submitted="2026-03-29T10:00+02:00")
    attempts = [first, record(points=9, file="2").but(submitted="2026-03-29T08:30+00:00")]
    assert marks(attempts, Policy(attempt="last"), {})[0].points == 9
    assert marks(attempts[::-1], Policy(attempt="last"), {})[0].points == 9


@pytest.mark.parametrize("attempt", ["best", "last"])
def test_a_file_that_cannot_be_read_stands_for_nothing_where_another_could(attempt):
    cut_off = record(points=0, submitted=DUE + timedelta(1), file="2").but(trouble="the file is not JSON")
    (mark,) = marks([record(points=0), cut_off], Policy(attempt=attempt), {})
    assert (mark.record.file, mark.attempts) == ("a.ipynb", 1)
    (alone,) = marks([cut_off], Policy(attempt=attempt), {})
    assert (alone.record.file, alone.attempts) == ("2", 1)


def test_a_mark_set_by_hand_replaces_the_graders_and_lateness_leaves_it_alone():
    (mark,) = marks([record(submitted=DUE + timedelta(2))], RULES, {("bob", "lab", "t"): (7.0, "well argued")})
    assert (mark.points, mark.late_percent, mark.tasks[0].comment, mark.tasks[0].manual) == (
        7.0,
        20.0,
        "well argued",
        True,
    )


def test_files_that_belong_to_no_lab_have_no_mark():
    assert marks([record(lab="")], RULES, {}) == []


def test_the_documented_policy_loads(tmp_path):
    example = policy.__doc__.split("::")[1]
    (tmp_path / "policy.yaml").write_text("\n".join(line[4:] for line in example.splitlines()))
    loaded = policy.load(tmp_path / "policy.yaml")
    assert loaded.late.cap_percent == 50 and loaded.extensions["ada"]["01_retry_storm/lab"].tzinfo is not None


ZOE = (unicodedata.normalize("NFC", "Zoë"), unicodedata.normalize("NFD", "Zoë"))
MISTAKES = {
    "labs: {lab: {due: 2026-03-06T23:59}}": "timezone",
    "late: {percent_per_day: 120}": "percent_per_day",
    "attempt: worst": "attempt",
    "7": "dictionary",
    "[": "not YAML",
    "extensions: {Zo\xeb: {}}": "not UTF-8",
    "late: {grace_minutes: .inf}": "grace_minutes: .*finite",
    "late: {closed_after_days: .nan}": "closed_after_days",
    "labs: {lab: {due: 2026-02-30}}": "day is out of range",
    "labs: {lab: {due: 20260306}}": "must be a date",
    "labs: {a: {due: 2026-03-06T23:59Z}}\nlabs: {b: {}}": "line 2: labs occurs twice",
    "labs:\n  a: {canvas_id: 1}\n  'a': {canvas_id: 2}": "line 3: a occurs twice",
    f"extensions: {{{ZOE[0]}: {{}}, {ZOE[1]}: {{}}}}": "twice",
    "[" * 5000: "recursion depth",
}


@pytest.mark.parametrize(("text", "words"), MISTAKES.items(), ids=range(len(MISTAKES)))
def test_a_policy_with_a_mistake_names_it_in_one_line(tmp_path, text, words):
    (tmp_path / "policy.yaml").write_bytes(text.encode("latin-1" if "UTF-8" in words else "utf-8"))
    with pytest.raises(PolicyError, match=rf"policy\.yaml(?s:.*){words}") as told:
        policy.load(tmp_path / "policy.yaml")
    assert "\n" not in str(told.value)


def test_a_policy_that_was_named_must_be_there(tmp_path):
    assert policy.load(tmp_path / "policy.yaml") == Policy()
    with pytest.raises(PolicyError, match="no such file"):
        policy.load(tmp_path / "policy.yaml", must_exist=True)


@pytest.mark.parametrize("grace", [15, 1e308])
def test_a_due_date_at_the_end_of_the_calendar_is_never_missed(grace):
    never = {"labs": {"lab": {"due": "9999-12-31T23:59:00+00:00"}}, "late": LATE | {"grace_minutes": grace}}
    assert Policy.model_validate(never).late_percent("bob", "lab", DUE) == 0


def test_an_extension_is_found_however_its_learners_accents_are_written():
    rules = Policy.model_validate({"extensions": {ZOE[1]: {"lab": DUE}}})
    assert rules.due(ZOE[0], "lab") == DUE


def test_names_nobody_answers_to_are_told():
    told = policy.unknown_names(RULES, {"lba": None}, {"bob"})
    assert len(told) == 2 and "'lab'" in told[0] and "'ada'" in told[1]


def test_manual_marks_with_a_byte_order_mark_as_spreadsheets_write_them(tmp_path):
    (tmp_path / "m.csv").write_text("\ufefflearner,lab,task,points,comment\r\nbob,lab,t,3.5,fair\r\n", encoding="utf-8")
    assert read_manual(tmp_path / "m.csv") == {("bob", "lab", "t"): (3.5, "fair")}


HEAD = "learner,lab,task,points,comment\r\n"


def by_hand(folder, text, encoding="utf-8"):
    (folder / "manual.csv").write_bytes((HEAD + text).encode(encoding))
    return read_manual(folder / "manual.csv")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Zo\xeb,lab,t,3,\r\n", "is not UTF-8: save it as CSV UTF-8"),
        ("bob,lab,t,3,a\r\nbob,lab,t,4,b\r\n", "line 3: bob, lab, t has points on an earlier line"),
        ("bob,lab,t,3,right, on paper\r\n", "line 2: 6 cells, 5 columns"),
        (f"bob,lab,t,3,{'x' * 200_000}\r\n", "line 2: not CSV"),
        ("bob,lab\r\n", "line 2: points '' is not a number"),
        ("bob,lab,t,nan,\r\n", "line 2: points 'nan' is not a mark"),
    ],
)
def test_a_mistake_in_manual_marks_names_file_and_line(tmp_path, text, words):
    with pytest.raises(MarksError, match=rf"manual\.csv.*{words}"):
        by_hand(tmp_path, text, "latin-1")


def test_manual_marks_find_a_learner_however_the_accents_are_written(tmp_path):
    assert by_hand(tmp_path, f"{ZOE[1]},lab,t,3,\r\n,,,,\r\n") == {(ZOE[0], "lab", "t"): (3.0, "")}


def test_manual_marks_that_count_nowhere_or_for_too_much_are_told():
    labs = {"lab": SimpleNamespace(tasks={"t": SimpleNamespace(points=20.0)})}
    labs["lesson"] = labs["lab"]
    keys = [("bob", "lab", "t"), ("bob", "lab", "u"), ("bob", "lba", "t"), ("cyd", "lab", "t"), ("bob", "lesson", "t")]
    told = unknown_rows(dict.fromkeys(keys, (20.0, "")), labs, [record()])
    assert [line.split(": ", 2)[1] for line in told] == [", ".join(key) for key in sorted(keys)[1:]]
    assert all(line.startswith("manual.csv: ") and "counted nowhere" in line for line in told)
    assert "its tasks are t" in told[0] and "'lba'" in told[1] and "bob handed in nothing" in told[2]
    assert "nobody handed in as 'cyd'" in told[3]
    assert unknown_rows({keys[0]: (2000.0, "")}, labs, [record()]) == [
        "manual.csv: bob, lab, t: 2000 points of 20, counted as written"
    ]


def listed(folder, text, encoding="utf-8"):
    (folder / "roster.csv").write_bytes(text.encode(encoding))
    return roster.people(folder / "roster.csv", ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("learner,name\nbob,Zo\xeb\n", "is not UTF-8: save it as CSV UTF-8"),
        ("learner,name\nbob,B\nada,A\nbob,C\n", "line 4: 'bob' is listed on an earlier line"),
        ("learner,name\nada,Lovelace, Ada\n", "line 2: 3 cells, 2 columns"),
        (f"learner,name\nada,{'x' * 200_000}\n", "line 2: not CSV"),
        ("learner,learner\nada,bob\n", "each once"),
        ("", "columns must be"),
    ],
)
def test_a_mistake_in_the_roster_names_file_and_line(tmp_path, text, words):
    with pytest.raises(RosterError, match=rf"roster\.csv.*{words}"):
        listed(tmp_path, text, "latin-1")


def test_the_roster_knows_a_learner_however_the_accents_are_written(tmp_path):
    assert [*listed(tmp_path, f"learner,name\n{ZOE[1]},Z\n\n")] == [ZOE[0]]


def test_who_is_not_listed_is_told_with_whom_they_may_be():
    told = roster.unmatched(["Bob", "Ada Lovelace", "eve"], ["bob", "ada-lovelace", "cyd"])
    assert len(told) == 3 and "'ada-lovelace'" in told[0] and "'Ada Lovelace' is" in told[0]
    assert "'bob'" in told[1] and "'Bob' is" in told[1] and told[2].endswith("'cyd' handed in and is not listed")
    assert roster.unmatched([], ["bob"]) == roster.unmatched(["bob", "eve"], ["bob"]) == []


LONG = """
def budget(first, retries, ratio=0.1):
    # {note}
    {name} = np.cumsum(first) * ratio
    spent = np.minimum(np.cumsum(retries), {name})
    granted = np.diff(spent, prepend=0.0)
    if granted.ndim > 1 and granted.shape[0] > 3:
        granted = np.where(granted > 0, granted, 0.0) + 0.0 * {name}
    return np.clip(granted, 0, retries), spent[-1] / max(1.0, {name}[-1])
"""


def test_copies_are_found_through_renaming_and_comments_but_not_in_short_answers():
    first, second = LONG.format(name="earned", note="mine"), LONG.format(name="tokens", note="really mine")
    assert shape(first) == shape(second) != ""
    assert shape(first) != shape(first.replace("0.1", "0.2"))
    assert shape("def f(x):\n    return 2 * x") == shape("def f(:") == ""
    records = [Record(learner=who, lab="lab", shapes={"t": shape(first)}) for who in ("b", "a", "a")]
    records.append(Record(learner="c", lab="lab", shapes={"t": "other"}))
    assert [(c.task, c.learners) for c in copied(records)] == [("t", ("a", "b"))]


def test_answers_that_call_the_courses_own_code_are_told():
    source = "from course_lib.theory import retries\nm = __import__('course_lib.models.retry_storm')\nimport numpy"
    assert borrowed(source) == ["course_lib.models.retry_storm", "course_lib.theory"]
    assert borrowed("import numpy as np") == borrowed("def f(:") == []


def test_a_table_from_a_spreadsheet_with_semicolons_and_decimal_commas_is_read(tmp_path):
    path = tmp_path / "manual.csv"
    path.write_bytes("\ufefflearner;lab;task;points;comment\r\nbob;lab;t;7,5;gut, aber spät\r\n".encode())
    assert read_manual(path) == {("bob", "lab", "t"): (7.5, "gut, aber spät")}


def test_learners_called_by_a_number_or_no_are_names_in_a_policy(tmp_path):
    path = tmp_path / "policy.yaml"
    names = ["0017", "no", "12345"]
    path.write_text("extensions:\n" + "".join(f"  {name}: {{lab: 2026-03-13T00:00Z}}\n" for name in names))
    assert set(policy.load(path).extensions) == {"0017", "no", "12345"}
    path.write_text("extensions: {no: {}, no: {}}")
    with pytest.raises(PolicyError, match="no occurs twice"):
        policy.load(path)
