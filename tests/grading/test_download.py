"""Downloads as learning management systems give them, sorted by the numbers in their names; every name is made up."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile

import pytest
from grading import kit

from course_lib.grading.command import Options, collect, grade
from course_lib.grading.intake.download import DownloadError

ROSTER = """learner,name,email,canvas_id,sis_id,login,section,moodle_id
ada,"Lovelace, Ada",ada@example.org,101,S1,ada,Monday,55
bob,Bob Boole,bob@example.org,102,S2,bob,Monday,56
"""
GOOD, OLD = json.dumps(kit.submission({})), json.dumps(kit.submission(kit.BLANK))
LESSON = json.dumps(kit.notebook([kit.answer("first", "x = 1")]))
METADATA = """
submission_900:
  :submitters:
  - :name: Ada Lovelace
    :sid: S1
    :email: ada@example.org
  :created_at: 2026-03-07 22:59:00.000000000 Z
submission_901:
  :submitters:
  - :name: Bob Boole
    :email: bob@example.org
  :created_at: 2026-03-06T10:00:00Z
"""
DOWNLOADS = {
    "canvas": {
        "lovelaceada_101_90001_lab.ipynb": OLD,
        "lovelaceada_101_90003_lab-1.ipynb": GOOD,
        "lovelaceada_101_90002_predictions.json": "{}",
        "boolebob_LATE_102_90007_01_kit.ipynb": GOOD,
    },
    "moodle-folders": {
        "Ada Lovelace_55_assignsubmission_file_/lab.ipynb": GOOD,
        "Ada Lovelace_55_assignsubmission_file_/predictions.json": "{}",
        "Bob Boole_56_assignsubmission_file_/deep/er/01_kit.ipynb": GOOD,
    },
    "moodle-flat": {
        "Ada Lovelace_55_assignsubmission_file_lab.ipynb": GOOD,
        "Bob Boole_56_assignsubmission_file_my_lab_01.ipynb": GOOD,
    },
    "gradescope": {
        "assignment_1_export/submission_metadata.yml": METADATA,
        "assignment_1_export/submission_900/lab.ipynb": GOOD,
        "assignment_1_export/submission_901/x/lab.ipynb": GOOD,
    },
    "blackboard": {
        "Lab 1_retries_ada_attempt_2026-03-06-22-59-00_lab.ipynb": OLD,
        "Lab 1_retries_ada_attempt_2026-03-07-09-00-00.txt": "Name: Ada",
        "Lab 1_retries_ada_attempt_2026-03-07-09-00-00_lab.ipynb": GOOD,
        "Lab 1_retries_bob_attempt_2026-03-06-10-00-00_my_lab_01.ipynb": GOOD,
    },
    "brightspace": {
        "1234-88 - Ada Lovelace - Mar 7, 2026 1259 PM - lab.ipynb": GOOD,
        "1234-88 - Ada Lovelace - Mar 7, 2026 1105 AM - lab.ipynb": OLD,
        "1235-88 - Bob Boole - Mar 6, 2026 905 AM - my - lab.ipynb": GOOD,
        "index.html": "<html>",
    },
    "brightspace-folders": {
        "1234-88 - Ada Lovelace - Mar 7, 2026 105 PM/lab.ipynb": GOOD,
        "1234-88 - Ada Lovelace - Mar 7, 2026 1205 PM/lab.ipynb": OLD,
        "1235-88 - Bob Boole - Mar 6, 2026 905 AM/x/lab.ipynb": GOOD,
    },
}


@pytest.fixture
def course(tmp_path):
    return kit.course(tmp_path / "course")


@pytest.fixture
def roster(tmp_path):
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    return tmp_path / "roster.csv"


def packed(tmp_path, files):
    path = tmp_path / "download.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo()
            info.filename = name  # as it is: the class would turn what parts folders on the system that packs
            archive.writestr(info, text)
    return path


@pytest.mark.parametrize("system", DOWNLOADS)
def test_each_system_gives_one_folder_a_learner(system, tmp_path, course, roster):
    files = DOWNLOADS[system] | {"__MACOSX/._lab.ipynb": "\0"}
    found = collect(packed(tmp_path, files), tmp_path / "in", course, roster)
    assert sorted(found.learners) == ["ada", "bob"]
    notebooks = sorted(path.relative_to(tmp_path / "in").parts[0] for path in (tmp_path / "in").rglob("*.ipynb"))
    assert notebooks == ["ada", "bob"]
    assert json.loads(next((tmp_path / "in" / "ada").glob("*.ipynb")).read_text()) == json.loads(GOOD)


@pytest.mark.parametrize("system", DOWNLOADS)
def test_an_archive_that_parts_its_folders_by_backslashes_is_sorted_alike(system, tmp_path, course):
    found = []
    for part in ("/", "\\"):
        files = {f"all/{name}".replace("/", part): text for name, text in DOWNLOADS[system].items()}
        found.append(collect(packed(tmp_path, files), tmp_path / f"in{len(found)}", course, None))
    assert found[0].learners == found[1].learners and len(found[0].learners) == 2


def test_a_notebook_that_was_packed_or_renamed_is_told_with_a_mend(tmp_path, course, roster):
    files = DOWNLOADS["canvas"] | {"boolebob_102_90008_lab.ipynb.txt": GOOD, "boolebob_102_90009_lab.zip": "x"}
    told = collect(packed(tmp_path, files), tmp_path / "in", course, roster).notices
    assert "boolebob_102_90008_lab.ipynb.txt: not read; rename it so that it ends in .ipynb" in told
    assert "boolebob_102_90009_lab.zip: an archive, not read; unpack it" in told


def test_an_unpacked_download_is_sorted_as_the_archive_is_however_deep_a_learner_nested_folders(
    tmp_path, course, roster, request
):
    for name, text in DOWNLOADS["canvas"].items():
        kit.save(tmp_path / "unpacked" / name, text)
    deep = str(tmp_path / "unpacked" / "d")
    request.addfinalizer(lambda: subprocess.run(["rm", "-rf", str(tmp_path / "unpacked")], check=True))
    for _ in range(1_100):
        os.mkdir(deep)
        deep += "/d"
    assert sorted(collect(tmp_path / "unpacked", tmp_path / "in", course, roster).learners) == ["ada", "bob"]


def test_times_come_from_the_system_and_a_mark_of_lateness_without_one_is_told(tmp_path, course, roster):
    collect(packed(tmp_path, DOWNLOADS["gradescope"]), tmp_path / "in", course, roster)
    stamps = (tmp_path / "in" / "timestamps.csv").read_text().splitlines()
    assert [line.replace('"', "") for line in stamps[1:]] == [
        "ada,lab.ipynb,2026-03-07T22:59:00+00:00",
        "bob,lab.ipynb,2026-03-06T10:00:00+00:00",
    ]
    found = collect(packed(tmp_path, DOWNLOADS["canvas"]), tmp_path / "canvas", course, roster)
    assert [line for line in found.notices if "marked late" in line and line.startswith("bob: ")]


@pytest.mark.parametrize("system", ["blackboard", "brightspace"])
def test_times_without_a_zone_order_attempts_and_are_not_taken_for_utc(system, tmp_path, course, roster):
    found = collect(packed(tmp_path, DOWNLOADS[system]), tmp_path / "in", course, roster)
    assert not (tmp_path / "in" / "timestamps.csv").exists()
    assert [line for line in found.notices if "no zone" in line and "timestamps.csv" in line]
    assert [line for line in found.notices if ".txt" in line] == []  # Blackboard's receipts are nobody's work


@pytest.mark.parametrize(
    "name",
    [
        "Lab 1_bob_attempt_2026-03-06-10-00-00_x_ada_attempt_2026-03-09-10-00-00_lab.ipynb",
        "1235-88 - Bob Boole - Mar 6, 2026 905 AM - 1-2 - Ada Lovelace - Mar 9, 2026 905 AM - lab.ipynb",
        "1235-88 - Bob Boole - Feb 31, 2026 1330 AM/1-2 - Ada Lovelace - Mar 9, 2026 905 AM - lab.ipynb",
    ],
)
def test_a_file_called_as_anothers_is_still_of_who_handed_it_in(name, tmp_path, course, roster):
    assert list(collect(packed(tmp_path, {name: GOOD}), tmp_path / "in", course, roster).learners) == ["bob"]


def test_a_login_that_the_roster_does_not_know_is_named_and_kept(tmp_path, course, roster):
    files = DOWNLOADS["blackboard"] | {"Lab 1_eve_attempt_2026-03-06-10-00-00_lab.ipynb": GOOD}
    found = collect(packed(tmp_path, files), tmp_path / "in", course, roster)
    assert sorted(found.learners) == ["ada", "bob"]
    assert [line for line in found.notices if "nobody in the roster has its login eve" in line]


def test_two_labs_of_one_attempt_are_not_taken_for_two_attempts_at_one(tmp_path, course, roster):
    other = json.dumps(kit.notebook([kit.code("mine", "1")]))
    files = {"lovelaceada_101_1_lab-1.ipynb": GOOD, "lovelaceada_101_2_lab-2.ipynb": other}
    assert collect(packed(tmp_path, files), tmp_path / "in", course, roster).learners == {
        "ada": ["lab-1.ipynb", "lab-2.ipynb"]
    }


def test_what_cannot_be_placed_is_named_and_kept(tmp_path, course, roster):
    files = DOWNLOADS["canvas"] | {
        "whoever_999_90009_lab.ipynb": GOOD,
        "notes.pdf": "x",
        "lovelaceada_999_90010_lab.ipynb": GOOD,  # her name, another's number
    }
    found = collect(packed(tmp_path, files), tmp_path / "in", course, roster)
    assert sorted(found.learners) == ["ada", "bob"]
    assert len([line for line in found.notices if "nobody in the roster has its canvas_id 999" in line]) == 2
    assert any(line.startswith("notes.pdf: ") for line in found.notices)
    assert len(list((tmp_path / "in" / ".unplaced").iterdir())) == 2


def test_without_a_roster_numbers_still_keep_a_learners_files_together(tmp_path, course):
    found = collect(packed(tmp_path, DOWNLOADS["canvas"]), tmp_path / "in", course, None)
    assert sorted(found.learners) == ["boolebob-102", "lovelaceada-101"]
    (tmp_path / "download.zip").unlink()
    found = collect(packed(tmp_path, DOWNLOADS["brightspace"]), tmp_path / "again", course, None)
    assert sorted(found.learners) == ["Ada Lovelace", "Bob Boole"]


def test_names_that_lead_out_of_the_folder_lead_nowhere(tmp_path, course):
    files = {"../../evil_1_2_../../x.ipynb": GOOD, "a_1_2_lab.ipynb": GOOD, "/etc/b_3_4_lab.ipynb": GOOD}
    collect(packed(tmp_path, files), tmp_path / "deep" / "in", course, None)
    made = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*lab.ipynb")}
    assert made == {"deep"} and not list(tmp_path.glob("*.ipynb"))


def test_mistakes_are_one_line(tmp_path, course, roster):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("mine")
    empty = packed(tmp_path, {"x.pdf": "x"}).rename(tmp_path / "empty.zip")
    for download, out, words in [
        (tmp_path / "none.zip", tmp_path / "in", "there is no such file"),
        (roster, tmp_path / "in", "cannot be read as a ZIP archive"),
        (empty, tmp_path / "in", "no notebook in it is named as"),
        (packed(tmp_path, DOWNLOADS["canvas"]), tmp_path / "full", "is not empty; name a new folder"),
    ]:
        with pytest.raises(DownloadError, match=words):
            collect(download, out, course, roster)


@pytest.mark.slow
def test_a_download_can_be_graded_as_it_is_and_again(tmp_path, course, isolation_level):
    out = tmp_path / "book"
    out.mkdir()
    (out / "roster.csv").write_text(ROSTER, encoding="utf-8")
    for graded in (2, 0):
        batch = grade(packed(tmp_path, DOWNLOADS["canvas"]), out, course, Options(limits=kit.LIMITS, live_every=0))
        assert (batch.graded, batch.exit_code) == (graded, 0)
    assert kit.points(out) == {"ada": kit.POINTS, "bob": kit.POINTS}
    canvas = (out / "canvas.csv").read_text().splitlines()
    assert canvas[2].startswith('"Lovelace, Ada","101"') and canvas[2].endswith(",60")
