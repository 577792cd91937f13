"""The instructor's pages are fresh, whole, and right where they say what happens."""

import re

import pytest

from course_lib import manifest
from course_lib.models import metastable_failure
from course_lib.models.schedule import Schedule
from course_lib.teaching import figures, pages

COURSE = manifest.load()
MODULES = pytest.mark.parametrize("module", COURSE.built, ids=lambda module: module.slug)
PANEL = re.compile(r"The panel, with seed .*?(?=The challenges)", re.S)


def written(module):
    return pages.path(module).read_text(encoding="utf-8")


@MODULES
def test_a_page_is_fresh_but_for_what_the_panel_shows(module):
    assert PANEL.search(written(module))
    assert PANEL.sub("", written(module)) == pages.page(module, panel=False), "run python -m course_lib.teaching.pages"


@pytest.mark.weekly
@MODULES
def test_what_the_panel_shows_is_fresh_too(module):
    assert written(module) == pages.page(module)


def test_what_one_panel_shows_is_fresh():
    module = COURSE.module("gray_failure")
    assert "\n".join(pages._readouts(module)) in written(module)


def test_a_page_that_says_something_else_is_seen(monkeypatch):
    module = COURSE.module("hot_partition")
    monkeypatch.setattr(figures, "of", lambda slug, real=figures.of: real(slug) | {"limit": 21.0})
    assert PANEL.sub("", written(module)) != pages.page(module, panel=False)


def test_there_is_a_page_for_each_module_and_no_other():
    assert {path.name for path in (COURSE.root / pages.FOLDER).iterdir()} == {f"{m.name}.md" for m in COURSE.built}
    assert set(pages.notes()) == {module.slug for module in COURSE.built}


@pytest.mark.parametrize("minutes", pages.PLANS)
def test_a_plan_takes_as_long_as_it_says(minutes):
    assert sum(each for each, _, _ in pages.PLANS[minutes]) == minutes


@MODULES
def test_a_plan_asks_the_peer_question_behind_its_station(module):
    told = pages.page(module, panel=False)
    for minutes, rows in pages.PLANS.items():
        part = told.partition(f"## {minutes} minutes")[2].partition("\n## ")[0]
        stations = re.findall(r"^\| \d+ \| (.+?) \|", part, re.M)
        assert len(stations) == len(rows)
        assert pages.notes()[module.slug].peer.after in stations[stations.index(pages.PEER) - 1]


@MODULES
def test_a_peer_question_has_four_answers_and_each_a_reason(module):
    told = pages.page(module, panel=False).partition("## Peer question")[2].partition("## The prediction")[0]
    rows = re.findall(r"^\| ([A-D]) \| (.+?) \| (.+?) \|$", told, re.M)
    assert [letter for letter, _, _ in rows] == list("ABCD")
    assert len({answer for _, answer, _ in rows}) == 4 and all(len(why) > 10 for _, _, why in rows)
    assert [letter for letter, answer, _ in rows if answer.startswith("**")] == [pages.notes()[module.slug].peer.right]


@MODULES
def test_links_of_a_page_lead_somewhere_and_each_task_has_likely_bugs(module):
    text = written(module)
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (pages.path(module).parent / link).resolve().is_file(), link
    for task in [*module.lesson_points, *module.lab_points]:
        assert re.search(rf"^- `{task}`: \w+", text, re.M), task


@pytest.mark.parametrize(("let_in", "failing"), [(900.0, True), (700.0, False)])
def test_the_question_of_09_is_answered_by_the_model(let_in, failing):
    day = metastable_failure.Parameters(arrival_rate=Schedule(1800.0, ((120.0, let_in),)), trigger_start=20.0)
    run = metastable_failure.simulate(day, figures.SEED, until=240)
    errors = run["error_ratio"][run.time > 200].mean()
    assert errors > 0.9 if failing else errors < 0.1
