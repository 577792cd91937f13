"""Who handed in what: names that stay apart or belong together, files that cannot be read, and what is told of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from types import SimpleNamespace

import pytest
from grading import kit

from course_lib.grading.intake import collection
from course_lib.grading.intake.collection import collect, unread
from course_lib.grading.intake.files import plain_name

LAB, LESSON = kit.LAB, kit.LESSON
LABS = {
    LAB: SimpleNamespace(answer_cells={task: f"{task}-answer" for task in kit.RIGHT}),
    LESSON: SimpleNamespace(answer_cells={"first": "first-answer"}),
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


def test_a_file_cut_off_that_is_all_there_is_has_its_zero_and_its_reason(tmp_path):
    kit.save(tmp_path / "ada" / "01_KIT.ipynb", "{")
    assert [(one.lab, bool(one.trouble)) for one in found(tmp_path)] == [(LAB, True)]


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
