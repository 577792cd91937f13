"""Notebooks of drills in the learner's folder, what the command says, and what is kept of a drill."""

import shutil
from pathlib import Path

import nbformat
import notebook_rules as rules
import pytest
import tiny_course
from typer.testing import CliRunner

from course_lib import cli, notebook_file, progress
from course_lib.home import drills, jupyter

ROOT = Path(__file__).parents[2]


@pytest.fixture
def course(tmp_path, monkeypatch):
    made = tiny_course.make(tmp_path / "a course")
    shutil.copyfile(ROOT / drills.PRISTINE, made.root / drills.PRISTINE)
    monkeypatch.setenv("COURSE_ROOT", str(made.root))
    return made


def invoke(*arguments):
    return CliRunner().invoke(cli.app, ["drill", *arguments])


def called(path):
    book = nbformat.read(path, 4)
    nbformat.validate(book)
    return next(cell.source for cell in book.cells if cell.id == drills.CELL).splitlines()[-1]


def test_the_released_notebook_is_clean_and_has_one_cell_that_makes_the_console():
    path = ROOT / drills.PRISTINE
    book = notebook_file.read(path)
    assert list(rules.file_rules(path)) == [] and list(rules.cleanness(book)) == []
    assert [cell.id for cell in book.cells] == [drills.INTRODUCTION, drills.CELL, "drill-how"]


@pytest.mark.parametrize(
    ("arguments", "made"),
    [
        (
            ["retry_storm", "--seed", "7"],
            {"retry_storm-7": "drill.start('retry_storm', seed=7, size=15)"},
        ),
        (["--seed", "7", "--size", "5"], {"drill-7": "drill.start(seed=7, size=5)"}),
        (
            ["retry_storm", "--seed", "7", "--pair"],
            {
                "pair-retry_storm-7-commander": "drill.start('retry_storm', seed=7, size=15, role='commander')",
                "pair-retry_storm-7-operator": "drill.start('retry_storm', seed=7, size=15, role='operator')",
            },
        ),
        (
            ["--class", "retry_storm", "--seed", "7"],
            {
                "class-90db-7-master": "drill.start('retry_storm', seed=7, size=15, role='master')",
                "class-90db-7-board": "drill.start('retry_storm', seed=7, size=15, role='board')",
            },
        ),
    ],
)
def test_the_command_makes_the_notebooks(course, arguments, made):
    ran = invoke(*arguments, "--no-open")
    assert ran.exit_code == 0, ran.output
    folder = course.root / "work" / "drills"
    assert {path.stem: called(path) for path in folder.glob("*.ipynb")} == made
    assert len(ran.output.splitlines()) == len(made)


def test_a_drawn_drill_does_not_say_which_it_is(course):
    invoke("--no-open")
    (path,) = (course.root / "work" / "drills").glob("*.ipynb")
    assert path.stem.startswith("drill-") and "storm" not in path.read_text()


def test_what_a_class_sees_does_not_say_which_it_is(course):
    """Neither the names of files nor, until somebody unfolds it, the board's cell."""
    invoke("--class", "retry_storm", "--no-open")
    paths = sorted((course.root / "work" / "drills").iterdir())
    assert len(paths) == 2 and not [path for path in paths if "storm" in path.name]
    (cell,) = [cell for cell in nbformat.read(paths[0], 4).cells if cell.id == drills.CELL]
    assert cell.metadata["jupyter"]["source_hidden"] and "storm" not in cell.source.splitlines()[0]


def test_what_is_there_goes_on(course):
    invoke("retry_storm", "--seed", "7", "--no-open")
    (path,) = (course.root / "work" / "drills").glob("*.ipynb")
    book = nbformat.read(path, 4)
    book.cells.append(nbformat.v4.new_markdown_cell("mine", id="mine"))
    nbformat.write(book, path)
    invoke("retry_storm", "--seed", "7", "--no-open")
    assert nbformat.read(path, 4).cells[-1].source == "mine"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["retry_strom"], "no scenario 'retry_strom': there are"),
        (["retry_storm", "--size", "7"], "a drill takes 5, 15 or 30 minutes"),
        (["replay", "nothing.json"], "nothing.json: no such file"),
    ],
)
def test_a_mistake_is_one_line_and_makes_nothing(course, arguments, says):
    ran = invoke(*arguments)
    assert says in str(ran.exception).lower() if ran.exception else False
    assert not (course.root / "work" / "drills").exists()


def test_it_opens_jupyterlab_on_the_notebook_and_passes_options_on(course, monkeypatch):
    seen = []
    monkeypatch.setattr(jupyter, "open_lab", lambda course, arguments, page: seen.append((list(arguments), page)) or 0)
    assert invoke("retry_storm", "--seed", "7", "--no-browser").exit_code == 0
    assert invoke("--no-browser", "--seed", "8").exit_code == 0
    assert seen == [(["--no-browser"], "drills/retry_storm-7.ipynb"), (["--no-browser"], "drills/drill-8.ipynb")]


def test_course_list_shows_drills_and_best_vectors(course):
    where = course.root / "work" / "drills" / "a.json"
    progress.note_drill("retry_storm", {"impact": (30.0, 35.0), "safety": (10.0, 10.0)}, where)
    progress.note_drill("retry_storm", {"impact": (5.0, 35.0), "safety": (10.0, 10.0)}, where)
    assert progress.note_drill("retry_storm", {"impact": (35.0, 35.0)}, Path("/elsewhere/a.json")) is None
    kept = progress.load(course).drills["retry_storm"]
    assert (kept.times, kept.best, kept.vector["impact"]) == (2, 40.0, (30.0, 35.0))
    out = CliRunner().invoke(cli.app, ["list"]).output
    assert "Drills you have done" in out and "40 of 45" in out and "impact 30/35" in out


def test_progress_without_drills_is_as_it_was(course):
    assert "Drills" not in CliRunner().invoke(cli.app, ["list"]).output
