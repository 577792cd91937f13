"""What module 04's checks lay out: evidence with traps, fleets of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.checks import hot_partition as checks

FEW = [seed * 7919 + 1 for seed in range(6)]


@pytest.mark.parametrize("seed", FEW)
def test_the_evidence_has_its_traps(seed):
    for place, (_, _, _, growth, busier) in enumerate(checks.SCENES):
        before, during, sample, homes, home, key, _ = checks._scene(seed, place)
        assert (during.mean(axis=0).argmax() != home) == busier
        assert during.sum() / during.shape[0] / (before.sum() / before.shape[0]) == pytest.approx(growth, rel=0.01)
        assert key in sample[homes == home]


@pytest.mark.parametrize("seed", FEW)
def test_the_fleets_reach_from_one_partition_to_very_many_and_beyond(seed):
    rate, share, capacity, target = fleets = checks._fleets(seed)
    count = np.ceil(np.where(share * rate < target * capacity, checks._fewest(*fleets), 0))
    assert (count == 1).any() and (count >= 100).any() and (count == 0).sum() >= 2 and count.max() <= 512
