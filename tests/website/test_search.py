"""Search: what is found, where it leads, and that it works in a page that was opened as a file."""

import json
import os

import pytest
from lunr.index import Index

from course_lib.website import search
from tests.browser.rig import missing
from tests.website.looking import TEXT, opened


def test_a_page_is_cut_at_its_headings_and_its_words_are_those_that_are_read():
    assert search.sections("a.html", "Retry storms", TEXT) == [
        {"at": "a.html", "title": "Retry storms", "text": "Storms Retries keep it."},
        {"at": "a.html#Defend", "title": "Retry storms: Defend", "text": "A budget bounds attempts."},
    ]


def parts(script):
    """The index and what hits show, as the page gets them."""
    decoder, text = json.JSONDecoder(), script.removeprefix("globalThis.courseSearch(")
    index, end = decoder.raw_decode(text)
    return index, decoder.raw_decode(text[end + 2 :])[0]


def test_the_index_finds_words_in_whatever_form_and_titles_first():
    other = [{"at": "b.html", "title": "Defend", "text": "one budgeted attempt and a retry"}]
    index, shown = parts(search.script([search.sections("a.html", "Retry storms", TEXT), other]))
    found = lambda words: [shown[int(hit["ref"])][0] for hit in Index.load(index).search(words)]  # noqa: E731
    assert found("budgets") == ["a.html#Defend", "b.html"] or found("budgets") == ["b.html", "a.html#Defend"]
    assert found("defend")[0] == "b.html" and found("zeta") == []


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.xdist_group("website")
@pytest.mark.skipif(missing() is not None and not os.environ.get("COURSE_REQUIRE_BROWSER"), reason=missing() or "")
def test_a_page_opened_as_a_file_searches_and_says_when_it_finds_nothing(site, chrome):
    hits, nothing, landed, asked = chrome(searched, (site / "page.html").as_uri())
    assert hits == ["Retry storms: Defend"] and nothing == "Nothing here says “zzyzx”."
    assert landed.endswith("other.html#Defend") and all(url.startswith((site.as_uri(), "data:")) for url in asked)


def searched(browser, address):
    with opened(browser, address, wait="form.search:not([hidden])", offline=True) as look:
        look.page.keyboard.press("/")
        look.page.keyboard.type("budg")
        look.page.locator(".hits a").first.wait_for()
        hits = look.page.locator(".hits strong").all_inner_texts()
        look.page.get_by_label("Search the course").fill("zzyzx")
        look.page.get_by_text("Nothing here").wait_for()
        nothing = look.page.locator(".hits").inner_text()
        look.page.get_by_label("Search the course").fill("bounding")
        look.page.locator(".hits a").first.wait_for()
        look.page.keyboard.press("Enter")
        look.page.wait_for_url("**/other.html#Defend")
        return hits, nothing, look.page.url, look.asked
