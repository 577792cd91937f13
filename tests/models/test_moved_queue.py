"""What a queue holds that begins to grow, against the exact law of M/M/1: jump by jump, their number Poisson."""

from __future__ import annotations

import math

import numpy as np
import pytest

from course_lib.models.moved_queue import MOMENTS, UNTIL, WEIGHTS, beyond, empty, first_of, total
from course_lib.models.one_or_many import Many, One

TICK, STATES = 0.5, 500


def exact(rest: float, arrivals: float, able: float, deadline: float, seconds: float) -> tuple[float, float]:
    """Chance to be empty, and to be in time, so long after a queue at rest got other rates, in attempts/s."""
    law = (1 - rest) * rest ** np.arange(STATES)
    jumps, passed = (arrivals + able) * seconds, np.zeros(STATES)
    up = arrivals / (arrivals + able)
    for k in range(math.ceil(jumps + 8 * math.sqrt(jumps) + 12)):
        passed += law * math.exp(k * math.log(jumps) - jumps - math.lgamma(k + 1))
        after = np.zeros(STATES)
        after[1:] += up * law[:-1]
        after[-1] += up * law[-1]
        after[:-1] += (1 - up) * law[1:]
        after[0] += (1 - up) * law[0]
        law = after
    done = able * deadline
    counts = np.arange(STATES)
    late = np.cumsum(np.exp(counts * math.log(done) - done - [math.lgamma(k + 1) for k in counts]))
    return passed[0], float(passed @ (1 - np.minimum(late, 1)))


DAYS = [(110.0, 100.0), (130.0, 100.0), (180.0, 100.0), (96.0, 100.0), (100.0, 100.0), (90.0, 50.0), (60.0, 30.0)]


@pytest.mark.parametrize("rest", [0.5, 0.8, 0.9, 0.95])
@pytest.mark.parametrize(("arrivals", "able"), DAYS)
def test_is_empty_and_in_time_as_the_exact_law_says(rest, arrivals, able):
    """At any moment of the first half second, and a second and a half later: empty 5 %, in time 4 %, or 0.001."""
    first = first_of(One, rest / (1 - rest))
    for seconds in (*(TICK * at for at in MOMENTS), 2.0):
        moved, spread = (arrivals - able) * seconds, (arrivals + able) * seconds
        for deadline in (0.05, 0.1, 0.3):
            none, good = exact(rest, arrivals, able, deadline, seconds)
            done = able * deadline
            assert empty(One, moved, spread, first) == pytest.approx(none, rel=0.05, abs=0.001)
            late = beyond(One, done, done, moved, spread, first, 2 * moved / spread)
            assert 1 - late == pytest.approx(good, rel=0.04, abs=0.001)


def test_a_law_that_has_not_moved_is_the_geometric_one():
    for queue in (0.2, 1.0, 9.0, 400.0):
        first = first_of(One, queue)
        assert empty(One, 0.0, 1e-9, first) == pytest.approx(1 / (1 + queue), rel=1e-4)
        rest = queue / (1 + queue)
        assert beyond(One, 5.0, 0.0, 0.0, 1e-9, first, 0.0) == pytest.approx(rest**5, rel=1e-4)


def test_moments_of_a_tick_add_up_what_goes_as_its_root():
    """Exactly, powers of the root of time up to the fifth: in the whole tick, and until each of the moments."""
    for power in range(5):
        values = [at ** (power / 2) for at in MOMENTS]
        assert total(WEIGHTS, values) == pytest.approx(1 / (1 + power / 2), rel=1e-12)
        for at, until in zip(MOMENTS, UNTIL, strict=True):
            assert total(until, values) == pytest.approx(at ** (1 + power / 2) / (1 + power / 2), rel=1e-9)


@pytest.mark.filterwarnings("error")
def test_it_is_a_chance_wherever_numbers_are():
    rng = np.random.default_rng(3)
    within, noise, spread, first = 10.0 ** rng.uniform(-6, 7, (4, 20_000))
    moved = rng.choice([-1.0, 1.0], 20_000) * np.minimum(10.0 ** rng.uniform(-6, 7, 20_000), spread)
    late = beyond(Many, within, noise, moved, spread, first, 2 * moved / spread)
    assert ((late >= 0) & (late <= 1)).all()
    one = [beyond(One, *map(float, each)) for each in
           zip(within, noise, moved, spread, first, 2 * moved / spread, strict=True)]  # fmt: skip
    np.testing.assert_array_equal(one, late)
