"""A live panel in JupyterLab, moved by mouse and keyboard."""

import contextlib
import os
import signal

import numpy as np
import pytest

from tests.browser.stand_in_panel import PANEL

CELLS = {
    "imports": "import os\nfrom tests.browser.stand_in_panel import PANEL, INSTANT",
    "panel": "panel = PANEL.show()\npanel",
    "spare": "",
}


@pytest.fixture(scope="module")
def shared(open_cells):
    """One notebook for all tests that leave it as it was, but for where its controls stand."""
    page = open_cells(CELLS)
    page.run_all()
    page.wait_rested()
    return page


@pytest.fixture
def page(shared):
    shared.panel().locator(".course-presets button", has_text="reset").click()
    shared.wait_rested()
    yield shared
    assert shared.complaints == [], "the page's console has errors"


@pytest.fixture
def spare(page):
    """Run some source in the shared notebook's last cell; it is cleared afterwards."""
    yield lambda source: page.run_cell("spare", source)
    page.run_cell("spare", "")


@contextlib.contextmanager
def stopped(pid):
    """Stop a process for a while, as a kernel that is busy with something else."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def printed(page, source):
    """Run one line in the first cell and return what it printed."""
    page.run_cell("imports", source)
    return page.outputs("imports")[0]["text"].strip()


def drawn_rows(page, name="run"):
    """Return a dataset as Vega holds it: columns by name."""
    read = "(root, name) => root.courseViews[0].data(name).map(row => ({...row}))"
    rows = page.panel().evaluate(f"(root, name) => ({read})(root, name)", name)
    return {key: np.array([row[key] for row in rows], "f4") for key in rows[0] if not key.startswith("Symbol")}


def drawn_positions(page):
    return [int(i) for i in page.panel().get_attribute("data-drawn").split("|")[0].split(",")]


def test_runs_and_shows_itself(page, shots):
    assert page.errors() == []
    twin = page.page.locator(".jp-OutputArea-child .jp-RenderedImage img")
    assert twin.count() == 1, "the static twin is part of the output"
    assert not twin.is_visible(), "and steps aside for the live panel"
    light, ink = page.pixels(), page.panel().evaluate("root => root.courseViews[0].signal('ink')")
    page.screenshot(shots / "panel-light.png")
    page.theme("JupyterLab Dark")
    page.screenshot(shots / "panel-dark.png")
    assert page.pixels() != light
    assert page.panel().evaluate("root => root.courseViews[0].signal('ink')") != ink
    page.theme("JupyterLab Light")
    assert page.pixels() == light, "back to what it was"


@pytest.mark.parametrize("control", [PANEL.controls[i].name for i in PANEL.main_sliders])
def test_each_slider_redraws_at_both_ends(page, control):
    canvas = page.panel().locator("canvas").first.element_handle()
    for end in ("min", "max"):
        before = page.pixels()
        page.drag(control, to=end)
        page.wait_rested()
        assert page.pixels() != before, f"{control} at {end} draws the same"
    assert canvas.evaluate("node => node.isConnected"), "the canvas was replaced"
    last = len(PANEL.controls[PANEL.names.index(control)].positions) - 1
    assert drawn_positions(page)[PANEL.names.index(control)] == last


def test_a_drag_needs_no_kernel(page):
    """What was swept ahead is drawn while the kernel is stopped, and is what the kernel would have computed."""
    pid = int(printed(page, "print(os.getpid())"))
    page.page.wait_for_timeout(2500)
    with stopped(pid):
        for share in (0.1, 0.55, 0.93):
            page.drag("load", to=share)
            page.page.wait_for_timeout(120)
            positions = drawn_positions(page)
            assert positions[0] == pytest.approx(share * 50, abs=2)
            assert_drawn_is_computed(page, positions)


def assert_drawn_is_computed(page, positions):
    settings = PANEL.settings()
    for control, position in enumerate(positions):
        settings = settings.moved(control, position)
    expected = PANEL.pictures([settings]).at(0).data["run"]
    drawn = drawn_rows(page)
    for name, column in expected.items():
        np.testing.assert_array_equal(drawn[name], np.asarray(column, "f4"))


def test_without_the_sweep_the_kernel_answers(page):
    """A slider moved right after another one has nothing at hand: the kernel's frame is drawn, and is the right one."""
    page.drag("depth", to=0.8, steps=3)
    page.drag("max_retries", to="max", steps=3)
    page.wait_rested()
    positions = drawn_positions(page)
    assert (positions[1], positions[2]) == (10, pytest.approx(16, abs=1))
    assert_drawn_is_computed(page, positions)
    assert drawn_rows(page, "band")["low"].shape == (300,)
    settings = PANEL.settings(depth=PANEL.controls[2].positions[positions[2]], max_retries=10)
    numbers = {**PANEL.pictures([settings]).at(0).numbers, **PANEL.full(settings).at(0).numbers}
    for readout in PANEL.readouts:
        shown = page.panel().locator(f'[data-readout="{readout.name}"]').inner_text()
        assert shown == readout.text(numbers[readout.name]), "the page writes numbers as Python does"


def test_presets_reset_and_seed(page):
    start = page.panel().get_attribute("data-drawn")
    buttons = page.panel().locator(".course-presets button")
    buttons.get_by_text("healthy", exact=True).click()
    page.wait_rested()
    assert drawn_positions(page) == list(PANEL.settings("healthy").positions)
    assert page.panel().locator('button[aria-pressed="true"]').all_inner_texts() == ["healthy"]
    buttons.get_by_text("surprise me").click()
    page.wait_rested()
    assert not page.panel().get_attribute("data-drawn").endswith("|7")
    buttons.get_by_text("reset").click()
    page.wait_rested()
    assert page.panel().get_attribute("data-drawn") == start
    assert printed(page, "print(panel.values['load'], panel.chart.seed)") == "80 7"


def test_challenges_tick_and_stay(page):
    page.run_cell("panel")
    page.wait_rested()
    assert page.reached() == [False, False, False]
    page.panel().locator(".course-presets button", has_text="healthy").click()
    page.wait_rested()
    assert page.reached()[0]
    page.panel().locator(".course-presets button", has_text="reset").click()
    page.wait_rested()
    assert page.reached() == [True, False, False]
    assert page.panel().locator(".course-progress").inner_text() == "1 of 3 reached"


def test_keyboard_and_names(page):
    handle = page.panel().locator('[data-control="load"] .noUi-handle')
    assert handle.get_attribute("aria-label") == "load"
    assert handle.get_attribute("aria-valuetext") == "80 requests/s"
    handle.focus()
    for key, text in (("ArrowRight", "82"), ("Home", "20"), ("End", "120"), ("PageDown", None), ("ArrowLeft", None)):
        before = handle.get_attribute("aria-valuetext")
        page.page.keyboard.press(key)
        after = handle.get_attribute("aria-valuetext")
        assert after != before and (text is None or after == f"{text} requests/s")
    page.wait_rested()
    assert page.panel().locator('[data-control="load"] output').inner_text() == handle.get_attribute("aria-valuetext")
    assert page.panel().locator('.course-chart[aria-label*="Goodput over 300 s"]').count() == 2
    assert "goodput at the end" in page.panel().locator(".course-spoken").inner_text()
    assert page.panel().locator('select[aria-label="backoff"]').count() == 1


def test_the_table_is_what_is_drawn(page):
    page.panel().locator(".course-table summary").click()
    heads = page.panel().locator(".course-table th").all_inner_texts()
    assert heads == ["time (s)", "naive (requests/s)", "defended (requests/s)"]
    assert page.panel().locator(".course-table tbody tr").count() == 60


def test_two_panels_share_one_bundle_and_fetch_nothing(page, spare):
    asked = []
    page.page.on("request", lambda request: asked.append(request.url))
    spare("INSTANT.show()")
    page.wait_rested(1)
    assert page.panels() == 2
    assert page.page.evaluate("() => globalThis.__courseVega.size") == 1
    outside = [url for url in asked if not url.startswith((page.lab.url, "data:", "blob:", "ws://127.0.0.1"))]
    assert outside == []


REFUSING = """
import dataclasses
def run(values, seed):
    if (values['load'] > 100).any():
        raise ValueError('load = 120: must lie below 100')
    return PANEL.run(values, seed)
dataclasses.replace(PANEL, run=run).show()
"""


def test_a_model_that_refuses_says_so(page, spare):
    spare(REFUSING)
    page.wait_rested(1)
    problem = page.panel(1).locator(".course-problem")
    page.drag("load", to="max", index=1)
    problem.wait_for(state="visible")
    assert "load = 120: must lie below 100" in problem.inner_text()
    page.drag("load", to="min", index=1)
    problem.wait_for(state="hidden")


def test_nothing_sticks_out_at_laptop_width(page):
    inside = """root => {
        const edge = root.getBoundingClientRect().right + 1;
        return [...root.querySelectorAll('*')].filter(e => e.offsetWidth && e.getBoundingClientRect().right > edge)
            .map(e => e.tagName + '.' + e.className);
    }"""
    assert page.panel().evaluate(inside) == []


def test_saved_reloaded_and_without_a_kernel(open_cells, lab, shots):
    page = open_cells(CELLS)
    page.run_all()
    page.wait_rested()
    page.drag("max_retries", to="min")
    page.wait_rested()
    page.command("docmanager:save")
    saved = (lab.folder / page.notebook).read_text()
    assert "vegaEmbed" not in saved and len(saved) < 200_000, "the saved notebook holds a picture, not the bundle"

    page.reload()
    page.wait_rested()
    assert drawn_positions(page)[1] == 0, "a reload keeps the panel where it stood"
    page.drag("max_retries", to="max")
    page.wait_rested()
    assert drawn_positions(page)[1] == 10, "and alive"

    page.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.reload()
    page.page.locator(".jp-OutputArea-child .jp-RenderedImage img").wait_for(state="visible")
    page.screenshot(shots / "no-kernel.png")
