"""The page that JupyterLab opens on."""

import json

import nbformat
import pytest
import tiny_course

from course_lib import manifest, progress
from course_lib.home import start


@pytest.fixture
def course(tmp_path, monkeypatch):
    made = tiny_course.make(tmp_path / "a course")
    monkeypatch.setenv("COURSE_ROOT", str(made.root))
    return made


def finish(course, part):
    module = course.module("tiny")
    progress.record(course, module, [(task, "right", points) for task, points in module.points(part).items()])


def test_the_next_step_is_the_first_with_points_left(course):
    for part, then in (("lesson", "lab"), ("lab", None)):
        assert start.next_step(course, progress.load(course))[1] == part
        finish(course, part)
        step = start.next_step(course, progress.load(course))
        assert (step and step[1]) == then
    assert "All of it is done" in start.text(course)


def test_each_module_has_a_row_with_links_minutes_and_state(course):
    text = start.text(course)
    module = course.module("tiny")
    assert f"[lesson](notebooks/{module.name}.ipynb), {module.minutes} min" in text
    assert f"[lab](labs/{module.name}.ipynb), {module.lab_minutes} min" in text
    assert "not started" in text and text.count("not built yet") == sum(not m.built for m in course.modules)
    finish(course, "lesson")
    worth = sum(module.lesson_points.values())
    assert f"{worth} of {worth + sum(module.lab_points.values())} points" in start.text(course)


def test_predictions_show_how_sure_and_how_near(course):
    told = {
        "a": {"value": 1, "truth": 2, "near": True, "confidence": 3},
        "b": {"value": 1, "truth": 9, "near": False, "confidence": 3},
        "c": {"value": "never", "truth": "never", "near": True, "confidence": 1},
        "not revealed": {"value": 1, "confidence": 2},
        "odd": [],
    }
    (course.root / ".course").mkdir()
    (course.root / start.PREDICTIONS).write_text(json.dumps(told))
    text = start.text(course)
    assert "2 of 3 came near" in text and "*certain*: 1 of 2." in text and "*a guess*: 1 of 1." in text
    assert "fairly sure" not in text


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"a": 3}', "\x00"])
def test_a_damaged_file_of_predictions_is_no_harm(course, damage):
    (course.root / ".course").mkdir()
    (course.root / start.PREDICTIONS).write_text(damage)
    assert "Your predictions" not in start.text(course)


def test_the_page_is_renewed_and_what_a_learner_wrote_in_it_stays(course):
    path = start.lay_out(course)
    book = nbformat.read(path, 4)
    nbformat.validate(book)
    assert "Next:" in book.cells[1].outputs[0].data["text/markdown"]
    place = len(book.cells)
    book.cells.append(nbformat.v4.new_markdown_cell("mine", id="mine"))
    nbformat.write(book, path)
    finish(course, "lesson")
    finish(course, "lab")
    start.lay_out(course)
    again = nbformat.read(path, 4)
    assert again.cells[place].source == "mine"
    assert "All of it is done" in again.cells[1].outputs[0].data["text/markdown"]


def test_a_page_of_before_gets_the_new_cells_and_what_was_taken_out_stays_out(course):
    path = start.lay_out(course)
    whole = nbformat.read(path, 4)
    old = nbformat.v4.new_notebook(cells=whole.cells[:2])
    nbformat.write(old, path)
    start.lay_out(course)
    assert [cell.id for cell in nbformat.read(path, 4).cells] == [cell.id for cell in whole.cells]
    whole.cells = [cell for cell in whole.cells if not cell.id.startswith("what-you-see")]
    nbformat.write(whole, path)
    start.lay_out(course)
    assert [cell.id for cell in nbformat.read(path, 4).cells] == [cell.id for cell in whole.cells]


def test_what_a_learner_asked_and_the_answer_to_it_stay(course):
    path = start.lay_out(course)
    book = nbformat.read(path, 4)
    asked = next(cell for cell in book.cells if cell.id == "what-you-see")
    asked.source, asked.outputs = asked.source.replace("p99", "dns"), []
    nbformat.write(book, path)
    start.lay_out(course)
    again = next(cell for cell in nbformat.read(path, 4).cells if cell.id == "what-you-see")
    assert again.source == asked.source and again.outputs == []


def test_a_symptom_is_looked_up_and_the_index_stands_below(monkeypatch):
    monkeypatch.delenv("COURSE_ROOT", raising=False)
    shown = start.symptom("two primaries").data
    assert shown.startswith("- Two nodes claim to lead") and "<details><summary>What users say" in shown


def test_a_page_that_is_no_notebook_is_left_alone(course):
    path = course.root / "work" / start.NAME
    path.parent.mkdir(exist_ok=True)
    path.write_text("my notes")
    start.lay_out(course)
    assert path.read_text() == "my notes"


def test_the_cell_shows_the_page(course):
    assert start.page().data == start.text(manifest.load())
