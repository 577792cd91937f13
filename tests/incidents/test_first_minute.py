"""From the page to the first action within a minute, by the model of `first_minute`; nobody was timed.

That the words and presses are those of the page is in tests/browser/test_drill.py.
"""

import pytest

from course_lib.incidents import scenario as scenarios
from course_lib.incidents.session import Session
from course_lib.incidents.world import World
from tests.incidents import first_minute

MINUTE = 60
WEEKLY = [pytest.param(seed, marks=pytest.mark.weekly) for seed in range(10, 40)]


@pytest.mark.parametrize("seed", [2, *WEEKLY])  # at 2, cascading_failure begins with two pages and a ticket
@pytest.mark.parametrize("name", scenarios.names())
def test_a_newcomer_who_reads_every_word_acts_within_a_minute(name, seed):
    way = first_minute.way(Session(World(scenarios.load(name), seed)))
    assert all(way["texts"].values()) and first_minute.seconds(way) < MINUTE


def test_the_model_adds_up():
    """Twelve words twice, of which one is read, and ten more; six presses by mouse, and the cell's two keys."""
    way = {"texts": {"first": ["word " * 12] * 2, "risk": ["· in ten words " * 3, "so"]}, "presses": 6}
    assert first_minute.words(way) == 12 + 9 + 1
    assert first_minute.seconds(way) == pytest.approx(22 * 60 / 238 + 1.35 + 0.56 + 0.4 + 6 * 1.38 + 5 * 1.35)
