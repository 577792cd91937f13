"""Who handed in what: names that stay apart or belong together, files that cannot be read, and what is told of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from grading import kit

from course_lib.grading.intake import collection, stamps
from course_lib.grading.intake.collection import collect, unread
from course_lib.grading.intake.files import plain_name
from course_lib.submission import Released

LAB, LESSON = kit.LAB, kit.LESSON
LABS = {
    LAB: SimpleNamespace(
        answer_cells={task: f"{task}-answer" for task in kit.RIGHT}, reads=Released.of(kit.lab(kit.BLANK))
    ),
    LESSON: SimpleNamespace(answer_cells={"first": "first-answer"}, reads=Released({"first-answer": "x = ..."})),
}
GOOD = kit.submission({})
LESSON_DONE = kit.notebook([kit.answer("first", "x = 1")])
NOT_UTF_8 = pytest.mark.skipif(sys.platform != "linux", reason="file names are UTF-8 there")


@pytest.fixture
def folder(tmp_path):
    """A folder of submissions in which one learner is in order."""
    kit.save(tmp_path / "ada" / "01_kit.ipynb", GOOD)
    return tmp_path


def found(folder):
    return collect(folder, LABS)


def told(folder):
    return unread(folder, found(folder))


@NOT_UTF_8
@pytest.mark.parametrize(
    "names",
    [(b"Zo\xeb", b"Zo\xe9"), (b"n\nb", b"n?b"), ("n\u00a0b".encode(), "n\u200bb".encode(), b"n?b")],
    ids=["undecodable", "line-break", "spaces"],
)
def test_names_that_look_alike_are_several_learners(tmp_path, names):
    for name in names:
        path = os.path.join(os.fsencode(tmp_path), name)
        os.mkdir(path)
        with open(os.path.join(path, b"lab.ipynb"), "w") as file:
            json.dump(GOOD, file)
    learners = {one.learner for one in found(tmp_path)}
    assert len(learners) == len(names)
    assert all(name.isprintable() and name.encode() for name in learners)


@NOT_UTF_8
def test_composed_and_decomposed_accents_are_one_learner(tmp_path):
    for form in ("NFC", "NFD"):
        kit.save(tmp_path / unicodedata.normalize(form, "Zoë") / f"{form}.ipynb", GOOD)
    assert [(one.learner, one.lab) for one in found(tmp_path)] == [("Zoë", LAB)] * 2


def test_a_plain_name_stays_as_it_is():
    assert [plain_name(name) for name in ("Zoë 🐙 O'Neil", "n?b", "")] == ["Zoë 🐙 O'Neil", "n?b", ""]
    assert plain_name(plain_name("n\nb")) == plain_name("n\nb")


@pytest.mark.parametrize(("whole", "lab"), [(GOOD, LAB), (LESSON_DONE, LESSON)])
def test_a_file_cut_off_is_no_attempt_where_another_could_be_read(tmp_path, whole, lab):
    kit.save(tmp_path / "ada" / "first" / "01_kit.ipynb", whole)
    kit.save(tmp_path / "ada" / "second" / "01_kit.ipynb", json.dumps(GOOD)[:500])
    assert [one.lab for one in found(tmp_path)] == [lab, ""]
    assert len(told(tmp_path)) == 1 and told(tmp_path)[0].startswith("ada/second/01_kit.ipynb: the file is not JSON")


CUT = [(json.dumps(GOOD)[:-9], LAB), (json.dumps(LESSON_DONE)[:-9], LESSON), ("{", "")]


@pytest.mark.parametrize(("whole", "lab"), CUT)
def test_a_file_cut_off_that_is_all_there_is_has_its_reason_and_a_zero_only_where_its_cells_tell_the_lab(
    tmp_path, whole, lab
):
    kit.save(tmp_path / "ada" / "01_KIT.ipynb", whole)
    assert [(one.lab, bool(one.trouble)) for one in found(tmp_path)] == [(lab, True)]


def test_a_link_or_a_pipe_named_as_a_notebook_is_told_and_not_waited_for(folder):
    (folder / "bob.ipynb").symlink_to(folder / "ada" / "01_kit.ipynb")
    os.mkfifo(folder / "cyd.ipynb")
    assert ["is a link" in line or "not a regular file" in line for line in told(folder)] == [True, True]


def test_very_deep_folders_and_very_many_entries_are_bounded(folder, monkeypatch, request):
    deep = folder / "bob"
    deep.mkdir()
    request.addfinalizer(lambda: subprocess.run(["rm", "-rf", deep], check=True))  # shutil gives up on the depth
    here = os.open(deep, os.O_RDONLY)
    for _ in range(1_100):
        os.mkdir("d" * 20, dir_fd=here)
        below = os.open("d" * 20, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    assert [one.learner for one in found(folder)] == ["ada"]
    assert "20 folders down, and below it nothing was looked at" in told(folder)[0]
    monkeypatch.setattr(collection, "_MOST_ENTRIES", 10)
    for n in range(30):
        kit.save(folder / "cyd" / f"{n:02}.ipynb", LESSON_DONE)
    assert [one.learner for one in found(folder)].count("cyd") == 10


def test_a_hidden_folder_with_a_notebook_is_told_and_what_programs_leave_is_not(folder):
    kit.save(folder / ".bob" / "lab.ipynb", GOOD)
    kit.save(folder / "cyd" / ".old" / "lab.ipynb", GOOD)
    kit.save(folder / "cyd" / "lab.ipynb", GOOD)
    kit.save(folder / "__MACOSX" / "ada" / "._01_kit.ipynb", "\0\5")
    kit.save(folder / "cyd" / "._lab.ipynb", "\0\5")
    kit.save(folder / ".git" / "lab.ipynb", GOOD)
    assert [one.learner for one in found(folder)] == ["ada", "cyd"]
    lines = told(folder)
    assert [line.split(":")[0] for line in lines] == [".bob/lab.ipynb", "cyd/.old/lab.ipynb"]
    assert all("begins with a dot; rename it" in line for line in lines)


def test_capitals_in_the_ending_do_not_matter(tmp_path):
    kit.save(tmp_path / "ada" / "LAB.IPYNB", GOOD)
    kit.save(tmp_path / "bob.Ipynb", GOOD)
    assert [(one.learner, one.lab) for one in found(tmp_path)] == [("ada", LAB), ("bob", LAB)]
    assert told(tmp_path) == []


def test_a_class_in_order_has_nothing_to_tell(folder):
    kit.save(folder / "ada" / "timestamp.txt", "2026-03-08T09:00:00+01:00")
    kit.save(folder / "ada" / ".ipynb_checkpoints" / "01_kit-checkpoint.ipynb", GOOD)
    kit.save(folder / "README.txt", "spring class")
    assert told(folder) == []


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("bob/lab.ipynb.txt", "rename it so that it ends in .ipynb"),
        ("bob/1/2/3/4/5/6/lab.ipynb", "more than 4 folders down"),
        ("bob/work.zip", "unpack it"),
    ],
)
def test_a_file_that_was_not_read_is_told_with_the_mend_and_its_learner_too(folder, file, reason):
    kit.save(folder / file, GOOD)
    lines = told(folder)
    assert len(lines) == 2 and lines[0].startswith(f"{file}: ") and reason in lines[0]
    assert lines[1] == "bob: nothing in this folder was read as a notebook"


@pytest.mark.parametrize("name", ["bob.ipynb.txt", "all.zip"])
def test_the_same_beside_the_learners_folders(folder, name):
    kit.save(folder / name, GOOD)
    assert len(told(folder)) == 1 and told(folder)[0].startswith(f"{name}: ")


def test_an_empty_folder_is_told(folder):
    (folder / "bob").mkdir()
    assert told(folder) == ["bob: nothing in this folder was read as a notebook"]


def test_a_folder_of_files_of_another_kind_says_which(folder):
    kit.save(folder / "bob" / "saved" / "01_kit.json", GOOD)
    (line,) = told(folder)
    assert line.endswith("read as a notebook; it holds 01_kit.json, and a notebook's name ends in .ipynb")


def test_one_learner_cannot_drown_the_others_notices(folder):
    for n in range(90):
        kit.save(folder / "bob" / f"{n}.ipynb.txt", "")
    (folder / "cyd").mkdir()
    assert len(told(folder)) <= 8
    assert "bob: 86 more like these" in told(folder) and told(folder)[-1].startswith("cyd: ")


def test_a_learner_with_very_many_files_is_told(folder):
    for n in range(collection.MANY_FILES):
        kit.save(folder / "ada" / f"{n}.ipynb", LESSON_DONE)
    assert told(folder) == [f"ada: {collection.MANY_FILES + 1} files; each is graded"]


def test_a_file_dated_beyond_the_calendar_is_collected(folder, monkeypatch):
    far = SimpleNamespace(st_mtime=1e15, st_mode=0)
    monkeypatch.setattr("pathlib.Path.lstat", lambda self: far)
    assert found(folder)[0].submitted == "1970-01-01T00:00:00+00:00"


def test_folders_nested_a_thousand_deep_are_walked_within_bounds(folder):
    where = os.open(folder / "ada", os.O_RDONLY)
    for _ in range(1_100):
        os.mkdir("deeper-and-deeper", dir_fd=where)
        below = os.open("deeper-and-deeper", os.O_RDONLY, dir_fd=where)
        os.close(where)
        where = below
    os.close(where)
    (folder / "ada" / "lab.ipynb.txt").write_text("x")
    try:
        assert [line for line in told(folder) if "lab.ipynb.txt" in line] and len(found(folder)) == 1
    finally:
        subprocess.run(["rm", "-rf", str(folder / "ada")], check=True)  # which pytest's own tidying cannot


SEVENTH = datetime(2026, 3, 7, 22, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-07T22:59:00Z",
        "2026-03-07 22:59:00 UTC",
        "2026-03-07 22:59:00.000000 GMT",
        "2026-03-07 23:59 CET",
        "2026-03-07 17:59 EST",
        "2026-03-07 23:59:00 Europe/Berlin",
        "Sat, 07 Mar 2026 23:59:00 +0100",
        "Saturday, 7 March 2026, 10:59 PM",
        "March 7, 2026 10:59 PM UTC",
        "2026/03/07 22:59",
        "1772924340",
        "1772924340000",
        "20260307T225900Z",
    ],
)
def test_the_common_forms_of_a_time_are_read(text):
    assert stamps.parse(text) == SEVENTH


@pytest.mark.parametrize("text", ["", "soon", "03/04/2026 12:00", "12", "2026-13-45", "7 March 2026 22:59 XYZT"])
def test_what_is_no_time_or_could_be_two_is_not_read(text):
    assert stamps.parse(text) is None


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("ada/timestamp.txt", b"2026-03-07 22:59 UTC"),
        ("ada/Timestamp.TXT", b"\n\n2026-03-07T22:59Z\n"),
        ("ada/timestamp.txt", "2026-03-07T22:59Z".encode("utf-16")),
        ("ada/timestamp.txt", "\ufeff2026-03-07T22:59Z".encode()),
    ],
)
def test_a_timestamp_file_is_read_in_any_coding_beside_the_notebook_or_above_it(tmp_path, file, data):
    for place in ("ada/01_kit.ipynb", "ada/again/01_kit.ipynb"):
        kit.save(tmp_path / place, GOOD)
    (tmp_path / file).write_bytes(data)
    assert {(one.submitted, one.stamp) for one in found(tmp_path)} == {(SEVENTH.isoformat(), stamps.NOTE)}


def test_a_timestamp_file_that_is_not_read_is_told_of_its_learner(folder):
    kit.save(folder / "ada" / "timestamp.txt", "late last night")
    assert found(folder)[0].stamp == stamps.DATE
    assert len(told(folder)) == 1 and "timestamp.txt says 'late last night'" in told(folder)[0]
    mend = told(folder)[0].rpartition(" ")[2]
    kit.save(folder / "ada" / "timestamp.txt", mend)
    assert told(folder) == [] and found(folder)[0].stamp == stamps.NOTE


def test_the_instructors_stamps_stand_above_what_a_learner_says(folder):
    kit.save(folder / "ada" / "timestamp.txt", "1970-01-01T00:00:00Z")
    (folder / stamps.FILE).write_text("learner,file,submitted\nada,01_kit.ipynb,2026-03-07T22:59Z\n")
    assert (found(folder)[0].submitted, found(folder)[0].stamp) == (SEVENTH.isoformat(), stamps.BOOK)
    (folder / stamps.FILE).write_text("learner,file,submitted\nada,,soon\n")
    with pytest.raises(stamps.StampError, match="line 2: 'soon' is no time"):
        found(folder)
