"""Failures to be named: four lines, four names, one right, and the lines tell it."""

import numpy as np
import pytest

from course_lib import detect, manifest
from course_lib.recall import naming, naming_chart
from course_lib.view import style

COURSE = manifest.load()
SLUGS = [module.slug for module in COURSE.built]


@pytest.mark.parametrize("slug", SLUGS)
def test_four_lines_and_four_names_of_which_one_is_right(slug):
    for turn, right in ((0, COURSE.module(slug).title), (2, f"An attack: {detect.table(slug).names['twin']}")):
        asked = naming.question(COURSE, slug, turn)
        assert len(asked.lines) == len(set(asked.choices)) == 4
        assert asked.choices[asked.right] == right and right in asked.why
        assert all(line.values.shape == asked.time.shape for line in asked.lines)


@pytest.mark.parametrize("slug", SLUGS)
def test_what_tells_the_incident_and_the_twin_is_among_the_lines(slug):
    rules = detect.table(slug).rules
    assert {rules["first"].signal, rules["twin"].signal} <= set(naming.signals(slug))


@pytest.mark.parametrize("slug", SLUGS)
def test_incident_and_twin_do_not_look_alike(slug):
    """Over seeds, one of the four lines of the incident leaves what that line does on the day of the twin, and back."""
    days = {day: [detect.table(slug).run(day, seed) for seed in (1000, 1001)] for day in ("incident", "twin")}
    assert any(apart(days["incident"], days["twin"], name) for name in naming.signals(slug))
    assert not any(apart(days["twin"], days["twin"][::-1], name) for name in naming.signals(slug))


def apart(some, others, name):
    """Whether the extremes of a signal differ between two days by a twelfth or so, in each pair of runs."""

    def ends(run):
        return np.array([np.nanmin(run[name]), np.nanmax(run[name])])

    gaps = [
        np.abs(ends(one) - ends(two)) / (1e-12 + np.abs(ends(one)) + np.abs(ends(two)))
        for one in some
        for two in others
    ]
    return bool(np.max(np.min(gaps, axis=0)) > 0.04)


def test_each_turn_draws_anew_and_the_same_turn_the_same():
    first, again, other = (naming.question(COURSE, "retry_storm", turn) for turn in (0, 0, 1))
    assert first.choices == again.choices and np.array_equal(first.lines[0].values, again.lines[0].values)
    assert not np.array_equal(first.lines[2].values, other.lines[2].values)


def test_the_right_name_stands_in_each_place_and_most_others_are_what_it_is_taken_for():
    asked = [naming.question(COURSE, "split_brain", turn) for turn in range(12)]
    assert {one.right for one in asked} == {0, 1, 2, 3}


def test_the_charts_are_drawn_with_words_for_those_who_hear_them():
    chart = naming_chart.drawn(naming.question(COURSE, "repeat_incident", 0))
    assert not any(style.invalid(spec) for spec in chart.specs)
    assert chart.description.startswith("Four charts of one failure. requests that incidents fail: begins at 0")
    assert "days" in chart.description


def test_sparks_leave_out_what_is_not_known():
    assert naming.sparks([np.nan, np.nan, 1.0, 4.0], width=4) == "  ▃█"
    assert naming.sparks([3.0, 3.0], width=2) == "██" and naming.sparks([0.0, 0.0], width=2) == "▁▁"
