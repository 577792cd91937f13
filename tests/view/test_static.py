"""The static twin: what programs save, and who decides."""

import base64

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from course_lib.view import static

SOURCE = "from tests.browser.stand_in_panel import PANEL\nPANEL.show()"


@pytest.fixture(scope="module")
def executed():
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell(SOURCE, id="panel")]
    book = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    return NotebookClient(book, timeout=120).execute()


@pytest.mark.slow
def test_a_program_saves_pictures_alone(executed):
    outputs = executed.cells[0].outputs
    assert [sorted(output.data) for output in outputs] == [["image/png", "text/plain"]]
    assert "widgets" not in executed.metadata
    assert len(base64.b64decode(outputs[0].data["image/png"])) < 100_000
    assert "Goodput over 300 s" in outputs[0].metadata["alt"]


@pytest.mark.slow
def test_a_page_made_of_it_needs_no_script_and_no_network(executed):
    html, _ = HTMLExporter(template_name="basic").from_notebook_node(executed)
    assert 'src="data:image/png;base64,' in html
    assert "vega" not in html.lower()
    assert "Goodput over 300 s" in html


def test_the_environment_decides_when_set(monkeypatch):
    monkeypatch.delenv(static.ENVIRONMENT, raising=False)
    assert not static.is_live(), "a plain Python process has no front end"
    monkeypatch.setenv(static.ENVIRONMENT, "live")
    assert static.is_live()
    monkeypatch.setenv(static.ENVIRONMENT, "static")
    assert not static.is_live()


@pytest.mark.parametrize(("metadata", "live"), [({"cellId": "a1"}, True), ({}, False), ({"cellId": ""}, False)])
def test_a_request_that_names_its_cell_comes_from_a_person(monkeypatch, metadata, live):
    monkeypatch.delenv(static.ENVIRONMENT, raising=False)
    monkeypatch.setattr(static, "_request_metadata", lambda: metadata)
    assert static.is_live() is live
