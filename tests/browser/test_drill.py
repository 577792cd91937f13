"""Drills played through in JupyterLab by a scripted responder."""

import json
import re

import pytest

from course_lib.incidents import scenario as scenarios
from course_lib.incidents import seal
from course_lib.incidents.session import Session
from course_lib.incidents.world import World
from tests.browser.conftest import write_cells
from tests.browser.responder import Guess, Responder, Unsure
from tests.incidents import first_minute

SEED, SIZE = 7, 15


def cell(name, seed=SEED, size=SIZE):
    return f"from course_lib.incidents import drill\ndrill.start({name!r}, seed={seed}, size={size})"


def opened(lab, open_alone, name, seed=SEED):
    """Open a drill's console; a notebook and a file of its own."""
    page = open_alone(write_cells(lab, f"drill-{name}-{seed}", {"go": cell(name, seed), "below": "1 + 1"}))
    page.select("go")
    page.run_cell("go")
    assert page.errors() == []
    return page, Responder(page)


def kept(lab, name, seed=SEED):
    return lab.folder / "work" / "drills" / f"{name}-{seed}.json"


QUICK = "split_brain"
"""A scenario whose models take a hundredth of a second, and whose first action is felt after twenty seconds."""


def test_a_drill_from_page_to_debrief(lab, open_alone, shots):
    """One scenario to its end, first by keyboard alone."""
    page, responder = opened(lab, open_alone, QUICK)
    keyboard = page.page.keyboard
    assert "% of users' requests fail" in responder.text("headline")
    assert "firing" in responder.text("alerts"), "for those who do not see the mark"
    page.screenshot(shots / "drill-first.png")

    # A newcomer follows the guide: each press of its one button leads to the next step, and Enter does the rest.
    presses, stood = newcomer(page, responder)
    way = first_minute.way(Session(World(scenarios.load(QUICK), SEED)))
    not_here = {name: way["texts"][name] for name in ("introduction", "risk")}  # not of this notebook, of this action
    assert way == {"texts": {**stood, **not_here}, "presses": presses}
    assert len(stood["risk"]) == 2 and first_minute.seconds(way) < 60
    assert "under way" in responder.text("actions")
    assert len(page.cells()) == 2, "keys pressed in the console are no commands to JupyterLab"

    before = responder.now
    responder.button("10 times real time").click()
    responder.root.focus()
    keyboard.press("p")
    page.page.wait_for_function(
        "before => Number(document.querySelector('.course-console').dataset.seconds) > before + 15", arg=before
    )
    responder.button("❚❚ pause").click()
    responder.settle()
    responder.until(before + 60)
    assert "in force: " in responder.root.locator(".course-spoken").inner_text() + responder.text("timeline")
    responder.update(Guess())
    responder.verify(type("Said", (), {"mode": "recovered", "signals": ("near_errors",)}))
    responder.hand_over()
    page.screenshot(shots / "drill-debrief.png")
    assert "To take along" in responder.text("debrief") and points(responder) >= 0
    assert seal.verify(kept(lab, QUICK)) == []
    log = json.loads(kept(lab, QUICK).read_text())["log"]
    assert [entry["kind"] for entry in log] == ["ack", "diagnosis", "action", "update", "verify"]
    assert page.complaints == []


STANDS = """root => {
    const all = (...selectors) => selectors.flatMap(one => [...root.querySelectorAll(one)]);
    const seen = (...selectors) => all(...selectors).filter(one => one.checkVisibility());
    const words = (...selectors) => seen(...selectors).map(one => one.firstChild.textContent.trim());
    const list = name => seen(`[data-field="${name}"] label`).map(one => one.textContent.trim());
    const item = '.drill-item strong, .drill-item div > span, .drill-alerts summary';
    const legends = '.drill-sheet :is(h4, legend, summary, .drill-pair > label, .drill-buttons > span)';
    return {
        first: words('.drill-card dt, .drill-card dd > *', item),
        guides: words('.drill-next-says'),
        form: words(legends),
        modes: list('mode'), evidence: list('evidence'), confidence: words('.drill-sheet [name="confidence"]'),
        teams: words('.drill-actions summary'), actions: words('.drill-action'), risk: words('.drill-risk li'),
    };
}"""
"""What `first_minute.way` tells of a page, read from the page: only what can be seen there."""


def newcomer(page, responder):
    """Go from the page to the first action by keyboard, as the guide leads; return the presses and what stood there."""
    presses, keyboard = 0, page.page.keyboard
    stood = responder.root.evaluate(STANDS)
    assert not stood["form"] and not stood["actions"] and not stood["risk"], "folded until it is asked for"

    def press(key):
        nonlocal presses
        keyboard.press(key)
        presses += 1

    guide = responder.root.locator(".drill-guide button")
    guide.focus()
    press("Enter")
    responder.root.locator(".drill-sheet form").wait_for()  # what it is comes next
    form = responder.root.evaluate(STANDS)
    assert stood.pop("evidence") == form["evidence"] == [], "folded: the page is evidence"
    stood |= {name: form[name] for name in ("form", "modes", "confidence")}
    stood["guides"] += form["guides"]
    press("Space")  # the first of the failure modes: the focus is there
    keyboard.press("Enter")
    assert responder.root.evaluate("() => document.activeElement.textContent") == "a guess", "Enter says nothing yet"
    press("Enter")
    responder.sent()
    page.page.wait_for_function(
        "() => document.querySelector('.drill-guide button')?.textContent === 'choose an action'"
    )
    stood["guides"] += responder.root.evaluate(STANDS)["guides"]
    guide.focus()
    keyboard.press("Enter")  # a mouse needs no press to go to the actions
    press("Enter")  # the first of those who can act
    stood["actions"] = responder.root.evaluate(STANDS)["actions"]
    keyboard.press("Tab")
    press("Enter")
    stood["risk"] = responder.root.evaluate(STANDS)["risk"]
    press("Enter")  # its risks are shown, and the focus is on "do it"
    responder.sent()
    return presses, stood


def points(responder) -> float:
    """Points in all, as the debrief has them."""
    return float(re.search(r"in all\s+([\d.]+) of 100", responder.text("debrief"))[1])


WEEKLY = pytest.mark.weekly
LOOKS = 180
"""Seconds for which somebody who took a wrong way looks on before they confirm."""


@WEEKLY
def test_a_reload_and_a_new_kernel_lose_nothing(lab, open_alone):
    """The other half of this, without a browser, is in tests/incidents/test_console.py."""
    page, responder = opened(lab, open_alone, "retry_storm", 8)
    responder.diagnosis(Guess())
    responder.step(60)
    page.command("docmanager:save")
    page.reload_live()
    again = Responder(page)
    assert again.now == responder.now and "diagnosis, a guess" in again.text("timeline")
    again.step(15)
    page.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    page.page.get_by_text("The kernel is gone. Run this cell again").wait_for()
    page.wait_idle()
    page.run_cell("go")
    last = Responder(page)
    assert last.now == again.now and "diagnosis, a guess" in last.text("timeline")


@WEEKLY
def test_what_is_pressed_twice_is_done_once_and_without_a_kernel_it_is_told(lab, open_alone):
    """Two presses while the kernel has not answered are one; a form that nobody hears says so itself."""
    page, responder = opened(lab, open_alone, QUICK, 9)
    twice = "button => { button.click(); button.click(); }"
    responder.root.locator("[data-alert] button").first.evaluate(twice)
    responder.root.locator('.drill-alerts [data-state="acknowledged"]').wait_for()
    responder.button("diagnosis").click()
    responder.root.locator('[name="mode"]').first.check()
    responder.root.locator("[data-submit]").first.evaluate(twice)
    responder.sent()
    responder.choose("quorum")
    responder.root.locator("[data-submit]").evaluate(twice)
    responder.sent()
    responder.step(15)
    kinds = [entry["kind"] for entry in json.loads(kept(lab, QUICK, 9).read_text())["log"]]
    assert kinds == ["ack", "diagnosis", "action"]
    assert not responder.root.locator(".course-problem").is_visible(), "nothing is refused"
    page.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    responder.root.get_by_text("The kernel is gone.").wait_for()
    responder.choose("fence_east")
    responder.root.locator("[data-submit]").click()
    responder.root.locator(".drill-sheet .drill-why").get_by_text("The kernel is gone.").wait_for()


@WEEKLY
@pytest.mark.parametrize("name", scenarios.names())
def test_the_reference_of_each_scenario(lab, open_alone, shots, name):
    """Played as the scenario's file has it, it spares users; the screenshots are looked at."""
    scenario = scenarios.load(name)
    page, responder = opened(lab, open_alone, name, 11)
    page.screenshot(shots / f"{name}-first.png")
    page.theme("JupyterLab Dark")
    page.screenshot(shots / f"{name}-first-dark.png")
    page.theme("JupyterLab Light")
    *before, last = scenario.reference
    responder.play(before, hand_over=False)
    responder.until(last.at)
    page.screenshot(shots / f"{name}-midway.png")
    responder.play([last])
    page.screenshot(shots / f"{name}-reference.png")
    page.theme("JupyterLab Dark")
    page.screenshot(shots / f"{name}-reference-dark.png")
    page.theme("JupyterLab Light")
    assert points(responder) > 60
    assert seal.verify(kept(lab, name, 11)) == [] and page.complaints == []


@WEEKLY
@pytest.mark.parametrize("name", scenarios.names())
def test_a_wrong_way_of_each_scenario(lab, open_alone, shots, name):
    """A tempting way can be taken, and the debrief says that it did not help."""
    scenario = scenarios.load(name)
    page, responder = opened(lab, open_alone, name, 12)
    responder.play(scenario.tempting[0].log, hand_over=False)
    responder.until(responder.now + LOOKS)
    page.screenshot(shots / f"{name}-wrong-midway.png")
    responder.verify(Unsure())
    responder.hand_over()
    page.screenshot(shots / f"{name}-wrong.png")
    page.theme("JupyterLab Dark")
    page.screenshot(shots / f"{name}-wrong-dark.png")
    page.theme("JupyterLab Light")
    assert points(responder) < 60
    assert seal.verify(kept(lab, name, 12)) == [] and page.complaints == []
