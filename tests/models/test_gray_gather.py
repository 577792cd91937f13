"""How slow hosts' calls gather, against places followed one by one."""

from __future__ import annotations

import types

import numpy as np
import pytest

from course_lib.models.gray_gather import SPAN, Gathering, _renewals

SLOW, FAST, LASTS, SPREAD, PATIENCE, STEP = 0.2, 0.05, 1.0, 0.5, 5.0, 2.0
LAW = (SLOW, FAST, LASTS, SPREAD, PATIENCE)


def places(number, calls, seed=10):
    """When each call of a place is over that was free at 0, and whether it was slow: rows of places."""
    draw = np.random.default_rng(seed)
    slow = draw.random((number, calls)) < SLOW
    took = np.where(slow, np.minimum(LASTS * np.exp(SPREAD * draw.standard_normal(slow.shape)), PATIENCE), FAST)
    return np.cumsum(took, axis=1), slow


def test_a_free_place_draws_what_renewals_say():
    """In the first ticks, and none beyond the balance in the end."""
    over, _ = places(8_000, 120)
    begins = over - np.diff(over, axis=1, prepend=0.0)
    beyond, mean = _renewals(LAW, STEP)
    for tick in range(4):
        drawn = ((begins >= STEP * tick) & (begins < STEP * (tick + 1))).sum() / len(over)
        assert beyond[tick] == pytest.approx(drawn - STEP / mean, abs=0.04 * STEP / mean), tick
    assert mean == pytest.approx(SLOW * LASTS * np.exp(SPREAD**2 / 2) + (1 - SLOW) * FAST, rel=2e-3)
    assert len(beyond) == SPAN and abs(beyond[20:]).max() < 1e-3


def test_good_calls_come_in_trains():
    """Of a place's calls, how many are good by a time: five times as uneven as if by chance."""
    over, slow = places(3_000, 400)
    good = ((over < 50.0) & ~slow).sum(axis=1)
    laws = types.SimpleNamespace(batch=types.SimpleNamespace(size=1))
    gathering = Gathering(laws, STEP, 1)
    gathering.law, gathering.lasting = np.array(LAW)[:, None], np.array([True])
    assert gathering.trains()[0] == pytest.approx(good.var() / good.mean(), rel=0.1)
    gathering.lasting = np.array([False])
    assert gathering.trains()[0] == 1.0
