"""Recovery is decided once: after the trigger, for good measure, and never before the trigger has ended."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.models.recovery import recovered, trigger_events


def curves(well, step, per_second=100.0):
    """Cumulative good and whole of a member that does well in these seconds."""
    rows = np.repeat(np.asarray(well, dtype=float), round(1 / step))
    whole = np.full(len(rows), per_second * step)
    return tuple(np.concatenate([[0.0], np.cumsum(x)])[:, None] for x in (whole * rows, whole))


@pytest.mark.parametrize("step", [0.1, 0.5, 1.0])
def test_the_first_second_after_the_trigger_that_lasts(step):
    well = [1] * 10 + [0] * 10 + [1] * 3 + [0] + [1] * 6
    good, whole = curves(well, step)
    when = lambda ends, **change: recovered(  # noqa: E731
        good, whole, np.array([ends]), step=step, **(dict(share=0.95, seconds=5.0) | change)
    )[0]
    assert when(15.0) == 24.0 and when(15.0, seconds=3.0) == 20.0 and when(24.3) == 24.3
    assert np.isnan(when(26.0)) and np.isnan(when(np.nan)) and np.isnan(when(1e9)) and np.isnan(when(15.0, seconds=7.0))


def test_a_healthy_run_has_recovered_when_the_trigger_ends_and_not_before():
    good, whole = curves([1] * 60, 0.1)
    events = trigger_events(np.array([10.0]), np.array([31.7]), good, whole, step=0.1, share=0.99, seconds=5.0)
    assert {name: value.tolist() for name, value in events.items()} == {
        "trigger_starts": [10.0], "trigger_ends": [31.7], "recovered": [31.7],
    }  # fmt: skip
    events = trigger_events(np.array([70.0]), np.array([90.0]), good, whole, step=0.1, share=0.99, seconds=5.0)
    assert all(np.isnan(value).all() for value in events.values())


def test_ticks_longer_than_a_second_and_runs_shorter_than_one():
    whole = np.arange(0.0, 400.0, 10.0)[:, None]
    assert recovered(whole, whole, np.array([95.0]), step=10.0, share=0.9, seconds=5.0) == 95.0
    assert np.isnan(recovered(whole[:1], whole[:1], np.array([0.0]), step=10.0, share=0.9, seconds=5.0)).all()
