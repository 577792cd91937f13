"""What a bucket of tokens grants, against one that is filled and emptied call by call."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from course_lib.models.token_bucket import granted

CALLS, HOLDS = 150_000, 20.0
SCATTER = 0.6 / np.sqrt(CALLS)  # deviation of the share that is granted, of twenty runs, times the root of c


def simulated(budget: float, wanted: float, meanwhile: int) -> float:
    """Share of copies that are made; calls come at random, copies are wanted after so many calls' mean time."""
    random = np.random.default_rng(7)
    times, wants = np.cumsum(random.exponential(size=CALLS)), random.random(CALLS) < wanted
    tokens, made, asked = HOLDS, 0, 0
    waiting: deque[float] = deque()
    for now, copy in zip(times.tolist(), wants.tolist(), strict=True):
        while waiting and waiting[0] <= now:
            waiting.popleft()
            asked += 1
            if tokens >= 1.0:
                tokens -= 1.0
                made += 1
        tokens = min(tokens + budget, HOLDS)
        if copy:
            waiting.append(now + meanwhile)
    return made / asked


@pytest.mark.parametrize("meanwhile", [0, 5, 60, 200])
@pytest.mark.parametrize(
    ("budget", "times"), [(0.05, 1.0), (0.1, 0.9), (0.2, 1.0), (0.2, 1.1), (0.5, 1.0), (0.8, 1.03)]
)
def test_grants_as_a_bucket_does(budget, times, meanwhile):
    """Within 0.8 %, and twice the deviation of so many calls."""
    wanted = budget * times
    seen = granted(np.array(budget), np.array(wanted), np.array(float(meanwhile)))
    assert seen == pytest.approx(simulated(budget, wanted, meanwhile), abs=0.008 + 2 * SCATTER / np.sqrt(wanted))


@pytest.mark.filterwarnings("error")
def test_it_is_a_share_for_any_numbers():
    budget, wanted = np.meshgrid([0.0, 1e-9, 0.05, 0.5, 0.99], [0.0, 1e-12, 0.01, 0.5, 1.0])
    for meanwhile in (0.0, 1.0, 1e9):
        share = granted(budget, wanted, np.array(meanwhile))
        assert ((share >= 0) & (share <= 1)).all()
        enough = budget > 2 * wanted + 0.1
        np.testing.assert_allclose(share[enough & (meanwhile < 9)], 1.0, atol=0.001)
        assert (share[(budget == 0) & (wanted > 0.001)] < 1e-6).all()
