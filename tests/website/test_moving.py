"""Pages whose sliders move, in Chromium: from a file and from a server, on a phone, in the dark and on paper."""

import contextlib
import functools
import gzip
import http.server
import importlib
import os
import threading

import pytest

from course_lib import manifest
from course_lib.website import build
from tests.browser.rig import missing
from tests.cpu_seconds import YARD, spent, yardstick
from tests.website.looking import PANEL, opened

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.xdist_group("website"),
    pytest.mark.skipif(missing() is not None and not os.environ.get("COURSE_REQUIRE_BROWSER"), reason=missing() or ""),
]
CUT = next(control.name for control in PANEL.controls if control.label == "cut after node")
MOST_BYTES = 1_000_000
"""Of a page with all that it loads, gzipped."""
MOST_WORK = 120.0
"""CPU seconds for a lesson's page: a minute of two cores, where the yardstick of `tests.cpu_seconds` takes its time."""
LONGEST_START = 1.5
"""Seconds of the page's main thread until a slider can be dragged."""


def readouts(settings):
    run, full = PANEL.pictures([settings]).at(0).numbers, PANEL.full(settings).at(0).numbers
    return [readout.text({**run, **full}[readout.name]) for readout in PANEL.readouts]


def moved_from_a_file(browser, address):
    with opened(browser, address, offline=True) as look:
        started, start = look.seconds(), PANEL.settings()
        nodes = PANEL.names.index("nodes")
        look.slider("nodes").press("End")
        last = len(PANEL.controls[nodes].positions) - 1
        look.reach(start.moved(nodes, last))
        alone = look.numbers()
        look.slider(CUT).press("ArrowRight")
        look.page.wait_for_function("document.querySelector('.course-status').textContent")
        beyond = (look.status(), look.numbers(), look.data("drawn") == start.moved(nodes, last).key)
        look.page.get_by_role("button", name="fixed", exact=True).click()
        look.reach(PANEL.settings("fixed"))
        look.page.get_by_role("button", name="reset").click()
        look.reach(start)
        named = look.slider("nodes").get_attribute("aria-label"), look.slider("nodes").get_attribute("aria-valuetext")
        words = look.page.locator(".course-challenges em").count()
        twin = look.page.locator("img[alt='a dot']").first.is_visible()
        found = dict(alone=alone, beyond=beyond, back=look.status(), named=named, words=words, twin=twin)
        return {**found, "asked": look.asked, "errors": look.errors, "started": started, "last": last}


def test_a_page_opened_as_a_file_moves_and_asks_nobody(site, chrome):
    found = chrome(moved_from_a_file, (site / "page.html").as_uri())
    assert found["errors"] == []
    assert [url for url in found["asked"] if not url.startswith((site.as_uri(), "blob:", "data:"))] == []
    assert found["alone"] == readouts(PANEL.settings().moved(PANEL.names.index("nodes"), found["last"]))
    said, numbers, kept = found["beyond"]
    assert said.startswith("Two controls away from “storm” (nodes, cut after node): the last picture stays.")
    assert (numbers, kept, found["back"]) == (found["alone"], True, "")
    assert found["named"] == ("nodes", "5 nodes") and found["words"] == 2 and not found["twin"]
    assert found["started"] <= LONGEST_START


# Takes a panel's place off the page as soon as the page is read, and puts it back once the panel is drawn.
AWAY = """addEventListener("DOMContentLoaded", () => {
    const place = document.querySelector("[data-place^=panel]"), after = place.nextSibling, around = place.parentNode;
    if (place.querySelector(".course-panel")) throw new Error("drawn too soon for this test");
    place.remove();
    const back = setInterval(() => {
        if (!place.querySelector("[data-rested]")) return;
        clearInterval(back);
        around.insertBefore(place, after);
    }, 50);
})"""


def inked_late(browser, address):
    with opened(browser, address, before=AWAY) as look:
        look.page.wait_for_selector(".course-panel[data-ink]", timeout=10_000)
        views = "[...document.querySelector('.course-panel').courseViews]"
        return look.page.evaluate(f"{views}.map(view => view.signal('ink'))"), look.errors


def test_charts_drawn_before_they_are_on_the_page_get_their_ink_there(site, chrome):
    inks, errors = chrome(inked_late, (site / "page.html").as_uri())
    assert inks and set(inks) == {inks[0]} and inks[0].startswith("rgb(") and errors == []


def predicted(browser, address):
    with opened(browser, address) as look:
        page, card, reveal = look.page, "[data-place^=question]", "[data-place^=reveal]"
        before = page.get_by_text("So it is.").is_visible(), page.locator(".course-asking").count()
        page.locator(card).nth(0).locator("input[type=range]").fill("250")
        page.locator(card).nth(0).get_by_label("certain").check()
        page.locator(card).nth(0).get_by_role("button", name="commit").click()
        page.locator(f"{reveal}[data-answered] .course-live").nth(0).wait_for()
        words = page.locator(reveal).nth(0).locator("[aria-label*=predicted]").first.get_attribute("aria-label")
        marks = page.evaluate(
            "document.querySelector('[data-place^=reveal] .course-panel').courseViews[0].data('prediction')[0]"
        )
        after = page.get_by_text("So it is.").is_visible()
        page.locator(card).nth(1).get_by_role("button", name="skip").click()
        page.locator(f"{reveal}[data-answered] .course-live").nth(1).wait_for()
        skipped = page.locator(reveal).nth(1).locator("[aria-label*=predicted]").first.get_attribute("aria-label")
        page.reload()
        page.locator(f"{reveal}[data-answered] .course-live").nth(0).wait_for()
        again = page.locator(card).nth(0).locator(".course-progress").inner_text()
        asking = page.locator(".course-asking").count()
        found = dict(before=before, words=words, after=after, skipped=skipped, again=again, asking=asking)
        return {**found, "marks": (marks["predicted"], marks["truth"]), "errors": look.errors}


def test_an_answer_is_asked_first_and_stays_in_the_browser(site, chrome):
    found = chrome(predicted, (site / "page.html").as_uri())
    assert found["errors"] == []
    assert found["before"] == (False, 2) and found["after"]
    assert "predicted 250 s (you, certain); the model says 45 s" in found["words"]
    assert found["marks"] == (250, 45)
    assert "predicted B (down) (a stored default; nobody predicted here); nearest is A (up)" in found["skipped"]
    assert found["again"].startswith("You predicted 250 s before") and found["asking"] == 1


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_words):
        """Say nothing."""


@contextlib.contextmanager
def served(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


# The lines of a reveal's title, as they are drawn.
TITLE = """() => {
    const lines = [], walk = (item) => {
        if (Array.isArray(item.text)) lines.push(...item.text);
        for (const inner of item.items ?? []) walk(inner);
    };
    walk(document.querySelector("[data-place^=reveal] .course-panel").courseViews[0].scenegraph().root);
    return lines;
}"""


def on_a_phone_in_the_dark(browser, address):
    with opened(browser, address, color_scheme="dark", viewport={"width": 390, "height": 800}) as look:
        look.page.get_by_role("button", name="fixed", exact=True).click()
        look.reach(PANEL.settings("fixed"))
        ink = look.page.evaluate("document.querySelector('.course-panel').courseViews[0].signal('ink')")
        fits, folded = look.fits(), not look.page.locator(".side li").first.is_visible()
        look.page.locator("[data-place^=question]").nth(0).get_by_role("button", name="skip").click()
        look.page.locator("[data-place^=reveal][data-answered] .course-live").wait_for()
        title = look.page.evaluate(TITLE)
        look.page.emulate_media(media="print")
        paper = [look.page.locator(there).first.is_visible() for there in ("img[alt='a dot']", ".course-panel")]
        return dict(asked=look.asked, errors=look.errors, ink=ink, fits=fits, folded=folded, paper=paper, title=title)


@pytest.mark.weekly
def test_a_page_from_a_server_fits_a_phone_follows_the_dark_and_prints_its_pictures(site, chrome):
    with served(site) as address:
        found = chrome(on_a_phone_in_the_dark, f"{address}/page.html")
        assert [url for url in found["asked"] if not url.startswith((address, "blob:", "data:"))] == []
    assert found["errors"] == []
    assert found["ink"] == "rgb(232, 232, 232)" and found["fits"] and found["folded"]
    assert found["paper"] == [True, False]
    assert " ".join(found["title"]).startswith("predicted 30 s (a stored default")
    assert max(map(len, found["title"])) <= 390 / 8


def without_its_data(browser, address):
    with opened(browser, address, wait="main") as look:
        look.page.wait_for_function("document.readyState == 'complete'")
        return look.page.locator("img[alt='a dot']").first.is_visible(), look.errors


def test_a_page_that_lost_its_data_keeps_its_picture(site, chrome, tmp_path):
    lost = tmp_path / "page.html"
    lost.write_text((site / "page.html").read_text(encoding="utf-8"), encoding="utf-8")
    assert chrome(without_its_data, lost.as_uri())[0]


# ---- all twelve, once a week -----------------------------------------------------------------------------------------


def weight(folder, name):
    """Gzipped bytes of a page and all that it loads."""
    files = [folder / name, *folder.glob("assets/*"), folder / "data" / name.replace(".html", ".js")]
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in files)


def dragged_through(browser, address, panel):
    """Start, and move each control that is in the open from end to end; return seconds, errors and what was asked."""
    with opened(browser, address, offline=True) as look:
        started = look.seconds()
        for index in panel.main_sliders:
            for key, position in (("Home", 0), ("End", len(panel.controls[index].positions) - 1)):
                look.slider(panel.controls[index].name).press(key)
                look.reach(panel.settings().moved(index, position))
            look.page.get_by_role("button", name="reset").first.click()  # a lesson may have a smaller panel, too
            look.reach(panel.settings())
        return started, look.errors, look.asked


@pytest.mark.weekly
@pytest.mark.parametrize("module", manifest.load().built, ids=lambda module: module.slug)
def test_a_lesson_is_built_in_a_minute_is_light_and_each_slider_moves(module, chrome, tmp_path):
    course, began = manifest.load(), spent()
    modules = tuple(one if one == module else one.model_copy(update={"built": False}) for one in course.modules)
    build.build(course.model_copy(update={"modules": modules}), tmp_path / "site")
    took, name = (spent() - began) * min(YARD / yardstick(), 1.0), f"{module.name}.html"
    started, errors, asked = chrome(dragged_through, (tmp_path / "site" / name).as_uri(), panel_of(module))
    assert errors == [] and all(url.startswith(("file:", "blob:", "data:")) for url in asked)
    assert (weight(tmp_path / "site", name) <= MOST_BYTES, started <= LONGEST_START, took <= MOST_WORK) == (
        True,
        True,
        True,
    )


def panel_of(module):
    return importlib.import_module(f"course_lib.lessons.{module.slug}").PANEL
