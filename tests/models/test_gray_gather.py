"""How slow hosts' calls gather, against places followed one by one."""

from __future__ import annotations

import types

import numpy as np
import pytest

from course_lib.models.gray_gather import Gathering

SLOW, FAST, LASTS, SPREAD, PATIENCE, STEP = 0.2, 0.05, 1.0, 0.5, 5.0, 2.0
LAW = (SLOW, FAST, LASTS, SPREAD, PATIENCE)


def places(number, calls, seed=10):
    """When each call of a place is over that was free at 0, and whether it was slow: rows of places."""
    draw = np.random.default_rng(seed)
    slow = draw.random((number, calls)) < SLOW
    took = np.where(slow, np.minimum(LASTS * np.exp(SPREAD * draw.standard_normal(slow.shape)), PATIENCE), FAST)
    return np.cumsum(took, axis=1), slow


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


def test_who_goes_out_of_rotation_leaves_the_others_as_full_as_they_are():
    gathering = Gathering(types.SimpleNamespace(batch=types.SimpleNamespace(size=1)), STEP, 4)
    gathering.held, gathering.most = np.full((2, 32, 1), 6.0), np.array([8.0])
    gathering.leave(np.array([0.5]))
    assert (gathering.held / gathering.most == 0.75).all() and gathering.most == 4.0
