"""A live panel in JupyterLab, moved by mouse and keyboard."""

import contextlib
import os
import signal

import numpy as np
import pytest

from tests.browser.conftest import write_cells
from tests.browser.stand_in_panel import PANEL

CELLS = {
    "imports": "import os\nfrom tests.browser.stand_in_panel import PANEL, INSTANT",
    "panel": "panel = PANEL.show()\npanel",
    "spare": "",
}


@pytest.fixture(scope="module")
def shared(lab, open_alone):
    """One notebook for all tests that leave it as it was, but for where its controls stand."""
    page = open_alone(write_cells(lab, "panel", CELLS))
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


SLIDERS = [PANEL.controls[i].name for i in PANEL.main_sliders]


@pytest.mark.parametrize("control", [SLIDERS[0], *(pytest.param(one, marks=pytest.mark.weekly) for one in SLIDERS[1:])])
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
    page.wait_ahead([PANEL.settings().moved(0, place) for place in range(len(PANEL.controls[0].positions))])
    with stopped(pid):
        for share in (0.1, 0.55, 0.93):
            page.drag("load", to=share)
            page.wait_drawn()
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
    labels = [chart.get_attribute("aria-label") for chart in page.panel().locator(".course-chart").all()]
    assert "Goodput over 300 s" in labels[0] and "Map of served" in labels[1], "each chart has words of its own"
    assert "goodput at the end" in page.panel().locator(".course-spoken").inner_text()
    assert page.panel().locator('select[aria-label="backoff"]').count() == 1


def test_what_moves_nothing_keeps_the_words(page):
    """The slider itself would write its raw value: "0" in place of "0.01 per call"."""
    for control, ends in (("load", ("20 requests/s", "120 requests/s")), ("budget", ("0.01 per call", "1 per call"))):
        handle = page.panel().locator(f'[data-control="{control}"] .noUi-handle')
        handle.focus()
        for key, text in zip(("Home", "End"), ends, strict=True):
            for _ in range(2):
                page.page.keyboard.press(key)
                assert handle.get_attribute("aria-valuetext") == text
    handle.click(force=True)
    assert handle.get_attribute("aria-valuetext") == "1 per call"


def test_a_preset_says_what_it_is_and_marks_what_it_moved(page):
    panel = page.panel()
    assert panel.locator('[data-moved="true"]').count() == 0
    panel.locator(".course-presets button", has_text="cliff edge").click()
    assert panel.locator(".course-caption").inner_text() == "cliff edge: a load of 70 and 2 retries"
    moved = panel.locator('[data-moved="true"]').all()
    assert [row.get_attribute("data-control") for row in moved] == ["load", "max_retries"]
    page.drag("depth", to="max")
    assert panel.locator(".course-caption").inner_text().startswith("your own settings")
    assert panel.locator(".course-group summary").all_inner_texts() == ["defences", "more"]


def test_headings_go_down_step_by_step(page):
    levels = page.panel().evaluate("root => [...root.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => h.tagName)")
    assert levels == ["H3", "H4", "H4"]


def test_running_again_closes_the_widgets_of_the_run_before(page, spare):
    count = "from ipywidgets.widgets import widget; print(len(widget._instances))"
    spare("INSTANT.show()")
    page.wait_rested(1)
    before = int(printed(page, count))
    for _ in range(2):
        spare("INSTANT.show()")
        page.wait_rested(1)
    assert int(printed(page, count)) == before
    spare("0")
    assert int(printed(page, count)) < before


def seen_with_the_sliders(page):
    """Return how many pixels of the first chart are in view when the first slider is at the top of it."""
    script = """root => {
        root.querySelector('.course-controls').scrollIntoView({block: 'start'});
        const view = root.closest('.jp-Notebook').getBoundingClientRect();
        return view.bottom - root.querySelector('.course-chart').getBoundingClientRect().top;
    }"""
    return page.panel().evaluate(script)


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (900, 800), (640, 400)])
def test_charts_fit_their_place(page, shots, width, height):
    """At 1280 px, at 900 px beside the file browser, and at 200 % zoom."""
    page.page.set_viewport_size({"width": width, "height": height})
    try:
        fits = """root => [...root.querySelectorAll('.course-chart')].every(place =>
            Math.abs(place.querySelector('canvas').getBoundingClientRect().width - place.clientWidth) <= 1)"""
        page.page.wait_for_function(fits, arg=page.panel().element_handle())
        page.screenshot(shots / f"panel-{width}.png")
        test_nothing_sticks_out(page)
        assert seen_with_the_sliders(page) > 100, "slider and chart are seen together"
    finally:
        page.page.set_viewport_size({"width": 1280, "height": 800})


@pytest.mark.weekly
def test_a_kernel_that_is_gone_is_told_in_words(open_cells, shots):
    page = open_cells(CELLS)
    page.run_all()
    page.wait_rested()
    page.wait_ahead([PANEL.settings("healthy")])
    page.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    status = page.panel().locator(".course-status")
    status.get_by_text("run this cell").wait_for()
    page.wait_idle()
    page.panel().locator(".course-presets button", has_text="healthy").click()
    page.wait_drawn()
    page.screenshot(shots / "kernel-gone.png")
    assert "kernel is gone" in status.inner_text()
    page.run_all()
    page.wait_rested()
    assert status.inner_text() == ""


FORBIDDEN = """() => {
    const meta = document.createElement('meta');
    meta.httpEquiv = 'Content-Security-Policy';
    meta.content = "script-src 'self' 'unsafe-inline' 'unsafe-eval'";
    document.head.append(meta);
}"""


@pytest.mark.weekly
def test_where_a_page_forbids_blobs_the_picture_stays_with_a_word(open_cells):
    page = open_cells(CELLS)
    page.run_cell("imports")
    page.page.evaluate(FORBIDDEN)
    page.run_cell("panel")
    page.page.locator(".jp-OutputArea-child .jp-RenderedImage img").wait_for(state="visible")
    told = """() => [...document.querySelectorAll('.jp-OutputArea-output')].some(
        node => getComputedStyle(node, '::before').content.includes('forbids blob: scripts'))"""
    page.page.wait_for_function(told)
    assert page.errors() == [] and "blob:" in " ".join(page.complaints)


@pytest.mark.weekly
def test_with_colours_forced_words_stand_on_the_systems_ground(page, shots):
    """A halo of the theme's paper round words in the system's ink would hide them."""
    page.page.emulate_media(forced_colors="active", color_scheme="dark")
    try:
        view = "root.courseViews[0].signal"
        page.page.wait_for_function(
            f"root => {view}('paper') === 'rgb(0, 0, 0)' && {view}('ink') === 'rgb(255, 255, 255)'",
            arg=page.panel().element_handle(),
        )
        page.screenshot(shots / "panel-forced.png")
    finally:
        page.page.emulate_media(forced_colors="none", color_scheme="light")
    page.page.wait_for_function("root => root.courseViews[0].signal('paper') !== 'rgb(0, 0, 0)'",
                                arg=page.panel().element_handle())  # fmt: skip


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


def test_nothing_sticks_out(page):
    inside = """root => {
        const edge = root.getBoundingClientRect().right + 1;
        return [...root.querySelectorAll('*')].filter(e => e.offsetWidth && e.getBoundingClientRect().right > edge)
            .map(e => e.tagName + '.' + e.className);
    }"""
    assert page.panel().evaluate(inside) == []


AT_EASE = """
from course_lib.view import forerun
forerun.Planner._ahead = forerun.Planner._map = lambda planner: None"""


@pytest.mark.weekly
def test_saved_reloaded_and_without_a_kernel(open_cells, lab, shots):
    page = open_cells(CELLS | {"imports": CELLS["imports"] + AT_EASE})
    page.run_all()
    page.wait_rested()
    page.drag("max_retries", to="min")
    page.wait_rested()
    page.command("docmanager:save")
    saved = (lab.folder / page.notebook).read_text()
    assert "vegaEmbed" not in saved and len(saved) < 200_000, "the saved notebook holds a picture, not the bundle"

    page.reload_live()
    page.wait_rested()
    assert drawn_positions(page)[1] == 0, "a reload keeps the panel where it stood"
    page.drag("max_retries", to="max")
    page.wait_rested()
    assert drawn_positions(page)[1] == 10, "and alive"

    page.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.reload()
    page.page.locator(".jp-OutputArea-child .jp-RenderedImage img").wait_for(state="visible")
    later = """() => [...document.querySelectorAll('.jp-OutputArea-output')].some(
        node => getComputedStyle(node, '::after').content.includes('Run this cell to make it live'))"""
    page.page.wait_for_function(later)
    page.page.wait_for_timeout(3500)  # the words come when a widget that is on its way would be there
    page.screenshot(shots / "no-kernel.png")


LONG = "# a line\n" * 30


def test_shift_enter_lands_on_the_first_slider_and_nothing_jumps(lab, open_alone, shots):
    """The last test of this file: the notebook that the others share is closed for it."""
    cells = {"imports": CELLS["imports"], "a": LONG, "b": LONG, "panel": "PANEL.show()", "c": LONG, "d": LONG}
    page = open_alone(write_cells(lab, "long", cells))
    page.page.evaluate("() => globalThis.__courseVega?.clear()")  # the first panel of a page waits for Vega
    page.run_cell("imports")
    page.select("panel")
    watch = """() => { globalThis.seen = [];
        globalThis.look = () => {
            for (const root of document.querySelectorAll('.course-panel')) seen.push(root.offsetHeight);
            requestAnimationFrame(() => look());
        };
        look();
    }"""
    page.page.evaluate(watch)
    page.page.keyboard.press("Shift+Enter")
    page.wait_rested()
    heights = page.page.evaluate("() => { look = () => {}; return [...new Set(seen)].filter(Boolean); }")
    page.screenshot(shots / "landed.png")
    assert len(heights) == 1, heights
    slider = page.page.locator(".course-live .noUi-handle").first.bounding_box()
    view = page.page.locator(".jp-Notebook").first.bounding_box()
    assert view["y"] <= slider["y"] <= view["y"] + view["height"] - 40
