"""Predict, then reveal, on the page: the reveal waits for the learner, and a commit draws it."""

import json
import os

import pytest

from tests.browser.conftest import write_cells

ASK = """
from course_lib import view
guess = view.predict("test.recovery", "How many seconds after the brownout is goodput back?",
                     low=0, high=300, step=5, unit="s", default=30, missing="never")
guess
"""
CURVES = """
import numpy as np
x = np.arange(100.0)
which = view.predict_curve("test.curve", "What does goodput do after the trigger?", x=x,
    curves={"recovers at once": np.where(x > 50, 80, 20), "recovers slowly": np.clip(x - 10, 20, 80),
            "never": 20 + 0 * x},
    default="recovers at once", x_title="time (s)", y_title="goodput (requests/s)")
which
"""
CELLS = {
    "ask": ASK,
    "reveal": "guess.reveal(120.0, says='It takes two minutes.')",
    "curves": CURVES,
    "reveal-curve": "which.reveal(np.clip(x - 30, 20, 80), nearest='B')",
}


@pytest.fixture(scope="module")
def page(lab, open_alone):
    page = open_alone(write_cells(lab, "prediction", CELLS))
    page.run_all()
    page.page.locator(".course-card").nth(1).wait_for(state="attached")
    return page


def kinds(page, cell):
    return [sorted(output["data"]) for output in page.outputs(cell)]


def wait_revealed(page, cell, seconds=60):
    """Wait for the picture in the notebook's model: JupyterLab takes cells that are off the screen out of the page."""
    for _ in range(seconds * 5):
        if "image/png" in kinds(page, cell)[0]:
            page.page.wait_for_timeout(500)
            return
        page.page.wait_for_timeout(200)
    pytest.fail(f"{cell} shows no reveal after {seconds} s")


def test_all_browser_tests_share_one_worker(request):
    """A JupyterLab and a Chromium in each worker would triple what these tests cost."""
    if "PYTEST_XDIST_WORKER" in os.environ and request.config.getvalue("loadgroup"):
        assert request.node.nodeid.endswith("@browser")


def test_run_all_is_not_blocked_and_spoils_nothing(page):
    assert page.errors() == []
    assert all("image/png" not in kind for kind in kinds(page, "reveal") + kinds(page, "reveal-curve"))
    assert "Commit to your prediction" in page.outputs("reveal")[0]["data"]["text/plain"]
    assert "two minutes" not in str(page.outputs("reveal"))


def test_nothing_is_chosen_beforehand_and_both_answers_are_wanted(page):
    card = page.page.locator(".course-card").first
    card.scroll_into_view_if_needed()
    commit, slider = card.get_by_role("button", name="commit"), card.locator("input[type=range]")
    assert card.locator("input:checked").count() == 0 and commit.is_disabled()
    assert slider.get_attribute("aria-valuetext") == "nothing chosen yet"
    card.get_by_label("fairly sure", exact=True).check()
    assert commit.is_disabled(), "a confidence alone is no prediction"
    card.get_by_label("never", exact=True).check()
    assert commit.is_enabled() and slider.get_attribute("aria-valuetext") == "never"
    card.get_by_label("never", exact=True).uncheck()
    assert commit.is_disabled()


def test_a_commit_is_stored_and_revealed(page, lab, shots):
    card = page.page.locator(".course-card").first
    card.scroll_into_view_if_needed()
    slider = card.locator("input[type=range]")
    assert slider.get_attribute("aria-label").startswith("How many seconds")
    slider.focus()
    page.page.keyboard.press("End")
    assert slider.get_attribute("aria-valuetext") == "300 s"
    card.get_by_label("certain", exact=True).check()
    card.get_by_role("button", name="commit").click()
    wait_revealed(page, "reveal")
    stored = json.loads((lab.folder / ".course" / "predictions.json").read_text())["test.recovery"]
    assert (stored["value"], stored["confidence"], stored["unit"]) == (300, 3, "s")
    said = page.outputs("reveal")[0]["data"]["text/plain"]
    assert "predicted 300 s (you, certain); the model says 120 s" in said
    assert "two minutes" in str(page.outputs("reveal"))
    page.screenshot(shots / "prediction-number.png")


def test_a_skip_reveals_the_default_and_says_so(page, shots):
    card = page.page.locator(".course-card").nth(1)
    card.scroll_into_view_if_needed()
    assert card.locator("input[type=radio]").count() == 6
    page.screenshot(shots / "prediction-ask.png")
    card.get_by_role("button", name="skip").click()
    wait_revealed(page, "reveal-curve")
    assert "a stored default; nobody predicted here" in page.outputs("reveal-curve")[0]["data"]["text/plain"]
    page.page.locator(".course-live").last.scroll_into_view_if_needed()
    page.theme("JupyterLab Dark")
    page.screenshot(shots / "prediction-curve.png")
    page.theme("JupyterLab Light")
    assert page.complaints == []
