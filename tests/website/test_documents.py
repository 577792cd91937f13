"""The pages beside lessons and labs: gathered from what stands elsewhere, each thing once, each link to a page."""

import re

import pytest
import tiny_course

from course_lib import detect, manifest, symptoms
from course_lib.runbooks import page as runbooks
from course_lib.website import build, documents

COURSE = manifest.load()


@pytest.fixture(scope="module")
def pages():
    return {name: build._document(name, title, text(COURSE)) for name, title, text in build.DOCUMENTS}


def test_each_link_leads_to_a_page_of_the_site_and_no_anchor_stands_twice(pages):
    there = {f"{module.name}{part}.html" for module in COURSE.built for part in ("", "_lab")}
    for name, page in pages.items():
        links = set(re.findall(r'<a href="([^"#]+)', page.content.html))
        assert links and links <= there, name
        anchors = re.findall(r' id="([^"]+)"', page.content.html)
        assert len(anchors) == len(set(anchors)), name


def test_each_symptom_rule_and_runbook_is_there(pages):
    shown = {name: re.sub(r"<[^>]+>|&[a-z]+;", " ", page.content.html) for name, page in pages.items()}
    for entry in symptoms.load(COURSE):
        assert entry.apart.split("'")[0][:40] in shown["symptoms.html"]
    for module in COURSE.built:
        assert module.symptom.split("'")[0] in shown["twelve.html"]
        first = detect.table(module.slug).rules["first"].says
        assert first.split(">")[0].split("'")[0][1:30] in shown["twelve.html"]
    assert [text for _, text in pages["runbooks.html"].content.headings] == [
        runbooks.load(module.slug).title for module in COURSE.built if module.slug in runbooks.names()
    ]
    assert "amplification" in shown["glossary.html"] and "glossary.toml" not in shown["glossary.html"]


def test_a_cell_names_its_column_for_those_who_see_no_heads(pages):
    shown = pages["symptoms.html"].content.html
    for head, cell in zip(("Lesson", "Taken for"), ("01 Retry storms", "growth"), strict=True):
        assert re.search(rf'<td data-head="{head}">(<a [^>]*>)?{cell}', shown)


def test_a_course_without_rules_and_runbooks_has_the_pages_all_the_same(tmp_path):
    course = tiny_course.make(tmp_path / "c")
    assert "Numbers are half of what they should be." in documents.side_by_side(course)
    assert all(text(course).startswith("# ") for _, _, text in build.DOCUMENTS)
