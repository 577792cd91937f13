"""Reading a learner's file: one clear line for each thing that can be wrong with it. And the transplant."""

import json

import pytest
import tiny_course

from course_lib import notebook_file
from course_lib.notebook_file import NotebookError


@pytest.fixture
def lab(tmp_path):
    path = tmp_path / "lab.ipynb"
    notebook_file.write(tiny_course.lab(), path)
    return path


def edit(path, change):
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")


def line_of(path):
    with pytest.raises(NotebookError) as caught:
        notebook_file.read(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_missing_file_and_a_folder(tmp_path):
    assert line_of(tmp_path / "none.ipynb").endswith("there is no such file")
    assert line_of(tmp_path).endswith("is a folder, not a notebook")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not JSON"),
        (b"{not json", "is not JSON (line 1)"),
        (b"[" * 100_000, "is not JSON"),
        (b"[1, 2]", "is JSON but not a notebook"),
        (b'{"cells": 3}', "it has no list of cells"),
        (b'{"cells": [3], "nbformat": 4, "nbformat_minor": 5}', "has cells without an id"),
        (b'{"cells": [], "nbformat": 3, "nbformat_minor": 0}', "is not of notebook format 4.5"),
        (b'{"cells": [], "nbformat": 4, "nbformat_minor": 5}', "is not a valid notebook"),
        (b'{"cells": [{"id": "a"}], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "is not a valid notebook"),
        (b"\xff\xfe", "is not UTF-8 text"),
    ],
)
def test_what_is_no_notebook(tmp_path, content, message):
    path = tmp_path / "x.ipynb"
    path.write_bytes(content)
    assert message in line_of(path)


def test_a_file_too_big(lab, monkeypatch):
    monkeypatch.setattr(notebook_file, "MAX_BYTES", 100)
    assert "clear its outputs and save" in line_of(lab)


def test_too_many_cells(lab, monkeypatch):
    monkeypatch.setattr(notebook_file, "MAX_CELLS", 3)
    assert "more than 3 are not read" in line_of(lab)


def test_a_duplicated_cell_id(lab):
    edit(lab, lambda data: data["cells"].append(data["cells"][2]))
    assert line_of(lab) == "lab.ipynb: cell id 'double-answer' occurs 2 times; delete the copies and keep one"


def test_what_is_written_is_read_back_the_same(lab):
    assert notebook_file.read(lab) == tiny_course.lab()


def test_the_transplant_takes_answers_and_nothing_else():
    pristine, submission = tiny_course.lab(), tiny_course.lab()
    for cell in submission.cells:
        cell.source = f"# edited {cell.id}"
        cell.metadata = {}
        cell.outputs = []
    submission.cells.append(tiny_course.tagged("import os", "extra", "answer"))
    whole = notebook_file.transplant(pristine, notebook_file.answers_for(pristine, submission))
    assert [cell.id for cell in whole.cells] == [cell.id for cell in pristine.cells]
    for before, after in zip(pristine.cells, whole.cells, strict=True):
        if before.id.endswith("-answer"):
            assert after.source == f"# edited {before.id}"
            after.source = before.source
        assert after == before
    assert pristine == tiny_course.lab()


def test_points_are_read_from_the_check_cells():
    assert notebook_file.task_points(tiny_course.lab()) == {"double": 10, "halve": 20}


def test_words_to_nbval_in_comments_are_not_heard_by_it_and_all_else_stays():
    from nbval.plugin import comment_markers, find_comment_markers

    for word in comment_markers:
        source = f"x = 1\n  ## {word} \n# about {word}\u2028# {word}\ny = '# {word}'"
        quiet = notebook_file.without_markers({"a": source})["a"]
        assert dict(find_comment_markers(source)) and not dict(find_comment_markers(quiet))
        assert quiet.count("\n") == source.count("\n") and quiet.endswith(f"y = '# {word}'")
    plain = "def f(x):\r\n    return x  # NBVAL_SKIP"
    assert notebook_file.without_markers({"a": plain}) == {"a": plain}
