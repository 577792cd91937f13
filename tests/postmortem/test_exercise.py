"""The exercise and its key, the finished document, the form of a review, and the commands that give them."""

import re

import pytest
import yaml
from typer.testing import CliRunner

from course_lib import manifest, progress
from course_lib.cli import app
from course_lib.home import start
from course_lib.incidents import seal
from course_lib.postmortem import check, document, exercise, replay, review, rubric, shipped, template
from tests.postmortem import kit

pytestmark = pytest.mark.xdist_group("postmortem")  # plays the same runs


@pytest.fixture(scope="module")
def reports():
    """Exercise and model, graded, and the former with two faults mended."""
    mended = exercise.faulty().replace("655,000", "437,000").replace("| soon |", "| 2026-03-25 |")
    texts = {"faulty": exercise.faulty(), "mended": mended, "model": exercise.model()}
    known = replay.known(exercise.sealed())
    return {name: check.against(document.parse(text, name), exercise.sealed(), known) for name, text in texts.items()}


def errors(report):
    return {(one.rule, one.line) for one in report.grade.findings if one.level == "error"}


def test_the_grader_finds_each_planted_fault_where_the_key_says_and_nothing_else(reports):
    key = exercise.key()
    assert len(key) == 20
    assert len({one.rule for one in key}) == 20
    assert {(one.rule, one.line) for one in key} - errors(reports["faulty"]) == set()
    assert {rule for rule, _ in errors(reports["faulty"])} == {one.rule for one in key}


def test_a_fault_that_is_mended_is_found_no_more(reports):
    assert {rule for rule, _ in errors(reports["faulty"]) - errors(reports["mended"])} == {"I1", "A4"}


def test_the_words_of_the_key_stand_in_one_line_each():
    lines = exercise.faulty().split("\n")
    for one in yaml.safe_load(template.page("exercise_key.yaml")):
        assert sum(one["words"] in line for line in lines) == 1, one["words"]


def test_the_model_is_finished(reports):
    assert reports["model"].grade.total == 100
    assert errors(reports["model"]) == set()


def test_the_model_earns_little_for_another_run():
    assert kit.report(exercise.model(), "orders").grade.total < 10


def test_the_form_asks_about_each_group_of_the_rubric_and_each_item_and_factor():
    assert tuple(review.QUESTIONS) == tuple(rubric.GROUPS.values())
    form = review.form(document.parse(exercise.model(), "theirs.md"))
    assert "# Peer review: Payments could not be found" in form
    rows = [line for line in form.splitlines() if re.match(r"\| [AF]\d ", line)]
    assert [row[2:4] for row in rows] == ["F1", "F2", "F3", "F4", "A1", "A2", "A3", "A4", "A5"]
    assert "No table of action items" in review.form(document.parse("---\nt: x\n---\n"))
    odd = document.parse(exercise.model().replace("Serve stale answers", "Serve \\| stale answers"))
    assert "Serve \\| stale" in review.form(odd)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of one module, which asks for a post-mortem of ten points."""
    toml = '[[module]]\nnumber = 1\nslug = "tiny"\ntitle = "T"\nsymptom = "S"\nbuilt = true\nminutes = 5\n'
    toml += "lab_minutes = 5\nlab_points = { one = 1 }\npostmortem_points = 10\n"
    (tmp_path / "course.toml").write_text(toml)
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return manifest.load()


def standing(course):
    return progress.load(course).standing("tiny", progress.PAPER)


def test_the_commands_write_what_they_say_and_over_nothing(course, tmp_path):
    told = CliRunner().invoke(app, ["postmortem", "exercise"])
    assert told.exit_code == 0
    assert (tmp_path / "exercise" / "exercise.md").read_text(encoding="utf-8") == exercise.faulty()
    again = CliRunner().invoke(app, ["postmortem", "exercise"])
    assert "is there already" in str(again.exception)
    key = CliRunner().invoke(app, ["postmortem", "exercise", "--key"]).stdout.splitlines()
    assert len(key) == 20
    assert key[0].startswith(" 1. line 11, T2: ")
    assert CliRunner().invoke(app, ["postmortem", "model"]).stdout == exercise.model()
    form = CliRunner().invoke(app, ["postmortem", "review", "exercise/exercise.md", "--out", "review.md"])
    assert form.exit_code == 0
    assert (tmp_path / "review.md").exists()
    graded = CliRunner().invoke(app, ["check", "exercise/exercise.md"])
    assert graded.exit_code == 1
    assert "53.2 of 100 points" in graded.stdout
    assert "not counted, as its run is the exercise's" in graded.stdout
    assert standing(course).at == ""


def test_a_learner_s_post_mortems_are_checked_with_the_module_that_asks_for_them_and_count(
    course, tmp_path, monkeypatch
):
    work = tmp_path / "work"
    for name in ("notebooks", "postmortems", "drills"):
        (work / name).mkdir(parents=True)
    (work / "notebooks" / "01_tiny.ipynb").write_text("none")
    (work / "postmortems" / "mine.md").write_text(exercise.faulty(), encoding="utf-8")
    (work / "notes.md").write_text("# no post-mortem\n")
    without = CliRunner().invoke(app, ["check", "1"])
    assert without.exit_code == 2
    assert "mine.md: no run lies beside it" in without.stderr
    assert "notes.md" not in without.output
    seal.write(exercise.sealed().run, work / "drills" / "dns_outage-17.json")
    monkeypatch.setattr(shipped, "of_the_exercise", lambda: "another")
    assert "53.2 of 100 points" in CliRunner().invoke(app, ["check", "1"]).stdout
    assert (standing(course).state, standing(course).best, standing(course).attempts) == ("wrong", 5.3, 1)
    assert "5.3 of 10 points" in CliRunner().invoke(app, ["list"]).stdout
    assert "| 5.3 of 10 points |" in start.text(course)
    assert "is not there" in CliRunner().invoke(app, ["check", "absent.md"]).stderr


def test_a_finished_one_is_the_last_step_and_what_cannot_be_noted_loses_nothing(course, tmp_path, monkeypatch, reports):
    monkeypatch.setattr(shipped, "of_the_exercise", lambda: "another")
    run = tmp_path / "mine.json"
    seal.write(exercise.sealed().run, run)
    progress.record(course, course.module("tiny"), [("one", "right", 1)])
    assert "**Next:** a post-mortem" in start.text(course)
    check.note(course, reports["faulty"], run)
    assert "**Next:** a post-mortem" in start.text(course)
    check.note(course, reports["model"], run)
    check.note(course, reports["faulty"], run)
    assert "All of it is done" in start.text(course) and "| done, 10 of 10 points |" in start.text(course)
    monkeypatch.setattr(check, "check", lambda *_: reports["model"])
    (tmp_path / ".course").rename(tmp_path / "away")
    (tmp_path / ".course").write_text("in the way")
    (tmp_path / "mine.md").write_text("---\n")
    own = CliRunner().invoke(app, ["postmortem", "check", "mine.md", "--run", "mine.json"])
    assert (own.exit_code, "100 of 100 points" in own.stdout) == (0, True)
    assert "so your progress was not noted" in own.stderr


def test_the_run_of_the_exercise_is_known_whoever_it_says_has_played():
    assert shipped.digest({**exercise.sealed().plain, "learner": "ada"}) == shipped.of_the_exercise()
    assert shipped.of_the_exercise() != shipped.of_the_lab()
