"""The projector's copy of a lesson: nothing of the answers, code folded, and the peer question in its place."""

import nbformat
import pytest

from course_lib import cli, manifest
from course_lib.home import jupyter, present, work

COURSE = manifest.load()


@pytest.mark.parametrize("module", COURSE.built, ids=lambda module: module.slug)
def test_code_is_folded_stations_are_closed_and_answers_left_out(module):
    made = present.notebook(work.fresh(module, "lesson"), module)
    nbformat.validate(made)
    code = [cell for cell in made.cells if cell.cell_type == "code"]
    assert all(cell.metadata.jupyter.source_hidden and not cell.outputs for cell in code)
    assert not [cell.id for cell in made.cells if {"answer", "check"} & set(cell.metadata.get("tags", []))]
    stations = [cell for cell in made.cells if cell.cell_type == "markdown" and cell.source.startswith("## ")]
    assert len(stations) >= 12 and all(cell.metadata["jp-MarkdownHeadingCollapsed"] for cell in stations)
    assert not [cell.id for cell in stations if "\n" in cell.source], "what is in a heading's cell is never folded"
    assert len({cell.id for cell in made.cells}) == len(made.cells)


def test_the_peer_question_stands_behind_its_station_without_the_answer():
    made = present.notebook(work.fresh(COURSE.module("gray_failure"), "lesson"), COURSE.module("gray_failure"))
    headings = [cell.source.splitlines()[0] for cell in made.cells if cell.source.startswith("## ")]
    assert headings[headings.index("## Which is it?") - 1] == "## Take it apart"
    asked = next(cell.source for cell in made.cells if cell.id == "presenter-peer-text")
    assert "- **C** about 3 hours" in asked and "1,110" not in asked


def test_the_command_writes_the_copy_anew_and_opens_it(monkeypatch, tmp_path):
    for name in ("notebooks", "labs", "course.toml"):
        (tmp_path / name).symlink_to(COURSE.root / name)
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    opened = []
    monkeypatch.setattr(jupyter, "open_lab", lambda course, arguments, page: opened.append((arguments, page)) or 0)
    monkeypatch.setattr("sys.argv", ["course", "present", "10", "--no-browser"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 0 and opened == [(["--no-browser"], "present/10_gray_failure.ipynb")]
    assert (tmp_path / "work" / "present" / "10_gray_failure.ipynb").is_file()
