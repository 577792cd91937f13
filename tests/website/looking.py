"""A small site with everything that moves, and the few verbs that tests of it in Chromium need."""

import contextlib
import dataclasses

import numpy as np
import tiny_course
from nbformat.v4 import new_code_cell, new_output

from course_lib.lessons import split_brain
from course_lib.view import live_panel, published
from course_lib.view.prediction import predict, predict_curve
from course_lib.website import assets, build, notebook_page, search
from course_lib.website.build import Page
from course_lib.website.notebook_page import Content

PANEL = dataclasses.replace(
    split_brain.PANEL, presets={name: split_brain.PANEL.presets[name] for name in ("storm", "fixed")}
)
"""A module's panel, with two of its presets."""
PICTURE = new_output("display_data", {"image/png": tiny_course.DOT}, metadata={"image/png": {"alt": "a dot"}})
TEXT = """<h1 id="T">Storms<a class="anchor-link" href="#T">¶</a></h1><p>Retries keep it.</p>
<h2 id="Defend">Defend<a class="anchor-link" href="#Defend">¶</a></h2><p>A <b>budget</b> bounds
<math><mi>zeta</mi></math> attempts.</p><h2 id="Empty">Nothing</h2>"""


def shown(cell_id, place, *more):
    return new_code_cell("...", id=cell_id, outputs=[new_output("display_data", {published.PLACE: place}), *more])


def live_parts():
    """A notebook as it was run for the site: a module's panel from two of its presets, a number and a curve."""
    x = np.arange(5.0)
    number = predict("n", "How long?", low=0, high=300, step=5, unit="s", default=30, missing="never")
    curve = predict_curve("c", "Which?", x=x, curves={"up": x, "down": -x}, default="down", x_title="x", y_title="y")
    says = new_output("display_data", {"text/markdown": "So it is."})
    return tiny_course.notebook(
        [
            shown("panel", published.moving_panel(PANEL, PANEL.settings(), live_panel.page(PANEL)), PICTURE),
            shown("ask", published.question(number), new_output("stream", text="How long? A default")),
            shown("reveal", published.reveal(number.reveal(45.0)), PICTURE, says),
            shown("ask-curve", published.question(curve)),
            shown("reveal-curve", published.reveal(curve.reveal(2 * x, nearest="A")), PICTURE),
        ]
    )


def write(folder):
    """Write a site of two pages: one whose parts are live, one of text."""
    folder.mkdir()
    assets.write(folder / build.ASSETS)
    course = tiny_course.make(folder.parent / "c")
    pages = (
        Page("page.html", "Moving", notebook_page.content(live_parts())),
        Page("other.html", "Retry storms", Content(TEXT, [])),
    )
    for page in pages:
        page.write(course, folder)
    (folder / build.INDEX).write_text(search.script(page.sections for page in pages), encoding="utf-8")


class Look:
    """A page, opened and live, and the few verbs that these tests need."""

    def __init__(self, browser, address, wait="[data-place^=panel][data-live]", before="", **context):
        self.asked, self.errors = [], []
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **context})
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda line: line.type in ("warning", "error") and self.errors.append(line.text))
        self.clock = self.context.new_cdp_session(self.page)
        self.clock.send("Performance.enable", {"timeDomain": "threadTicks"})
        self.page.add_init_script(before)
        self.page.goto(address)
        self.page.wait_for_selector(wait, timeout=60_000)

    def seconds(self):
        """CPU seconds of the page's main thread so far."""
        metrics = self.clock.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in metrics if one["name"] == "TaskDuration")

    def data(self, name):
        return self.page.locator("[data-place^=panel] .course-panel").get_attribute(f"data-{name}")

    def reach(self, settings):
        """Wait until a picture is drawn and at rest."""
        selector = f'.course-panel[data-drawn="{settings.key}"][data-rested="{settings.key}"]'
        self.page.wait_for_selector(selector, timeout=30_000)

    def numbers(self):
        return self.page.locator(".course-readouts dd").all_inner_texts()

    def status(self):
        return self.page.locator(".course-status").inner_text()

    def slider(self, name):
        return self.page.locator(f"[data-control={name}] input")

    def fits(self):
        return self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@contextlib.contextmanager
def opened(*given, **context):
    look = Look(*given, **context)
    try:
        yield look
    finally:
        look.context.close()
