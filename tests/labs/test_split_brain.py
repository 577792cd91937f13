"""What lab 03 shows and says, computed, and with answers that are still blank."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.labs import split_brain as charts
from course_lib.models.split_brain import simulate


def blank(*_):
    raise NotImplementedError("Task")


def half(votes, old, new):
    return 2 * votes @ old > old.sum()


def test_blank_answers_leave_their_part_out():
    assert "blank" in str(charts.counted(blank, 7).data) and "blank" in str(charts.proved(blank, 7).data)
    assert "still blank" in charts.shown_trial(blank, 7) and "blank" in str(charts.merged(blank).data)
    assert charts.tried(blank).data.iloc[-1, 1] == "patience is still blank"
    assert set(charts.tokens(blank, 7).picture.data["run"]["kind"]) == {2.0}


def test_the_figures_of_the_first_part():
    cut = simulate(charts.SERVICE, 7, until=140)
    assert f"{cut['lost'][-1]:,.0f}" == "7,451" and cut["failover_time"][-1] == pytest.approx(13.3, abs=0.05)
    assert cut["lost"][-1] == pytest.approx(7350, rel=0.02)
    assert cut["divergent"][:102].max() == 0
    rows = charts.counted(lambda *told: (0 * told[0], 0 * told[0]), 7).data
    assert rows["lost: model"].tolist() == ["0", "7,451", "9,099"]
    few = int(rows["conflicts: model"].iloc[-1].replace(",", ""))
    gained = 150 * (60 - cut["failover_time"][-1])  # on the far side; the second and third cut are noticed alike
    assert few > 0.8 * 3000 and 9000 * gained / 3000 / few == pytest.approx(8, abs=0.5)


def test_one_character():
    six = np.ones(6, int)
    twice = charts.elected(charts.at_least_half, charts.partitions(6, 7, parts=2), six, six) > 1
    assert twice.mean() == pytest.approx(20 / 64, abs=0.01)
    table = charts.proved(half, 7).data
    weak, yours = table[table["rule"] == "at least half"], table[table["rule"] == "yours"]
    assert (weak["two or more"] != "0").tolist() == [False, True, True, False]
    assert (yours["two or more"] == "0").all()  # of the old list alone a majority is one all the same
    count = [int(text.replace(",", "")) for text in (*weak["no leader"][1:3], *yours["no leader"][1:3])]
    assert count[0] < count[2] and count[1] < count[3]
    assert "4 of 8" in charts.shown_trial(lambda w, part: 42, 7)


def test_a_leader_after_its_time():
    runs = charts.woken(7)
    late = [float(run["lost"][-1]) for run in runs.values()]
    assert 550 < late[0] < 700 and late[1] == pytest.approx(late[0] / 2) and late[2] == 0
    run = runs["no path checks"]
    assert run.events["trigger_ends"] == 70 and (run["lost"][run.time <= 70] == 0).all()
    assert run.events["new_leader"] > 48.1


def test_the_shop_and_the_network():
    told = charts.merged(lambda base, near, far, *_: (near + far - base, 0 * base > 1)).data["yours"]
    assert told.tolist()[4:] == ["113", "1", "-3"]
    rows = charts.tried(lambda *_: (np.array([4]), np.array([8.0]))).data.set_index("settings")
    assert rows.loc["two misses, their lease"].tolist()[2] == "1.4 hours"
    assert rows.loc["ten misses, their lease"].tolist()[2] == "never"
    assert rows.loc["five misses, an hour"].tolist()[3] == "3,982 s" and rows.loc["yours"].tolist()[3] == "12 s"
