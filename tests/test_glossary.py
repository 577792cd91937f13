"""Each key term of the lessons is defined once, and the page is fresh."""

import re

import pytest

from course_lib import glossary, manifest, notebook_file

COURSE = manifest.load()


def test_the_page_is_fresh():
    written = (COURSE.root / glossary.PAGE).read_text(encoding="utf-8")
    assert written == glossary.page(COURSE), "run python -m course_lib.glossary"


@pytest.mark.parametrize("module", COURSE.built, ids=lambda module: module.slug)
def test_each_lesson_names_key_terms(module):
    assert 5 <= len(glossary.key_terms(module)) <= 12


def asked_too_soon(station, number):
    """The key terms that a text uses before the lesson that teaches them, and lessons it names that come later."""
    first = {term: module.number for module in reversed(COURSE.built) for term in glossary.key_terms(module)}
    plain = {term: re.escape(term.partition(" (")[0]) for term in first}
    later = [term for term in first if first[term] > number and re.search(rf"\b{plain[term]}", station, re.I)]
    lessons = re.findall(r"\b(?:[Ll]essons? |and )(\d\d)\b", station)
    return later + [lesson for lesson in lessons if int(lesson) >= number]


@pytest.mark.parametrize("module", COURSE.built[1:], ids=lambda module: module.slug)
def test_recall_asks_for_what_was_taught_before(module):
    sources = [cell.source for cell in notebook_file.read(module.lesson).cells]
    assert asked_too_soon(next(text for text in sources if text.startswith("## Recall")), module.number) == []


def test_a_term_or_a_lesson_that_comes_later_is_seen():
    assert asked_too_soon("Which Hedged requests help? (Lessons 01 and 07.)", 6) == ["hedged request", "07"]


def test_a_term_that_is_not_defined_or_not_taught_is_named():
    known = glossary.definitions()
    with pytest.raises(glossary.GlossaryError, match=r"01_retry_storm.ipynb: the key term 'attempt' is not in"):
        glossary.page(COURSE, {term: text for term, text in known.items() if term != "attempt"})
    with pytest.raises(glossary.GlossaryError, match="no lesson names 'gossip'"):
        glossary.page(COURSE, known | {"gossip": "More than half."})


def test_each_meaning_is_one_sentence():
    for term, text in glossary.definitions().items():
        assert text.endswith(".") and ". " not in text, term


def twice(terms):
    """Terms that differ in capitals or in a plural alone."""
    plain = [term.lower().removesuffix("s") for term in terms]
    return sorted(term for term in set(plain) if plain.count(term) > 1)


def test_each_term_is_defined_once_whatever_its_capitals_or_number():
    assert twice(glossary.definitions()) == []
    assert twice([*glossary.definitions(), "Goodput", "leases"]) == ["goodput", "lease"]


def test_the_same_term_twice_in_the_file_is_refused(tmp_path, monkeypatch):
    text = glossary.DEFINITIONS.read_text(encoding="utf-8")
    (tmp_path / "glossary.toml").write_text(text + '"goodput" = "Again."\n', encoding="utf-8")
    monkeypatch.setattr(glossary, "DEFINITIONS", tmp_path / "glossary.toml")
    with pytest.raises(ValueError, match="overwrite a value"):
        glossary.definitions()
