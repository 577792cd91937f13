"""What lesson 03 shows and says, computed."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.lessons import split_brain as show
from course_lib.models.split_brain import Parameters, simulate
from course_lib.theory import quorum

PANEL = show.PANEL


def numbers(preset: str, **values) -> dict[str, float]:
    settings = PANEL.settings(preset, **values)
    return PANEL.facts(settings, PANEL.pictures([settings]).at(0), PANEL.full(settings))


def reached(**values) -> list[bool]:
    settings = PANEL.settings(**values)
    return PANEL.reached(settings, PANEL.pictures([settings]).at(0), PANEL.full(settings).at(0))


# -- the panel -------------------------------------------------------------------------------------------------------


def test_the_presets_are_what_they_are_called():
    storm, healthy, fixed, over = (numbers(name) for name in ("storm", "healthy", "fixed", "over-fixed"))
    assert storm["lost"] > 6000 and storm["lost_seeds"] == 100 and storm["leaders"] == 2
    assert healthy["lost_seeds"] == 0 and np.isnan(healthy["took"]) and healthy["far_out"] < 8
    assert 10 <= numbers("cliff edge")["lost_seeds"] <= 90  # luck decides
    assert fixed["lost_seeds"] == 0 and fixed["far_out"] < 15 and 42 < fixed["near_out"] < 45
    assert over["lost_seeds"] == 0 and over["served_late"] == 0 and over["far_out"] > 42


def test_each_challenge_can_be_reached_and_none_is_reached_from_the_start():
    assert reached() == [False, False, False]
    assert reached(failover="majority")[0]
    three = dict(trigger="three_way", nodes=7)
    assert reached(**three, failover="majority", min_acks="majority")[1]
    for one in (three, {"trigger": "three_way", "failover": "majority", "min_acks": "majority"},
                {**three, "failover": "majority"}, {**three, "min_acks": "majority"}):  # fmt: skip
        assert not reached(**one)[1], one
    assert reached(storage="shared", lease=5.0, election_timeout=4)[2]
    for one in ({"lease": 5.0}, {"election_timeout": 4}, {"fencing": 1.0, "election_timeout": 4}):
        assert not reached(storage="shared", **one)[2], one


def test_wherever_the_cut_is_as_much_is_lost_without_votes():
    for nodes in (3, 5, 9):
        lost = [numbers("storm", nodes=nodes, near_nodes=near)["lost"] for near in range(1, nodes)]
        assert max(lost) == pytest.approx(min(lost), rel=0.001) and min(lost) > 6000


def test_a_cut_shorter_than_the_patience_costs_its_own_length():
    values = {**PANEL.values("storm"), "cut_duration": np.array([13, 25, 43]), "election_timeout": np.full(3, 62)}
    waited = show.harm(values, 7)
    assert waited == pytest.approx(np.full(3, 0.5), abs=0.03)
    acted = show.harm({**values, "election_timeout": np.full(3, 4)}, 7)
    assert (acted > waited + 0.05).all()


def test_a_lease_bounds_what_is_lost_down_to_the_lag():
    for lease in show.LEASES[:-2]:
        for lag in (0.0, 4.0):
            lost = numbers("storm", lease=lease, replication_lag=lag)["lost"]
            assert lost == pytest.approx(300 * lag + 150 * lease, rel=0.06, abs=100), (lease, lag)
    assert numbers("storm", lease=5.0, near_nodes=3)["lost"] > 6000  # a majority answers it all along


# -- the lesson's figures --------------------------------------------------------------------------------------------


def test_the_prediction_and_the_default_picture():
    naive, elected, quorate = (simulate(p, 7, until=140) for p in (show.NAIVE, show.ELECTED, show.QUORUM))
    assert f"{naive['lost'][-1]:,.0f}" == f"{elected['lost'][-1]:,.0f}" == "6,852" and quorate["lost"].max() == 0
    assert naive["failover_time"][-1] == pytest.approx(13.3, abs=0.05)
    assert (elected["leaders_in_term"] == 1).all() and elected["leaders"].max() == 2
    assert 200 < naive["conflicting_keys"][-1] < 400  # a few hundred keys need a person
    assert "6,852" in show.before_after().description
    assert quorate["near_errors"][81:165].min() == 1 and quorate["far_errors"][110:].max() < 0.01


def test_the_strips_add_up_to_what_is_lost():
    p = show.NAIVE
    trace = simulate(p, 7, until=show.UNTIL)
    strips = show.strips(trace, p)
    red = 0.5 * (strips["near_lost"] - strips["near_low"]).sum()
    assert red + 300 == pytest.approx(trace["lost"][-1], rel=0.02)  # and a second of everybody's
    three = p.replace(trigger="three_way", near_nodes=2)
    trace = simulate(three, 7, until=show.UNTIL)
    strips = show.strips(trace, three)
    red = 0.5 * sum(abs(strips[f"{side}_lost"] - strips[f"{side}_low"]).sum() for side in ("near", "far"))
    assert red + 300 == pytest.approx(trace["lost"][-1], rel=0.05)


def test_leases_on_clocks_that_err():
    run = show.leases().picture.data["run"]
    assert run["waits_for_drift"].max() < 1e-9
    assert 3 < run["waits"].max() < 8 and 25 < run["at_once"].max() < 33


def test_each_cure_cures_one_cause():
    table = show.causes(seeds=8).data.set_index("writes lost").map(lambda text: float(text.replace(",", "")))
    first, cut, paused = (table.loc[name] for name in table.index)
    assert cut["tokens"] == cut["neither"] > 6000 and cut["majority for writes"] == 0
    assert 550 < paused["majority for writes"] < 650 and 250 < paused["tokens"] < 350 < paused["neither"]
    assert cut["both"] == paused["both"] == 0 < first["both"] < 400


def test_the_table_of_defences():
    table = show.ways_out(seeds=8).data.set_index("defence")
    lost = table["writes lost"].str.replace(",", "").astype(float)
    near, far = (table[f"{side} side waits"].str.rstrip(" s").astype(float) for side in ("near", "far"))
    assert lost.is_monotonic_increasing and (lost == 0).sum() == 5
    idle = ["silence of 45 s before acting", "promote by hand"]
    assert (lost[idle] == 0).all() and (near[idle] == 0).all() and (far[idle] == 43).all()
    assert 26 <= 43 - far["nothing"] <= 30
    assert lost["a majority elects"] == lost["nothing"] == lost["elects; tokens"]
    assert lost["elects; tokens, one storage"] == 0 and near["all nodes have each write"] == 43


def test_when_the_defence_bites_back():
    held = show.QUORUM.replace(trigger="pause", lease=8.0, successor="waits_for_drift", fencing=[0.0, 0.5, 1.0])
    late = simulate(held, 7, until=140)["lost"][-1]
    assert late[1] == pytest.approx(late[0] / 2) and late[0] > 550 and late[2] == 0
    acks = show.QUORUM.replace(min_acks=["majority", "all"], near_nodes=4)
    fails = simulate(acks, 7, until=140)["error_ratio"][81:165].mean(axis=0)
    assert fails[0] == pytest.approx(0.5, abs=0.02) and fails[1] == 1
    gone = show.QUORUM.replace(trigger="site", cut_duration=600.0, successor="waits_for_drift", lease=[8.0, 3600.0])
    assert simulate(gone, 7, until=640)["waiting"].max(axis=0).tolist() == [13.0, 600.0]
    flaps = Parameters(cut_duration=25.0, flaps=[1, 3], failover=np.array(["first", "majority"])[:, None])
    lost = simulate(flaps, 7, until=240)["lost"][-1]
    assert lost[0, 1] > 2.9 * lost[0, 0] and lost[1, 1] == lost[1, 0]


def test_split_votes_and_placements():
    assert [f"{quorum.clean_election(5, T, 0.05):.0%}" for T in (0.15, 1.0, 10.0)] == ["13%", "77%", "98%"]
    assert quorum.survives_loss([2, 2, 1]).all() and not quorum.survives_loss([3, 2]).all()


def test_charts_speak():
    for shown in (show.before_after(), show.leases()):
        assert len(shown.description) > 60 and shown.png()[:4] == b"\x89PNG"
