"""The fleet whose survivors fail in turn, against its closed forms and an independent event loop."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from course_lib.models.drills.replica_fleet import Parameters, simulate
from course_lib.theory import cascading
from tests.models import replica_fleet_oracle
from tests.models.agreement import PEAK, STEADY, near
from tests.models.event_loops import replay
from tests.models.replica_fleet_oracle import Scenario, measure

STAY = dict(restart_time=1e5, trigger_duration=1e5)


@pytest.mark.parametrize(("replicas", "lost"), [(4, 1), (10, 1), (10, 2), (12, 4)])
def test_an_equal_fleet_falls_whole_above_the_safe_utilisation_and_not_below(replicas, lost):
    edge = float(cascading.safe_utilisation(replicas, lost))
    fleet = Parameters(replicas=replicas, lost=lost, utilisation=[0.93 * edge, 1.07 * edge], **STAY, capacity=1000.0)
    trace = simulate(fleet, seed=np.arange(4)[:, None], until=150)
    left = trace["survivors"][-1]
    expected = [cascading.survivors(replicas, factor * edge, lost) for factor in (0.93, 1.07)]
    assert (left == expected).all() and expected == [replicas - lost, 0]
    load = trace["load"][40:44, :, 0].mean()
    assert load == pytest.approx(float(cascading.survivor_load(0.93 * edge, replicas, lost)), rel=0.01)


def test_a_bundle_of_unequal_replicas_keeps_what_theory_says_or_nothing():
    load = np.array([0.1, 0.2, 0.23, 0.27, 0.3])
    bundle = Parameters(replicas=200, capacity_spread=1.0, utilisation=2 * load, lost=0, restart_time=1e5,
                        patience=2.0, capacity=1e5)  # fmt: skip
    left = simulate(bundle, seed=np.arange(4)[:, None], until=200)["survivors"][-1].mean(axis=0) / 200
    expected = cascading.bundle_survivors(load)
    np.testing.assert_allclose(left[:3], expected[:3], atol=0.06)
    assert (left[3:] == 0).all() and (expected[3:] == 0).all()


def test_a_fleet_that_comes_back_cold_under_full_load_is_felled_again_and_one_that_is_given_what_it_can_do_is_not():
    fleet = Parameters(lost=10, trigger_duration=10.0, limit=[np.inf, 1.0])
    trace = simulate(fleet, seed=3, until=400)
    assert (trace["survivors"][60:, 0] == 0).any() and np.isnan(trace.events["recovered"][0])
    assert (trace["survivors"][75:, 1] == 10).all() and trace.events["recovered"][1] < 130


def test_replicas_warm_up_as_theory_says():
    fleet = Parameters(lost=10, trigger_duration=10.0, limit=1.0, dt=1.0)
    warm = simulate(fleet, seed=3, until=200)["warm_replicas"]
    up = int(np.argmax(warm[41:] > 0)) + 41
    np.testing.assert_allclose(warm[up : up + 90], 10 * cascading.warm_share(np.arange(90), 60, 0.3), atol=1e-9)


CASES = {
    "safe": dict(utilisation=0.75),
    "felled": {},
    "shedding": dict(overload="sheds"),
    "limited": dict(limit=1.0, slow_start="on"),
    "staggered": dict(restart_batch=2, slow_start="on"),
    "unequal": dict(capacity_spread=0.3, utilisation=0.7),
}


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_the_event_loop(case):
    """Totals in four windows: answered and survivors 1 %, give or take the scatter."""
    scenario = Scenario(**CASES[case], capacity=60.0, until=240.0)
    runs = replay(replica_fleet_oracle, measure, scenario, range(20))
    own = {name: value for name, value in dataclasses.asdict(scenario).items() if name != "until"}
    trace = simulate(Parameters(**own), np.arange(200), until=scenario.until)
    for begin, end in ((0, 20), (40, 80), (80, 160), (160, 240)):
        rows, windows = slice(begin, end), slice(begin // 20, end // 20)
        good = trace["goodput"][rows].sum(axis=0) / (end - begin)
        near(good, runs["good"][:, windows].sum(axis=1) / (end - begin), STEADY, 0.0, f"goodput from {begin} s")
        up = runs["up"][:, windows].mean(axis=1)
        near(trace["survivors"][rows].mean(axis=0), up, PEAK, 0.0, f"survivors from {begin} s")


def test_the_event_loop_says_what_its_record_says():
    seen = replay(replica_fleet_oracle, measure, Scenario(limit=1.0, capacity=10.0, until=60.0), [0], live=True)
    assert seen["up"][0].tolist() == [10, 9, 8] and np.isnan(seen["felled"][0])
