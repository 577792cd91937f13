"""The static site: whole, offline, and made without touching the notebooks."""

import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import tiny_course
from nbformat.v4 import new_markdown_cell

from course_lib import notebook_file, site
from course_lib.notebook_file import NotebookError
from tests.browser.rig import chromium, missing

LOADS = re.compile(
    r"""(?:src|srcset|data|poster)\s*=\s*["']?\s*(?:https?:)?//|<link\b[^>]*//|url\(\s*["']?https?:|@import|import\("""
)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny_course.make(tmp_path_factory.mktemp("site") / "a course")


@pytest.fixture(scope="module")
def built(course):
    out = course.root / "site"
    site.build(course, out)
    return out


@pytest.mark.slow
def test_it_has_a_page_for_each_built_lesson_and_an_index_of_all(built):
    assert sorted(path.name for path in built.iterdir()) == ["01_tiny.html", "index.html"]
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
def test_links_to_labs_are_only_words(built):
    page = (built / "01_tiny.html").read_text(encoding="utf-8")
    assert "On to the lab." in page
    assert ".ipynb" not in page


@pytest.mark.slow
def test_no_page_names_anything_to_load_from_elsewhere(built):
    for path in built.iterdir():
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
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
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
def test_the_notebooks_stay_as_they_were_and_an_old_site_is_replaced(course, built):
    (built / "old.html").write_text("old", encoding="utf-8")
    before = course.module("tiny").lesson.read_bytes()
    site.build(course, built)
    assert course.module("tiny").lesson.read_bytes() == before
    assert not (built / "old.html").exists()


@pytest.mark.slow
def test_a_lesson_that_stops_is_one_line_and_keeps_the_old_site(tmp_path):
    course = tiny_course.make(tmp_path / "c")
    lesson = tiny_course.lesson()
    lesson.cells[-1].source = "1 / 0"
    notebook_file.write(lesson, course.module("tiny").lesson)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("old", encoding="utf-8")
    with pytest.raises(NotebookError, match=r"01_tiny\.ipynb: stops with ZeroDivisionError: division by zero$"):
        site.build(course, tmp_path / "site")
    assert (tmp_path / "site" / "index.html").read_text(encoding="utf-8") == "old"


def test_a_folder_of_something_else_is_not_replaced(tmp_path):
    course = tiny_course.make(tmp_path / "c")
    none = course.model_copy(update={"modules": ()})
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(NotebookError, match="is not a site that was built here"):
        site.build(none, tmp_path / "thesis")
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
    drawn = site.mathml(latex, "block")
    assert drawn.startswith("<math")
    assert "\\" not in drawn


@pytest.mark.parametrize("latex", [r"\unknowncommand{x}", "a & b", r"\frac"])
def test_an_equation_that_cannot_be_drawn_is_named(latex):
    with pytest.raises(NotebookError, match="an equation cannot be drawn"):
        site.mathml(latex, "inline")


def test_markdown_with_an_unknown_command_stops_the_build():
    notebook = tiny_course.notebook([new_markdown_cell(r"Here $\unknowncommand x$.", id="a")])
    with pytest.raises(NotebookError, match="unknowncommand"):
        site.to_html(notebook, "x", {"previous": None, "next": None})


def test_a_folded_answer_stays_inside_its_fold():
    text = "<details><summary>Why?</summary>\n\nBecause it is **so**.\n</details>"
    notebook = tiny_course.notebook([new_markdown_cell(text, id="a")])
    page = site.to_html(notebook, "x", {"previous": None, "next": None})
    assert re.search(r"<details>(?:(?!</details>).)*<strong>so</strong>.*?</details>", page, re.S)
