"""The static site: whole, offline, and made without touching the notebooks."""

import inspect
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import tiny_course
import yaml
from nbformat.v4 import new_markdown_cell

from course_lib import cli, notebook_file
from course_lib.notebook_file import NotebookError
from course_lib.view import static, style
from course_lib.view.picture import Picture
from course_lib.website import assets, build, notebook_page
from course_lib.website.equations import mathml
from tests.browser.rig import chromium, missing

WORKFLOW = Path(__file__).parents[2] / ".github" / "workflows" / "pages.yml"
pytestmark = pytest.mark.xdist_group("website")  # one build, one browser
LOADS = re.compile(
    r"""(?:src|srcset|data|poster)\s*=\s*["']?\s*(?:https?:)?//|<link\b[^>]*//|url\(\s*["']?https?:|@import|import\("""
)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny_course.make(tmp_path_factory.mktemp("site") / "a course")


@pytest.fixture(scope="module")
def built(course):
    out, before = course.root / "site", course.module("tiny").lesson.read_bytes()
    out.mkdir()
    for old in ("index.html", "old.html"):
        (out / old).write_text("old", encoding="utf-8")
    build.build(course, out)
    assert course.module("tiny").lesson.read_bytes() == before
    return out


@pytest.mark.slow
def test_it_has_a_page_for_each_built_lesson_and_an_index_of_all(built):
    documents = [name for name, *_ in build.DOCUMENTS]
    assert {path.name for path in built.glob("*.html")} == {
        "01_tiny.html",
        "01_tiny_lab.html",
        "index.html",
        *documents,
    }
    index = (built / "index.html").read_text(encoding="utf-8")
    assert '<a href="01_tiny.html">Doubling</a>' in index
    assert "Not there yet (not built yet)" in index


@pytest.mark.slow
def test_pictures_and_equations_are_in_the_page_and_widgets_are_not(built):
    page = (built / "01_tiny.html").read_text(encoding="utf-8")
    assert re.search(r'<img alt="a dot" src="data:image/png;base64,[\w+/=]+"', page)
    assert page.count("<math") == 2
    assert '<script type="application/vnd.jupyter.widget' not in page
    assert "Task greet: not attempted" in page


@pytest.mark.slow
def test_links_to_labs_lead_to_their_texts_without_answers(built):
    page, lab = ((built / f"01_tiny{part}.html").read_text(encoding="utf-8") for part in ("", "_lab"))
    assert re.search(r'<a href="01_tiny_lab.html">[^<]*lab', page) and ".ipynb" not in page
    assert "NotImplementedError" in lab and 'href="01_tiny.html"' in lab


@pytest.mark.slow
def test_a_page_lists_its_contents_and_each_leads_somewhere(built):
    page = (built / "01_tiny.html").read_text(encoding="utf-8")
    side = page.partition('<nav class="side"')[2].partition("</nav>")[0]
    listed = re.findall(r'<li><a href="#([^"]+)">', side)
    assert len(listed) == len(tiny_course.STATIONS) and '<a href="01_tiny_lab.html">lab</a>' in side
    assert all(f'id="{anchor}"' in page for anchor in listed)


def test_charts_side_by_side_carry_a_stacked_picture_for_phones_on_the_pages_alone(monkeypatch):
    chart = style.themed(style.line("run", "x", "y", "naive"), "a line")
    specs = [static.filled(chart, [Picture({"run": {"x": [0.0, 1.0], "y": [0.0, 1.0]}})])] * 2
    monkeypatch.setenv("COURSE_VIEW", "static")
    assert static.png(specs).stacked == b""
    monkeypatch.setenv("COURSE_VIEW", "site")
    drawn = static.png(specs)
    wide, tall = (int.from_bytes(image[16:20], "big") for image in (drawn, drawn.stacked))
    assert wide > 1.7 * tall and static.png(specs[:1]).stacked == b""


@pytest.mark.slow
def test_no_page_names_anything_to_load_from_elsewhere(built):
    for path in [*built.glob("*.html"), *built.glob("assets/*.css")]:
        assert LOADS.findall(path.read_text(encoding="utf-8")) == []


def test_a_planted_script_from_elsewhere_is_seen():
    assert LOADS.search('<script src="https://cdn.invalid/x.js">')
    assert LOADS.search("<link rel=stylesheet href=//cdn.invalid/x.css>")


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(missing() is not None and not os.environ.get("COURSE_REQUIRE_BROWSER"), reason=missing() or "")
def test_chromium_draws_the_page_offline_and_asks_nobody(built):
    # In a thread of its own, because another test's browser may hold this one's event loop.
    with ThreadPoolExecutor(1) as thread:
        asked, fraction, picture, fits = thread.submit(look_at, built / "01_tiny.html").result()
    assert [url for url in asked if not url.startswith((built.as_uri(), "data:"))] == []
    assert fraction["height"] > 25
    assert picture == 1
    assert fits


def look_at(path):
    """Open a page offline: what it asked for, a fraction's size, a picture's width, and whether all fits the window."""
    from playwright.sync_api import sync_playwright

    asked = []
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_context(offline=True).new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        fraction = page.locator("mfrac").first.bounding_box()
        picture = page.locator("img[alt='a dot']").evaluate("image => image.complete && image.naturalWidth")
        fits = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        browser.close()
    return asked, fraction, picture, fits


@pytest.mark.slow
def test_a_lesson_that_stops_is_one_line_and_keeps_the_old_site(tmp_path):
    course = tiny_course.make(tmp_path / "c")
    lesson = tiny_course.lesson()
    lesson.cells[-1].source = "1 / 0"
    notebook_file.write(lesson, course.module("tiny").lesson)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("old", encoding="utf-8")
    with pytest.raises(NotebookError, match=r"01_tiny\.ipynb: stops with ZeroDivisionError: division by zero$"):
        build.build(course, tmp_path / "site")
    assert (tmp_path / "site" / "index.html").read_text(encoding="utf-8") == "old"


def test_a_folder_of_something_else_is_not_replaced(tmp_path):
    course = tiny_course.make(tmp_path / "c")
    none = course.model_copy(update={"modules": ()})
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(NotebookError, match="is not a site that was built here"):
        build.build(none, tmp_path / "thesis")
    assert (tmp_path / "thesis" / "chapter.txt").exists()


@pytest.mark.parametrize(
    "latex",
    [
        r"\lambda_\text{eff} = \lambda\,(1 + b) < \mu",
        r"A = \frac{1 - p^{R+1}}{1 - p}",
        r"\begin{aligned} a &= b \\ c &= d \end{aligned}",
        r"\begin{cases} 1 & x < 0 \\ 2 & \text{otherwise} \end{cases}",
        r"W = \min\left(\mathrm{cap}, \sum_{i=1}^{n} 2^i\right) \approx \prod_i (1 + R_i)",
    ],
)
def test_equations_of_the_kind_the_lessons_use_are_drawn(latex):
    drawn = mathml(latex, "block")
    assert drawn.startswith("<math")
    assert "\\" not in drawn


@pytest.mark.parametrize("latex", [r"\unknowncommand{x}", "a & b", r"\frac"])
def test_an_equation_that_cannot_be_drawn_is_named(latex):
    with pytest.raises(NotebookError, match="an equation cannot be drawn"):
        mathml(latex, "inline")


def publication():
    jobs = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    return [step.get("run") or step.get("with", {}).get("path") for step in steps]


def test_the_workflow_publishes_what_make_site_writes():
    done = publication()
    assert done.index("make site") < done.index(str(inspect.signature(cli.site).parameters["out"].default))


def test_a_bundle_that_ends_otherwise_stops_the_build(monkeypatch):
    assert "__courseVega" in assets.vega()[-300:]
    monkeypatch.setattr(assets, "bundle_source", lambda: "export { embed as vegaEmbed }; more()")
    with pytest.raises(NotebookError, match="does not end with its export"):
        assets.vega()


def test_markdown_with_an_unknown_command_stops_the_build():
    notebook = tiny_course.notebook([new_markdown_cell(r"Here $\unknowncommand x$.", id="a")])
    with pytest.raises(NotebookError, match="unknowncommand"):
        notebook_page.content(notebook)


def test_a_folded_answer_stays_inside_its_fold():
    text = "<details><summary>Why?</summary>\n\nBecause it is **so**.\n</details>"
    notebook = tiny_course.notebook([new_markdown_cell(text, id="a")])
    page = notebook_page.content(notebook).html
    assert re.search(r"<details>(?:(?!</details>).)*<strong>so</strong>.*?</details>", page, re.S)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(missing() is not None and not os.environ.get("COURSE_REQUIRE_BROWSER"), reason=missing() or "")
def test_text_and_code_can_be_read_on_a_dark_page_and_a_phone(built):
    with ThreadPoolExecutor(1) as thread:
        contrast, fits = thread.submit(look_in_the_dark, built / "01_tiny.html").result()
    assert contrast >= 4.5
    assert fits


def look_in_the_dark(path):
    """On a phone in dark mode: the least contrast of any text, and whether all fits the window."""
    from playwright.sync_api import sync_playwright

    script = """() => {
        const parts = colour => colour.match(/[\\d.]+/g).map(Number);
        const light = colour => parts(colour).slice(0, 3).map(c => c / 255)
            .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
        const ground = node => {
            for (; node; node = node.parentElement) {
                const colour = getComputedStyle(node).backgroundColor;
                if ((parts(colour)[3] ?? 1) > 0) return colour;
            }
            return "rgb(255, 255, 255)";
        };
        const texts = [...document.querySelectorAll("p, pre, pre span, h1, h2, a, li")]
            .filter(node => node.textContent.trim() && node.offsetWidth);
        return Math.min(...texts.map(node => {
            const [dark, bright] = [light(getComputedStyle(node).color), light(ground(node))].sort((a, b) => a - b);
            return (bright + 0.05) / (dark + 0.05);
        }));
    }"""
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_context(offline=True, color_scheme="dark", viewport={"width": 390, "height": 800}).new_page()
        page.goto(path.as_uri())
        found = page.evaluate(script)
        fits = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        browser.close()
    return found, fits
