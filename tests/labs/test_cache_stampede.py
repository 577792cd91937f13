"""The charts and tables of lab 02: they draw with answers blank and written, and say what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.labs import cache_stampede as charts
from course_lib.models.drills import stampede_drill
from course_lib.models.drills.stampede_drill import Parameters

NAIVE = Parameters()
LOCKED = NAIVE.replace(coalescing="fleet", lock_expiry=10.0)


def blank(*_):
    raise NotImplementedError("Task 1")


def right(rate, recompute_time, max_age, load):
    return max_age - 3.5 * recompute_time, 0, 2 * recompute_time, 3.5 * recompute_time


def test_the_lock_and_the_dead_holder_are_drawn_beside_the_stampede():
    ways = {"naive": NAIVE, "your lock": LOCKED, "holder dies": LOCKED.replace(crash_time=0.0)}
    shown = charts.compare(ways, 7, lock=stampede_drill.locking)
    table = shown.picture.data["run"]
    assert 900 < table["begun0"][-1] < 1100 and table["begun1"][-1] == 1 and table["begun2"][-1] == 2
    assert table["wait2"].max() == pytest.approx(11, abs=0.02)
    assert "your lock begins 1 and lets readers wait up to 1.0 s" in shown.description
    assert "title" not in shown.specs[0] and shown.png()[:4] == b"\x89PNG"


@pytest.mark.parametrize("unwritten", [blank, lambda *_: None, lambda *_: ...])
def test_a_blank_answer_is_left_out_and_named(unwritten):
    shown = charts.compare({"naive": NAIVE, "your lock": LOCKED}, 7, lock=unwritten)
    assert "begun1" not in shown.picture.data["run"]
    assert "Left out, your lock: lock is still blank." in shown.description
    assert "lock is still blank" in str(shown.specs[0]["title"])
    table = charts.prices({"naive": NAIVE, "lock": LOCKED}, 7, lock=unwritten).data
    assert table.iloc[1, 1] == "lock is still blank" and table.iloc[0, 1] != ""
    assert "still blank" in charts.three_days(unwritten, NAIVE, 40, 1 / 30, 7).data.iloc[0, 0]


def test_policies_that_a_setting_does_not_switch_on_may_be_blank():
    shown = charts.compare({"early": NAIVE.replace(beta=1.0)}, 7, lock=blank, serve=blank)
    assert "Left out" not in shown.description
    with pytest.raises(ValueError, match="nothing to compare: early: refresh_early is still blank"):
        charts.compare({"early": NAIVE.replace(beta=1.0)}, 7, refresh_early=blank)


def test_a_mistake_in_an_answer_is_not_taken_for_a_blank_one():
    with pytest.raises(ZeroDivisionError):
        charts.compare({"lock": LOCKED}, 7, lock=lambda *_: 1 / 0)


def test_the_prices_say_who_pays_for_what():
    stale = LOCKED.replace(stale_while_revalidate=15.0)
    ways = {"naive": NAIVE, "lock": LOCKED, "early": NAIVE.replace(beta=1.0), "stale": stale}
    table = charts.prices(ways, 7).data.set_index("")
    load, waiting, longest, old, oldest = (table[name].str.replace(",", "").astype(float) for name in table.columns)
    assert load["naive"] > 1000 * 0.9 * load["lock"] and 2 < load["early"] / load["lock"] < 5
    assert waiting["lock"] == pytest.approx(3.2, abs=0.2) and waiting["stale"] == 0 and waiting["early"] < 0.02
    assert longest["lock"] == 1 and longest["stale"] == 0
    assert old["stale"] == pytest.approx(waiting["lock"], rel=0.1) and old["lock"] == 0
    assert oldest["lock"] == 30 and oldest["stale"] == 31 and oldest["early"] < 27


def test_the_labs_two_objectives_can_be_met_together():
    table = charts.three_days(right, NAIVE, 40, 1 / 30, 7).data.set_index("")
    load, waiting, oldest = table.columns
    assert float(table[load].iloc[0]) < 1 / 30 and float(table[load].iloc[1]) < 1 / 30
    assert table[waiting].tolist() == ["0", "0", "not asked"]
    assert [float(age) <= 40 for age in table[oldest]] == [True] * 3 and np.isfinite(float(table[oldest].iloc[0]))
