"""From the page to the first action within a minute, by the model of `first_minute`; nobody was timed.

That the words and presses are those of the page is in tests/browser/test_drill.py.
"""

import pytest

from course_lib.incidents import scenario as scenarios
from course_lib.incidents.session import Session
from course_lib.incidents.world import World
from tests.incidents import first_minute

MINUTE = 60
EVERY_WORD = 120
"""Seconds for whoever reads all there is, small print and whole lists: not what is asked for, but it may not grow."""


@pytest.mark.parametrize("name", scenarios.names())
def test_a_newcomer_acts_within_a_minute(name):
    way = first_minute.way(Session(World(scenarios.load(name), 7)))
    assert 30 < first_minute.seconds(way) <= MINUTE
    assert first_minute.at_most(way) <= EVERY_WORD


def test_the_model_adds_up():
    """One page to acknowledge, two sentences of twelve words, lists of two, and a choice of four words in each."""
    lists = {name: ["one two three four", "five six seven eight"] for name in first_minute.LISTS}
    texts = {"first": ["word " * 12] * 2, "guides": ["another " * 12], "form": [], "small": ["18:04 · a"] * 3}
    way = {**texts, **lists, "risks": ["· in ten words " * 3], "presses": 8}
    assert first_minute.seconds(way) == pytest.approx((24 + 16 + 9) * 60 / 238 + 7 * 0.23 + 8 * 1.38 + 6 * 1.35)
    assert first_minute.at_most(way) == pytest.approx((24 + 8 + 2 + 9) * 60 / 238 + 8 * 1.38 + 6 * 1.35)
