"""What lesson 01 says of module 01's rules, beyond what every table promises."""

from __future__ import annotations

import numpy as np

from course_lib import detect

TABLE = detect.table("retry_storm")


def test_ratio_and_level_fire_a_minute_into_the_storm():
    storm = TABLE.run("incident", np.arange(8))
    for name in ("first", "false_reading"):
        assert (detect.first_alarm(TABLE.rules[name], storm) < 130).all()
