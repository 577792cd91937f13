"""Policy, attempts, marks set by hand, copies: pure functions of what is recorded."""

from datetime import UTC, datetime, timedelta

import pytest

from course_lib.grading import policy
from course_lib.grading.copies import borrowed, copied, shape
from course_lib.grading.marks import marks, read_manual
from course_lib.grading.policy import Policy, PolicyError

DUE = datetime(2026, 3, 6, 22, 59, tzinfo=UTC)
LATE = {"grace_minutes": 15, "percent_per_day": 10, "cap_percent": 50, "closed_after_days": 14}
RULES = Policy.model_validate(
    {"labs": {"lab": {"due": DUE}}, "late": LATE, "extensions": {"ada": {"lab": DUE + timedelta(7)}}}
)


def record(learner="bob", points=8.0, submitted=DUE, file="a.ipynb", lab="lab"):
    told = {"state": "right", "points": points, "max_points": 10.0}
    return {"learner": learner, "lab": lab, "file": file, "submitted": submitted.isoformat(), "tasks": {"t": told}}


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
    assert (mark.record["file"], mark.points, mark.attempts) == ("1", 6, 3)


def test_last_counts_where_the_policy_says_so():
    attempts = [record(points=9, submitted=DUE, file="2"), record(points=3, submitted=DUE - timedelta(1), file="1")]
    assert marks(attempts, Policy(attempt="last"), {})[0].points == 9
    assert marks(attempts[::-1], Policy(attempt="last"), {})[0].points == 9


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


@pytest.mark.parametrize(
    "text", ["labs: {lab: {due: 2026-03-06T23:59}}", "late: {percent_per_day: 120}", "attempt: worst", "7"]
)
def test_a_policy_with_a_mistake_names_it(tmp_path, text):
    (tmp_path / "policy.yaml").write_text(text)
    with pytest.raises(PolicyError, match=r"policy\.yaml"):
        policy.load(tmp_path / "policy.yaml")


def test_names_nobody_answers_to_are_told():
    told = policy.unknown_names(RULES, {"lba": None}, {"bob"})
    assert len(told) == 2 and "'lab'" in told[0] and "'ada'" in told[1]


def test_manual_marks_with_a_byte_order_mark_as_spreadsheets_write_them(tmp_path):
    (tmp_path / "m.csv").write_text("\ufefflearner,lab,task,points,comment\r\nbob,lab,t,3.5,fair\r\n", encoding="utf-8")
    assert read_manual(tmp_path / "m.csv") == {("bob", "lab", "t"): (3.5, "fair")}


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
    records = [{"learner": who, "lab": "lab", "shapes": {"t": shape(first)}} for who in ("b", "a", "a")]
    records.append({"learner": "c", "lab": "lab", "shapes": {"t": "other"}})
    assert [(c.task, c.learners) for c in copied(records)] == [("t", ("a", "b"))]


def test_answers_that_call_the_courses_own_code_are_told():
    source = "from course_lib.theory import retries\nm = __import__('course_lib.models.retry_storm')\nimport numpy"
    assert borrowed(source) == ["course_lib.models.retry_storm", "course_lib.theory"]
    assert borrowed("import numpy as np") == borrowed("def f(:") == []
