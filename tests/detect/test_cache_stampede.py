"""Module 02's rules: recomputes per key tell a stampede from a busted cache, the origin's wait does not."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.detect import first_alarm
from course_lib.detect.cache_stampede import ORIGIN_WAIT, RECOMPUTES_PER_KEY
from course_lib.models.cache_stampede import Parameters, simulate
from course_lib.models.schedule import Schedule

SEEDS = np.arange(8)


def run(seeds=SEEDS, **change):
    return simulate(Parameters(**change), seeds, until=180)


def test_both_fire_on_a_stampede():
    naive = run()
    assert np.median(first_alarm(RECOMPUTES_PER_KEY, naive)) == pytest.approx(70, abs=1)
    assert float(first_alarm(RECOMPUTES_PER_KEY, run(7))) == 70
    assert (first_alarm(ORIGIN_WAIT, naive) < 80).all()


def test_the_origins_wait_takes_cache_busting_for_a_stampede_and_the_key_does_not():
    busted = run(coalescing="fleet", trigger="none", background_rate=Schedule(10, ((60, 510),)))
    assert (first_alarm(ORIGIN_WAIT, busted) < 80).all()
    assert np.isnan(first_alarm(RECOMPUTES_PER_KEY, busted)).all()
    late = busted.time > 120  # and the lock does not help
    assert (busted["goodput"][late].sum(axis=0) < 0.01 * busted["offered_rate"][late].sum(axis=0)).all()


def test_both_are_silent_on_a_quiet_day():
    quiet = run(trigger="none")
    for rule in (RECOMPUTES_PER_KEY, ORIGIN_WAIT):
        assert np.isnan(first_alarm(rule, quiet)).all()
