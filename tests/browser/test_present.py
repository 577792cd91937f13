"""The projector's copy on the page: a station is closed, text and all, until its arrow is pressed."""

import pytest

from course_lib import manifest, notebook_file
from course_lib.home import present, work

TO_TOP = """id => {
    const book = jupyterapp.shell.currentWidget.content;
    return book.scrollToItem(book.widgets.findIndex(cell => cell.model.id === id), "start");
}"""


@pytest.mark.weekly
def test_a_station_opens_by_its_arrow_and_shows_nothing_before(lab, open_alone):
    module = manifest.load().module("gray_failure")
    notebook_file.write(present.notebook(work.fresh(module, "lesson"), module), lab.folder / "slides.ipynb")
    slides = open_alone("slides.ipynb")
    slides.run_cell(present.LOOK)
    slides.page.evaluate(TO_TOP, "presenter-peer")
    station = slides.page.locator(".jp-MarkdownCell").filter(has_text="Which is it?")
    answer = slides.page.locator("li").filter(has_text="about 3 hours")
    station.locator(".jp-showHiddenCellsButton").wait_for()
    assert not answer.is_visible()
    station.locator(".jp-collapseHeadingButton").click()
    answer.wait_for()
    station.locator(".jp-collapseHeadingButton").click()
    answer.wait_for(state="hidden")
    assert slides.complaints == []
