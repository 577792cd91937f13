"""What lesson 02 says of module 02's rules, beyond what every table promises."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import detect

TABLE = detect.table("cache_stampede")


def test_the_first_signal_fires_ten_seconds_into_the_trigger():
    when = detect.first_alarm(TABLE.rules["first"], TABLE.run("incident", np.arange(8)))
    assert np.median(when) == pytest.approx(70, abs=1)
    assert float(detect.first_alarm(TABLE.rules["first"], TABLE.run("incident", 7))) == pytest.approx(70, abs=1)


def test_a_lock_does_not_help_against_cache_busting():
    busted = TABLE.run("twin", np.arange(4))
    late = busted.time > 120
    assert (busted["goodput"][late].sum(axis=0) < 0.01 * busted["offered_rate"][late].sum(axis=0)).all()
