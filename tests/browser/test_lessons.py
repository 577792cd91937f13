"""Every built lesson and lab in JupyterLab: it shows what it should, sliders redraw, challenges tick, checks judge.

Numbers at every end and corner are examined in process (`corners.examine`), and there each slider changes something and
each challenge's example reaches it. Pictures are drawn under papermill, what travels ahead of a drag has tests of its
own (`test_panel`). Here one slider and one challenge show that they are wired; once a week all do, in both themes.

One lesson runs whole each time, and the panels of all the others move in one notebook; their other cells run in process
then (`tests/notebooks`). Once a week every lesson runs whole.
"""

import importlib
import importlib.util
import os

import nbformat
import notebook_runs as runs
import pytest

from course_lib import notebook_file
from course_lib.manifest import load
from course_lib.notebook_file import ANSWER, CHECK
from course_lib.view.panel import Panel
from tests.browser.conftest import write_cells

WEEKLY = bool(os.environ.get("COURSE_WEEKLY"))
BUILT = [module for module in load().modules if module.built]
FIRST = "frugal"
FRUGAL = """import os
from course_lib.view import forerun
os.environ["COURSE_VIEW"] = "bare"
forerun.Planner._ahead = lambda planner: None"""
#: A quick one: it shows that the cells and checks of lessons and labs work in the browser; the others once a week.
QUICK = "queue_overload"


def each(part):
    """Every built module's lesson or lab, all but the quick one once a week."""
    marks = {module.slug: [] if module.slug == QUICK else [pytest.mark.weekly] for module in BUILT}
    there = [module for module in BUILT if module.pristine(part).exists()]
    return pytest.mark.parametrize("module", [pytest.param(m, id=m.name, marks=marks[m.slug]) for m in there])


@pytest.fixture
def open_copy(lab, open_alone):
    """Return a function that opens a copy of a released notebook."""

    def open_(path):
        copy = lab.folder / f"{path.parent.name}-{path.name}"
        book = notebook_file.read(path)
        book.cells.insert(0, nbformat.v4.new_code_cell(FRUGAL, id=FIRST))
        nbformat.write(book, copy)
        return open_alone(copy.name)

    return open_


def panels_of(module):
    """Return the module's panels by name, in the order in which its lesson shows them."""
    name = f"course_lib.lessons.{module.slug}"
    shown = vars(importlib.import_module(name)) if importlib.util.find_spec(name) else {}
    panels = {name: value for name, value in shown.items() if isinstance(value, Panel)}
    return dict(sorted(panels.items(), key=lambda panel: panel[0] != "PANEL"))


def reset(page, index):
    page.panel(index).locator(".course-presets button").get_by_text("reset", exact=True).click()
    page.wait_rested(index)


def commit_all(page):
    """Commit to every prediction, with whatever one key press or the first curve says.

    On a busy machine a card may be seen before it listens, and a press is lost: as a person would, press again.
    """
    for card in page.page.locator(".course-card").all():
        card.scroll_into_view_if_needed()
        commit = card.get_by_role("button", name="commit")
        for _ in range(100):
            for slider in card.locator("input[type=range]").all():
                slider.press("ArrowRight")
            for group in card.locator("fieldset").all():
                group.locator("input").first.check()
            if commit.is_enabled():
                break
            page.page.wait_for_timeout(100)
        commit.click()


@each("lesson")
def test_lesson(open_copy, module, shots):
    """Run it, commit its predictions, and move its panel; once a week every end, every challenge, both themes."""
    page = open_copy(module.lesson)
    page.run_all()
    assert page.errors() == []
    commit_all(page)
    assert list(runs.shown(module.lesson, ran(page))) == []
    panels = panels_of(module).values()
    assert page.panels() == len(panels), "the lesson does not show the module's panels"
    for index, panel in enumerate(panels):
        page.wait_rested(index)
        page.screenshot(shots / f"{module.name}-{index}-light.png")
        sliders(page, index)
        challenges(page, index, panel)
        if WEEKLY or "COURSE_SCREENSHOTS" in os.environ:
            page.theme("JupyterLab Dark")
            page.panel(index)
            page.screenshot(shots / f"{module.name}-{index}-dark.png")
            page.theme("JupyterLab Light")
    first_check(page, module, module.lesson)
    assert page.errors() == []
    assert page.complaints == []


def ran(page):
    """The notebook as it stands after a run, its predictions revealed, without the cell that was put before it."""
    page.wait_revealed()
    cells = [{**cell, "source": "".join(cell["source"])} for cell in page.cells() if cell["id"] != FIRST]
    return nbformat.from_dict({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def sliders(page, index):
    """Drag each slider from the start to the end that is farther away: something must be drawn anew.

    If the start was not drawn afterwards as it was before, everything would seem to change something. A page on a busy
    machine may still have been settling (a font, a scroll bar) when it was first looked at: then all is done again.
    """
    again = (moved_and_back(page, index) for _ in range(3))
    assert any(again), "the start is never drawn as it was, so that all seems to change something"


def moved_and_back(page, index):
    """Move each slider; whether the start was then drawn as before."""
    reset(page, index)
    start = page.pixels(index)
    for control in page.controls(index) if WEEKLY else page.controls(index)[:1]:
        page.drag(control, to="min" if page.share(control, index) > 0.5 else "max", index=index, steps=2)
        page.wait_rested(index)
        assert page.pixels(index) != start, f"{control} changes nothing"
        assert not page.panel(index).locator(".course-problem").is_visible(), f"{control}: the model refuses"
        reset(page, index)
    return page.pixels(index) == start


def challenges(page, index, panel):
    """Go to where each challenge's example says it is reached, and see it tick."""
    reset(page, index)
    told = [(number, challenge) for number, challenge in enumerate(panel.challenges) if challenge.example]
    for number, challenge in told if WEEKLY else told[-1:]:
        positions = panel.settings(**challenge.example).positions
        page.panel(index).evaluate("(root, positions) => root.courseMove(positions)", list(positions))
        page.wait_rested(index)
        assert page.reached(index)[number], f"not ticked: {challenge.text}"


@pytest.fixture(scope="module")
def stage(lab, open_alone):
    """Return a function that shows a panel, alone on the page, in a kernel that they share."""
    page = open_alone(write_cells(lab, "stage", {FIRST: FRUGAL, "stage": ""}))
    page.run_cell(FIRST)

    def show(source):
        page.run_cell("stage", source)
        page.wait_rested()
        return page

    return show


#: Panels of unlike make: strips, a second panel, weeks in place of seconds. The rest once a week; in process, all are
#: examined each time.
EACH_TIME = (("split_brain", "PANEL"), ("cascading_failure", "FLEET"), ("repeat_incident", "PANEL"))
OTHERS = [
    pytest.param(
        module,
        name,
        id=f"{module.name}-{name.lower()}",
        marks=[] if (module.slug, name) in EACH_TIME else pytest.mark.weekly,
    )
    for module in BUILT
    if module.slug != QUICK
    for name in panels_of(module)
]


@pytest.mark.parametrize(("module", "name"), OTHERS)
def test_panel_of_a_lesson(stage, module, name, shots):
    """It draws, a slider redraws it, and a challenge ticks."""
    page = stage(f"from course_lib.lessons.{module.slug} import {name}\n{name}.show()")
    page.screenshot(shots / f"{module.name}-{name.lower()}.png")
    sliders(page, 0)
    challenges(page, 0, panels_of(module)[name])
    assert page.errors() == []
    assert page.complaints == []


DEAF = """
import dataclasses
from course_lib.view.panel import Challenge
from tests.browser.stand_in_panel import INSTANT
deaf = lambda values, seed: INSTANT.run({**values, "load": 80.0}, seed)
beyond = Challenge("x", lambda now: now["load"] > 200, {"load": 120})
PANEL = dataclasses.replace(INSTANT, run=deaf, challenges=(beyond,))
"""


def test_a_slider_that_is_not_wired_and_a_challenge_that_does_not_tick_are_named(stage):
    page, here = stage(DEAF + "PANEL.show()"), {}
    exec(DEAF, here)
    with pytest.raises(AssertionError, match="load changes nothing"):
        sliders(page, 0)
    with pytest.raises(AssertionError, match="not ticked: x"):
        challenges(page, 0, here["PANEL"])


@each("lab")
def test_lab_check_is_red_before_and_green_after(open_copy, module):
    page = open_copy(module.lab)
    first = next(iter(notebook_file.tagged(notebook_file.read(module.lab), CHECK)))
    page.select(first)
    page.command("notebook:run-all-above")
    page.wait_idle()
    page.run_cell(first)
    first_check(page, module, module.lab)


def first_check(page, module, path):
    """The notebook's first check, which has run, is red; after the solution's answers above it, it is green."""
    blank, solved = notebook_file.read(path), notebook_file.read(module.solution)
    answers, checks = notebook_file.tagged(blank, ANSWER), notebook_file.tagged(blank, CHECK)
    check = next(iter(checks))
    order = [cell.id for cell in blank.cells]
    before = said(page, check)
    for cell in answers:
        if order.index(cell) < order.index(check):
            page.run_cell(cell, notebook_file.answers(solved)[cell])
    page.run_cell(check)
    stored = "".join(output.text for output in checks[check].outputs)
    assert "not attempted" in before or "wrong" in before, before
    assert said(page, check).strip() == stored.strip()


def said(page, cell):
    """Return what a cell printed, or the error it raised."""
    return "".join(output.get("text", output.get("evalue", "")) for output in page.outputs(cell))
