"""Post-mortems of a class: whose run it is, what cannot be read, and that one learner's trouble stays theirs."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import json
import os
from pathlib import Path

import jsonschema
import pytest
from grading import kit

from course_lib import cli
from course_lib.grading import command, worker
from course_lib.grading.book.record import COURSE_RUN
from course_lib.grading.command import Options, grade
from course_lib.grading.intake import papers
from course_lib.grading.intake.papers import DOCUMENT, RUN, Paper
from course_lib.grading.intake.roster import Person
from course_lib.grading.judging import papers as judging
from course_lib.grading.judging.papers import PaperJob
from course_lib.incidents import scenario, seal
from course_lib.incidents.truth import Run
from course_lib.postmortem import check, document, exercise, replay

ROOT = Path(__file__).parents[2]
DOCUMENTS = ROOT / "tests" / "postmortem" / "documents"
GOOD = (DOCUMENTS / "o_good.md").read_text(encoding="utf-8")
SHIPPED = (ROOT / "course_lib" / "labs" / "repeat_incident.run.json").read_text(encoding="utf-8")
KEY = "01_kit/postmortem"
PAPER = Paper(KEY, "Kit", 100.0)


def sealed(seed, learner=""):
    """A run in which a release is rolled back, and messages past their deadline are dropped."""
    of = scenario.load("queue_overload")
    log = [{"at": 236, "kind": "ack", "alert": "lag"}, {"at": 262, "action": "roll_back"}]
    run = Run(of, seed, seal.read_log([*log, {"at": 505, "action": "expire"}], of), learner)
    return json.dumps(seal.seal(run))


@pytest.fixture(scope="module")
def runs():
    """A run of nobody's name, one of bob's, and one more of the first's seed."""
    return {"own": sealed(5), "bob": sealed(6, "bob")}


class Here:
    """Runs jobs in this process: no code of a learner's is in a post-mortem."""

    def __init__(self, workers=None):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    def prepare(self, setup):
        raise AssertionError("a post-mortem needs no sandbox")

    def run(self, setup, jobs):
        for job in jobs:
            yield job, worker.work(setup, job)


@pytest.fixture
def course(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "Cores", Here)
    made = kit.course(tmp_path / "course")
    with (tmp_path / "course" / "course.toml").open("a") as file:
        file.write("postmortem_points = 50\n")
    return made


def hand_in(folder, learner, **files):
    (folder / learner).mkdir(parents=True)
    for name, content in files.items():
        path = folder / learner / name.replace("_", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def marks(out):
    book = json.loads((out / "gradebook.json").read_text(encoding="utf-8"))
    jsonschema.validate(book, json.loads((ROOT / "docs/gradebook.schema.json").read_text(encoding="utf-8")))
    return {mark["learner"]: mark for mark in book["marks"]}


def test_a_class_with_every_kind_of_trouble_is_graded_and_nobody_s_trouble_is_another_s(course, tmp_path, runs):
    folder, out = tmp_path / "submissions", tmp_path / "out"
    hand_in(folder, "ada", mine_md=GOOD.replace("Summary", "Summary <script>alert(1)</script>"), mine_json=runs["own"])
    hand_in(folder, "bob", pm_md=GOOD, run_json=runs["bob"])
    hand_in(folder, "cyd", pm_md=GOOD, run_json=runs["bob"].replace('"at": 505', '"at": 506'))
    hand_in(folder, "dan", pm_md=GOOD, run_json=runs["own"].replace('"at": 505', '"at": 506'))
    hand_in(folder, "eve", pm_md=GOOD.encode("utf-16"), pm_json=runs["own"])
    hand_in(folder, "fay", notes_md="# Notes\n")
    hand_in(folder, "gus", pm_md=GOOD)
    hand_in(folder, "hal", pm_md=GOOD, run_json="[" * 200_000)
    hand_in(folder, "ida", pm_md="---\nt: x\n---\n" + "x" * 200_000, run_json=runs["own"])
    hand_in(folder, "kim", pm_md="---\nt: [x\n---\n", run_json=sealed(8))
    os.mkfifo(folder / "kim" / "pipe.md")
    batch = grade(folder, out, course, Options())
    found = marks(out)
    trouble = {who: mark["trouble"] for who, mark in found.items()}
    assert trouble["ada"] == trouble["bob"] == ""
    assert "'bob' played" in trouble["cyd"]
    assert "changed after the run was sealed" in trouble["dan"]
    assert "not UTF-8 text, as line 1 shows" in trouble["eve"]
    assert "no JSON" in trouble["hal"]
    assert "larger than 100 kB" in trouble["ida"]
    assert "front matter" in trouble["kim"]
    unread = {one["learner"]: one["reason"] for one in json.loads((out / "gradebook.json").read_text())["unread"]}
    assert "no front matter" in unread["fay"]
    assert "no sealed run" in unread["gus"]
    assert "no regular file" in unread["kim"]
    assert batch.exit_code == 0 and batch.graded == 11
    told = "\n".join(command.summary(batch, out))
    for who in ("cyd", "dan", "eve", "fay", "gus", "hal", "ida", "kim"):
        assert sum(line.startswith(f"{who}/") for line in told.splitlines()) >= 1, who
        page = (out / "feedback" / f"{who}.html").read_text(encoding="utf-8")
        assert "\n" not in (trouble.get(who) or unread[who])
        assert "Traceback" not in page
    page = (out / "feedback" / "ada.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "no code ran" in page
    assert "isolation: not needed" in told
    again = grade(folder, out, course, Options())
    assert (again.graded, again.kept) == (0, 11)


def test_points_are_those_of_the_rubric_scaled_to_the_course_s(runs):
    report = check.against(document.parse(GOOD), replay.parse(runs["own"]))
    whole = judging.grade(PaperJob("ada", PAPER, {DOCUMENT: GOOD, RUN: runs["own"]}))["tasks"]
    half = judging.grade(PaperJob("ada", dataclasses.replace(PAPER, points=50.0), {DOCUMENT: GOOD, RUN: runs["own"]}))
    assert sum(task.points for task in whole.values()) == pytest.approx(report.grade.total, abs=0.1)
    assert sum(task.points for task in half["tasks"].values()) == pytest.approx(report.grade.total / 2, abs=0.1)
    assert sum(task.max_points for task in half["tasks"].values()) == 50
    assert {name: task.max_points for name, task in whole.items()} == papers.worths()
    lines = whole["timeline"].lines
    assert lines[0].startswith("timeline: ") and any("T8: " in line for line in lines)
    missed = [one for one in whole["timeline"].demands if not one["ok"]]
    assert "T8: Times are those of the run." in {one["text"] for one in missed}


def test_a_run_that_two_hand_in_earns_neither_a_point_unless_the_policy_says_so(course, tmp_path, runs):
    folder, out = tmp_path / "submissions", tmp_path / "out"
    for who in ("ada", "bob"):
        hand_in(folder, who, pm_md=GOOD, pm_json=runs["own"])
    hand_in(folder, "cyd", pm_md=GOOD, pm_json=SHIPPED)
    hand_in(folder, "dan", pm_md=GOOD, pm_json=runs["bob"].replace("bob", "dan"))
    batch = grade(folder, out, course, Options())
    assert {who: mark["points"] for who, mark in marks(out).items()}["ada"] == 0
    assert "another learner handed in the same run" in (out / "feedback" / "ada.html").read_text()
    assert "bob" not in (out / "feedback" / "ada.html").read_text()
    assert "everybody has" in (out / "feedback" / "cyd.html").read_text()
    assert [line for line in batch.notices if line.startswith("ada, bob: handed in the same run")]
    (out / "manual.csv").write_text(f"learner,lab,task,points,comment\nbob,{KEY},timeline,3,own work\n")
    grade(folder, out, course, Options())
    assert marks(out)["bob"]["points"] == 3
    (out / "policy.yaml").write_text(f"shared_runs: report\nlabs: {{{KEY}: {{due: 2036-03-06T23:59+01:00}}}}\n")
    assert not grade(folder, out, course, Options()).graded
    assert marks(out)["ada"]["points"] > 30
    with (out / "gradebook.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert f"{KEY} timeline" in rows[0] and rows[0]["max"] == "50"


def test_a_document_finds_its_run_by_name_by_what_it_says_and_where_there_is_but_one(tmp_path, runs):
    hand_in(tmp_path, "ada", a_md=GOOD, a_json=runs["bob"].replace("bob", ""), b_json=runs["own"])
    hand_in(tmp_path, "bob", pm_md=GOOD, x_json=runs["own"], y_json=runs["bob"])
    hand_in(tmp_path, "cyd", pm_md=GOOD.replace("seed: 5", "seed: 9"), x_json=runs["own"], y_json=sealed(7))
    hand_in(tmp_path, "dan", pm_md=GOOD, predictions_json="{}", x_json=runs["bob"])
    (tmp_path / "eve.md").write_text(GOOD)
    (tmp_path / "eve.json").write_text(runs["own"])
    hand_in(tmp_path, "gus", README_md="# What this is\n")
    known = {"dan": Person("dan", name="Boole, Bob", login="bob")}
    found = {one.learner: one for one in papers.collect(tmp_path, {KEY: PAPER}, known)}
    told = {who: json.loads(one.answers[RUN])["seed"] for who, one in found.items() if not one.trouble}
    assert told == {"ada": 6, "bob": 5, "dan": 6, "eve": 5}
    assert "several runs beside it (x.json, y.json)" in found["cyd"].trouble
    assert papers.collect(tmp_path, {}, known) == []


def test_many_documents_and_very_long_runs_are_bounded(tmp_path, runs):
    for n in range(24):
        hand_in(tmp_path / "ada", f"{n:02}", pm_md=GOOD, pm_json=runs["own"])
    hand_in(tmp_path, "bob", pm_md=GOOD, pm_json=" " * 2_000_000)
    found = papers.collect(tmp_path, {KEY: PAPER}, {})
    assert sum(not one.trouble for one in found) == 20
    assert "larger than any run" in found[-1].trouble


def test_a_run_with_a_very_long_log_and_a_document_that_takes_too_long_are_refused(runs, monkeypatch):
    plain = json.loads(runs["own"])
    plain["log"] = plain["log"] * 50
    told = judging.grade(PaperJob("ada", PAPER, {DOCUMENT: GOOD, RUN: json.dumps(plain)}))
    assert "more than 100 entries" in told["trouble"]

    def long(paper, sealed):
        while True:
            pass

    monkeypatch.setattr(check, "against", long)
    told = judging.grade(PaperJob("ada", PAPER, {DOCUMENT: GOOD, RUN: runs["own"]}), patience_s=0.05)
    assert {task.state for task in told["tasks"].values()} == {"timed out"}
    assert "took longer than 0.05 s" in told["trouble"]


def test_the_times_of_events_are_the_models_and_not_the_file_s(runs):
    """A sample of telemetry is rounding's, and counts for nothing; more is a forgery."""
    own = json.loads(runs["own"])
    for later in (10, 100):
        plain = json.loads(runs["own"])
        event = plain["events"][0]
        event["at"] += later
        moved = datetime.datetime.fromisoformat(plain["started"]) + datetime.timedelta(seconds=event["at"])
        event["time"] = seal.iso(moved)
        plain["chain"] = seal.chain(plain)
        read = replay.parse(json.dumps(plain))
        if later > seal.SAMPLE:
            with pytest.raises(replay.RunError, match="the events are not those that scenario, seed and log give"):
                replay.examine(read)
        else:
            assert replay.examine(read).evidence["E001"].at == own["events"][0]["at"]


def test_the_runs_that_everybody_has_are_known_and_the_published_model_earns_nothing():
    mine = json.dumps(json.loads(SHIPPED) | {"learner": ""})
    assert judging.grade(PaperJob("ada", PAPER, {DOCUMENT: GOOD, RUN: mine}))["run"] == COURSE_RUN
    published = {DOCUMENT: exercise.model(), RUN: json.dumps({**exercise.sealed().plain, "learner": ""})}
    told = judging.grade(PaperJob("ada", PAPER, published))
    assert "whose model is published" in told["trouble"]
    assert sum(task.points for task in told["tasks"].values()) == 0


def test_the_course_asks_for_a_post_mortem_and_says_for_how_many_points():
    asked = papers.papers(command.own_course(cli._course()))
    assert [(paper.key, paper.points) for paper in asked.values()] == [("12_repeat_incident/postmortem", 100.0)]


def test_a_download_with_documents_and_runs_is_sorted(course, tmp_path):
    folder = tmp_path / "download"
    folder.mkdir()
    for number, name in enumerate(("pm.md", "pm-1.md", "queue_overload-5.json", "queue_overload-6.json")):
        (folder / f"lovelaceada_101_{number}_{name}").write_text(GOOD if name.endswith(".md") else "{}")
    found = command.collect(folder, tmp_path / "sorted", course, None)
    assert [sorted(files) for files in found.learners.values()] == [
        ["pm-1.md", "queue_overload-5.json", "queue_overload-6.json"]
    ]
