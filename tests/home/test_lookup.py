"""The symptom index on the start page and in the terminal."""

import re

import pytest
import tiny_course

from course_lib import manifest, symptoms
from course_lib.home import lookup

COURSE = manifest.load()


def test_an_answer_links_the_lesson_and_what_it_may_be_instead():
    first = lookup.answer(COURSE, "p99 high on one shard only").splitlines()[0]
    assert "→ [04 Hot partitions](notebooks/04_hot_partition.ipynb)." in first
    assert "Or [gray failures and tail latency (10)](notebooks/10_gray_failure.ipynb)?" in first
    assert "[DNS outages (06)]" in lookup.answer(COURSE, "it worked until I restarted the app")
    assert lookup.answer(COURSE, "banana bread").startswith("Nothing in the index fits")


def test_the_index_has_each_entry_once_and_its_links_lead_to_lessons():
    text = lookup.index(COURSE)
    assert text.count("\n- ") == len(symptoms.read())
    assert text.count("<details>") == text.count("</details>") == 3
    for link in re.findall(r"\]\((.*?)\)", text):
        assert (COURSE.root / link).is_file()


def test_the_terminal_gets_what_fits_or_all():
    some = list(lookup.lines(COURSE, "hot key"))
    assert "work/notebooks/04_hot_partition.ipynb" in some[1] and "(what a metric does)" in "".join(some)
    assert len(list(lookup.lines(COURSE, ""))) == 3 + 3 * len(symptoms.read())
    assert list(lookup.lines(COURSE, "banana bread")) == [lookup.answer(COURSE, "banana bread")]


def test_a_course_with_other_modules_has_an_index_without_entries(tmp_path):
    course = tiny_course.make(tmp_path / "other")
    assert symptoms.load(course) == ()
    assert lookup.answer(course, "dns").startswith("Nothing in the index fits")
    with pytest.raises(symptoms.SymptomError):
        lookup.answer(course, "")
