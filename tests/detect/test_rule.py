"""Alert rules over traces made by hand."""

from __future__ import annotations

import time

import numpy as np
import pytest

from course_lib.detect import Rule, firing, first_alarm, read, told


class Made(dict):
    """A trace at 1 s, of one signal or several."""

    def __init__(self, values=None, **signals):
        super().__init__({name: np.asarray(v, dtype=float) for name, v in {"load": values, **signals}.items()})
        self.time = np.arange(1.0, len(self["load"]) + 1)


def rule(**changes):
    above = {} if "below" in changes else {"above": 1.0}
    return Rule(**(dict(signal="load", window=1.0, hold=3.0, says="") | above | changes))


def test_fires_once_the_condition_has_held_and_stops_with_it():
    load = [0, 2, 2, 0, 2, 2, 2, 2, 0]
    assert firing(rule(), Made(load)).tolist() == [False] * 6 + [True, True, False]
    assert first_alarm(rule(), Made(load)) == 7.0
    assert (told(rule(), Made(load)), told(rule(above=9.0), Made(load))) == ("pages at 7 s", "silent")


def test_a_page_stays_up_for_as_long_as_it_is_kept_and_no_longer():
    assert firing(rule(hold=0, keep=2.0), Made([0, 2, 0, 0, 0, 2])).tolist() == [False, True, True, True, False, True]


def test_the_threshold_itself_does_not_fire():
    assert np.isnan(first_alarm(rule(hold=0), Made([1.0, 1.0])))
    assert first_alarm(rule(hold=0), Made([1.0, 1.001])) == 2.0
    assert first_alarm(rule(hold=0, below=1.0), Made([1.0, 0.999])) == 2.0


def test_a_window_averages_before_it_compares_and_a_gap_counts_for_nothing():
    assert firing(rule(window=2.0, hold=0), Made([3, 0, 0, 3])).tolist() == [True, True, False, True]
    assert read(rule(window=2.0), Made([3, np.nan, np.nan, 1])).tolist()[:2] == [3.0, 3.0]
    assert not firing(rule(hold=0, below=9.0), Made([np.nan, np.nan])).any()


def test_each_member_of_a_batch_has_its_own_alarm():
    assert first_alarm(rule(hold=0), Made(np.array([[0, 2], [2, 0]]))).tolist() == [2.0, 1.0]


def test_a_ratio_needs_something_to_be_divided_by_and_a_floor_something_to_look_at():
    made = Made([4, 4, 4], asked=[0, 1, 5])
    assert firing(rule(hold=0, per="asked"), made).tolist() == [False, True, False]
    assert not firing(rule(hold=0, per="asked", floor=("asked", 2.0)), made).any()


def test_a_baseline_is_known_once_it_is_over():
    made = Made([2, 2, 9, 3, 5])
    assert firing(rule(above=2.0, hold=0, baseline=(0.0, 2.0)), made).tolist() == [False, False, True, False, True]
    assert not firing(rule(hold=0, baseline=(90.0, 99.0)), made).any()


def test_change_and_time_to_full():
    made = Made([0, 1, 3, 3, 2])
    assert read(rule(reading="change"), made).tolist()[1:] == [1.0, 2.0, 0.0, -1.0]
    left = read(rule(reading="time to full", full=11.0, below=5.0), made)
    assert left.tolist()[1:] == [10.0, 4.0, np.inf, np.inf]
    assert first_alarm(rule(reading="time to full", full=11.0, below=5.0, hold=0), made) == 3.0


def test_rules_combine():
    made = Made([2, 2, 2, 0], other=[0, 2, 2, 2], third=[0, 0, 2, 0])
    other, third = rule(signal="other", hold=0), rule(signal="third", hold=0)
    assert firing(rule(hold=0, both=(other,)), made).tolist() == [False, True, True, False]
    assert firing(rule(hold=0, either=(other,)), made).tolist() == [True] * 4
    assert firing(rule(hold=0, both=(other,), unless=(third,)), made).tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(window=0), "window = 0 s: must be positive"),
        (dict(hold=-1), "hold = -1 s: must be 0 or more"),
        (dict(keep=np.inf), "keep = inf s: must be 0 or more"),
        (dict(above=np.nan), "give one finite threshold"),
        (dict(above=1.0, below=2.0), "give one finite threshold"),
        (dict(reading="speed"), "reading = 'speed': must be one of level, change, time to full"),
        (dict(reading="time to full"), "a time to full needs full"),
        (dict(full=3.0), "a time to full needs full"),
        (dict(baseline=(9.0, 3.0)), "baseline = (9.0, 3.0): must be two times, the earlier first"),
        (dict(baseline=(0.0, 3.0), reading="change"), "a baseline belongs to a level"),
        (dict(ago=(0.0, 3.0)), "ago = (0.0, 3.0): must be how long ago, and over how long, both positive"),
        (dict(ago=(9.0, 3.0), baseline=(0.0, 3.0)), "give a baseline or ago, not both"),
        (dict(per="load"), "a signal divided by itself is 1"),
    ],
)
def test_bad_rules_are_told_in_one_line(change, message):
    with pytest.raises(ValueError) as error:
        Rule(**(dict(signal="load", above=1.0, says="") | change))
    assert (
        str(error.value).startswith("rule on load: ") and message in str(error.value) and "\n" not in str(error.value)
    )


def test_an_unknown_signal_is_told():
    with pytest.raises(KeyError):
        first_alarm(rule(signal="speed"), Made([1]))


def test_two_hundred_traces_and_a_dozen_rules_take_well_under_two_seconds():
    made = Made(np.random.default_rng(1).random((600, 200)))
    begun = time.process_time()
    for threshold in np.linspace(0.1, 0.9, 12):
        first_alarm(rule(above=threshold, window=10.0, keep=5.0), made)
    assert time.process_time() - begun < 2.0


def members(*rows: list[float]) -> Made:
    """A trace whose load has members on its second axis, a column each."""
    return Made(np.array(rows, dtype=float).T)


def test_peers_are_compared_with_their_median_and_one_that_lasts_is_enough():
    made = members([1, 1, 1, 1], [1, 1, 1, 1], [1, 9, 9, 9], [1, 1, np.nan, 1], [2, 2, 2, 2])
    apart = rule(peers=True, above=5.0, hold=2.0)
    assert read(apart, made).tolist() == [1.0, 8.0, 7.5, 8.0]  # the median of four is between two of them
    assert firing(apart, made).tolist() == [False, False, True, True]
    takes_turns = members([9, 1, 9, 1], [1, 9, 1, 9], [1, 1, 1, 1])
    assert firing(rule(peers=True, above=5.0, hold=0.0), takes_turns).all()
    assert not firing(apart, takes_turns).any()  # nobody for two steps on end


def test_peers_that_all_rise_are_no_news_and_below_looks_for_the_lowest():
    assert not firing(rule(peers=True, above=1.0, hold=0.0), members([1, 9], [1, 9], [1, 9])).any()
    assert read(rule(peers=True, below=-3.0), members([5, 5], [5, 1], [5, 5])).tolist() == [0.0, -4.0]


def test_peers_join_with_what_has_no_members():
    made = members([1, 1, 1], [1, 9, 9], [1, 1, 1])
    made["asked"] = np.array([0.0, 0.0, 5.0])
    assert firing(rule(peers=True, above=5.0, hold=0.0, floor=("asked", 2.0)), made).tolist() == [False, False, True]
    quiet = rule(signal="asked", below=1.0, hold=0.0)
    assert firing(rule(peers=True, above=5.0, hold=0.0, both=(quiet,)), made).tolist() == [False, True, False]


def test_what_it_was_some_time_ago_is_known_once_that_has_been():
    made = Made([2, 4, 3, 9, 12])
    week = rule(above=2.0, hold=0, ago=(2.0, 2.0))
    assert read(week, made).tolist()[3:] == [9 / 3, 12 / 3.5]
    assert np.isnan(read(week, made)[:3]).all()
    assert firing(week, made).tolist() == [False] * 3 + [True, True]
    assert not firing(rule(hold=0, ago=(90.0, 9.0)), made).any()
