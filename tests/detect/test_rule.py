"""Alert rules over traces made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.detect import Rule, firing, first_alarm


class Made(dict):
    """A trace of one signal at 1 s."""

    def __init__(self, values):
        super().__init__(load=np.asarray(values, dtype=float))
        self.time = np.arange(1.0, len(values) + 1)


def rule(**changes):
    return Rule(**(dict(signal="load", above=1.0, window=1.0, hold=3.0, says="") | changes))


def test_fires_once_the_condition_has_held_and_stops_with_it():
    load = [0, 2, 2, 0, 2, 2, 2, 2, 0]
    assert firing(rule(), Made(load)).tolist() == [False] * 6 + [True, True, False]
    assert first_alarm(rule(), Made(load)) == 7.0


def test_the_threshold_itself_does_not_fire():
    assert np.isnan(first_alarm(rule(hold=0), Made([1.0, 1.0])))
    assert first_alarm(rule(hold=0), Made([1.0, 1.001])) == 2.0


def test_a_window_averages_before_it_compares():
    assert firing(rule(window=2.0, hold=0), Made([3, 0, 0, 3])).tolist() == [True, True, False, True]


def test_each_member_of_a_batch_has_its_own_alarm():
    assert first_alarm(rule(hold=0), Made(np.array([[0, 2], [2, 0]]))).tolist() == [2.0, 1.0]


def test_bad_rules_and_signals_are_told():
    with pytest.raises(ValueError, match="window must be positive"):
        rule(window=0)
    with pytest.raises(KeyError):
        first_alarm(rule(signal="speed"), Made([1]))
