"""A panel on a machine so busy that the page's script comes after anywidget's two seconds."""

import pytest

from tests.browser.conftest import write_cells

CELLS = {"panel": "from tests.browser.stand_in_panel import PANEL\npanel = PANEL.show()\npanel"}
NO_TIME = """() => {
    window.courseTimeout = AbortSignal.timeout;
    AbortSignal.timeout = () => {
        const given = new AbortController();
        setTimeout(() => given.abort(), 0);
        return given.signal;
    };
}"""


@pytest.fixture
def page(lab, open_alone):
    page = open_alone(write_cells(lab, "late", CELLS))
    page.page.evaluate(NO_TIME)
    yield page
    page.page.evaluate("() => { AbortSignal.timeout = window.courseTimeout; }")


def test_it_hears_its_kernel_all_the_same(page):
    """Two sliders moved one right after the other have nothing at hand: only the kernel can answer."""
    page.run_all()
    page.wait_rested()
    page.drag("depth", to="max", steps=3)
    page.drag("max_retries", to="max", steps=3)
    page.wait_rested()
    assert page.late, "the script came in time, so that this shows nothing"
    assert page.complaints == []
