"""The bad rollout against its closed forms and an independent event loop."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from course_lib.models import noise
from course_lib.models.bad_rollout import Parameters, simulate
from course_lib.models.schedule import Schedule, window
from course_lib.theory import rollouts
from tests.models import bad_rollout_oracle
from tests.models.agreement import STEADY, TOTAL, TRANSIENT, near
from tests.models.bad_rollout_oracle import Loop, Scenario, measure
from tests.models.event_loops import replay

UNTIL = 7200.0
PUSH, STAGED = dict(canary_share=1.0), dict(gate="none")


def harmed(until=UNTIL, seed=7, **changes) -> np.ndarray:
    return simulate(Parameters(**changes), seed, until=until)["harmed"][-1]


def stopped(seeds=400, until=UNTIL, **changes) -> np.ndarray:
    """Share of runs that are rolled back."""
    trace = simulate(Parameters(dt=60.0, **changes), np.arange(seeds), until=until)
    return np.isfinite(trace.events["rolled_back"]).mean()


# -- closed forms ----------------------------------------------------------------------------------------------------


def test_stages_that_nobody_compares_harm_more_than_a_push():
    assert harmed(**PUSH) == pytest.approx(float(rollouts.harmed(0.02, 1000, [1.0], [300])))
    seconds = [1800, 1800, 300]
    assert harmed(**STAGED) == pytest.approx(float(rollouts.harmed(0.02, 1000, [0.01, 0.1, 0.5], seconds)))
    caught = harmed(gate="fixed", bake_time=300.0)
    assert caught == pytest.approx(60) and harmed(**STAGED, cells=20) == pytest.approx(6000 / 20)


@pytest.mark.parametrize("delay", [600.0, 1200.0])
def test_a_push_of_seconds_is_everywhere_before_anybody_reacts(delay):
    push = dict(canary_share=1.0, alarm_above=1e-6, alarm_delay=delay)
    exposed = simulate(Parameters(**push, push_time=np.array([3.0, 600.0, 12_000.0]), dt=1.0), until=2000)["exposure"]
    wanted = rollouts.reached(np.array([3.0, 600.0, 12_000.0]), delay)
    np.testing.assert_allclose(exposed.max(axis=0), wanted, rtol=0.02)
    slow = simulate(Parameters(**push, push_time=12_000.0), until=2000)
    expected = 0.02 * 1000 * wanted[2] * delay / 2
    assert slow["harmed"][-1] == pytest.approx(expected, rel=0.03)


def test_a_canary_of_the_right_size_finds_what_it_is_sized_for():
    arm = float(rollouts.requests_per_arm(0.001, 0.002, 0.05, 0.9))
    bake = np.ceil(float(rollouts.bake_time(arm, 0.01, 1000)) / 60) * 60
    plan = dict(bake_time=bake, gate="fixed", false_alarm=0.05, second_share=1.0, third_share=1.0)
    assert stopped(1000, 3600.0, fault_share=0.001, **plan) == pytest.approx(0.9, abs=0.035)
    assert stopped(1000, 3600.0, fault_share=0.0, **plan) == pytest.approx(0.05, abs=0.025)
    assert stopped(400, 3600.0, fault_share=0.001, **plan | dict(bake_time=300.0)) < 0.4


def test_looking_again_and_again_stops_what_is_good():
    plan = dict(fault_share=0.0, second_share=1.0, third_share=1.0, canary_share=0.3, bake_time=1800.0,
                false_alarm=0.05)  # fmt: skip
    fixed, peeking, sequential = (
        stopped(1500, 3000.0, gate=gate, **plan) for gate in ("fixed", "peeking", "sequential")
    )
    assert fixed == pytest.approx(0.05, abs=0.02)
    assert peeking == pytest.approx(rollouts.false_alarm_of_looks(0.05, 30), abs=0.035)
    assert sequential <= 0.055


def test_many_metrics_and_stages_stop_what_is_good():
    plan = dict(fault_share=0.0, gate="fixed", false_alarm=0.01, metrics=10, bake_time=600.0)
    assert stopped(1500, 4000.0, **plan) == pytest.approx(float(rollouts.false_rollback(0.01, 3, 10)), abs=0.035)


def test_what_wakes_late_is_found_by_a_bake_that_waits():
    bakes = np.array([600.0, 1800.0, 7200.0])
    plan = Parameters(dt=60.0, fault="latent", onset=3600.0, bake_time=bakes, second_share=1.0, third_share=1.0)
    trace = simulate(plan, np.arange(600)[:, None], until=12_000)
    found = (trace.events["gate_fired"] <= 300 + bakes).mean(axis=0)
    np.testing.assert_allclose(found, rollouts.found_by_bake(bakes - 60, 3600), atol=0.05)
    leak = simulate(Parameters(fault="leak", onset=1500.0, bake_time=np.array([1200.0, 1800.0])), until=9000)
    assert leak["harmed"][-1, 0] > 3 * leak["harmed"][-1, 1] > 0


def test_a_fault_of_load_makes_stages_no_better_than_a_push_and_cells_are_at_load_at_once():
    late, cell = (harmed(fault="load", gate="none", load_needed=0.6, cells=cells, until=9000.0) for cells in (1, 20))
    assert late == pytest.approx(harmed(**PUSH)) and cell == pytest.approx(late / 20)


def test_a_fault_of_one_region_is_diluted_and_seen_by_region_or_not_at_all():
    # A fifth of the requests: three times the usual there is 1.4 times the usual of all.
    plan = dict(fault_place="region", fault_share=0.002, gate="fixed", false_alarm=0.01, canary_share=0.05,
                second_share=1.0, third_share=1.0, bake_time=1800.0)  # fmt: skip
    pooled, own = stopped(**plan, until=3000.0), stopped(**plan, strata="by region", until=3000.0)
    assert own > 0.9 > 0.6 > pooled
    assert stopped(**plan, strata="by region", canary_mix=0.0, until=3000.0) < 0.05


def test_a_canary_drawn_from_a_bad_region_is_stopped_though_it_is_good():
    plan = dict(fault_share=0.0, region_baseline=0.01, canary_mix=0.6, gate="fixed", until=3000.0, canary_share=0.05)
    assert stopped(**plan) > 0.99 and stopped(**plan, strata="by region") < 0.05


def test_without_a_control_the_weather_is_taken_for_the_change():
    plan = dict(fault_share=0.0, baseline=window(900.0, 300.0, 0.05, 0.001), canary_share=0.05)
    assert stopped(**plan, gate="threshold") == 1.0 and stopped(**plan, gate="sequential") < 0.05


def test_versions_cross_most_at_the_half():
    trace = simulate(Parameters(fault_share=0.0, canary_share=0.5, gate="none"), until=1000)
    assert trace["skewed_share"].max() == pytest.approx(0.5)
    push = simulate(
        Parameters(canary_share=1.0, push_time=600.0, fault="skew", gate="none", alarm_above=1.0), until=2000
    )
    assert push["harmed"][-1] == pytest.approx(1000 * 0.02 * 600 / 3, rel=1e-6)  # the integral of 2 x (1 - x)


def test_customers_hit_in_part_or_not_at_all():
    push, cells, sticky = (
        simulate(Parameters(gate="none", fault_share=0.5, customers=1000, **more), until=UNTIL)["customers_hit"][-1]
        for more in (PUSH, dict(cells=20), dict(assign="customers", canary_share=0.05, alarm_above=0.02))
    )
    assert push == pytest.approx(1.0) and cells == pytest.approx(1 / 20) and sticky == pytest.approx(1 / 20)


@pytest.mark.parametrize(("sharding", "tries", "loss", "dark"), [
    ("all", 1, 1.0, 1.0), ("cells", 1, 0.2, 0.2), ("shuffle", 1, 0.2, 1 / 4845), ("shuffle", 4, 1 / 4845, 1 / 4845),
])  # fmt: skip
def test_who_shares_a_fate_with_the_poison(sharding, tries, loss, dark):
    day = Parameters(fault_share=0.0, poison_rate=1.0, sharding=sharding, tries=tries)
    trace = simulate(day, until=1200)
    assert trace["harmed_rate"][-1] / 1000 == pytest.approx(loss) and trace["customers_dark"][-1] == pytest.approx(dark)


def test_poison_below_the_pools_size_takes_what_theory_says():
    day = Parameters(fault_share=0.0, poison_rate=0.02, deliveries=np.array([1, 5, 10]))
    down = simulate(day, until=1200)["workers_down"][-1]
    np.testing.assert_allclose(down, rollouts.workers_lost(0.02, np.array([1, 5, 10]), 60) / 20, rtol=1e-9)


def test_a_stop_is_never_before_its_reason_and_takes_its_time_to_be_done():
    trace = simulate(Parameters(rollback_time=np.array([0.0, 300.0])), np.arange(5)[:, None], until=UNTIL)
    fired, back = trace.events["gate_fired"], trace.events["rolled_back"]
    np.testing.assert_allclose(back - fired, np.broadcast_to([0.0, 300.0], back.shape))
    assert trace["harmed"][-1][:, 1] - trace["harmed"][-1][:, 0] == pytest.approx(0.02 * 0.01 * 1000 * 300)
    assert (trace.events["recovered"] >= back).all()


# -- the event loop --------------------------------------------------------------------------------------------------

SMALL = dict(arrival_rate=50.0, until=400.0)
FAINT = dict(fault_share=0.006, alarm_above=1.0, canary_share=0.04)
SHORT = 700.0  # s: two stages
SCENARIOS = {
    "push, quick": dict(SMALL, canary_share=1.0),
    "push": dict(canary_share=1.0),
    "staged, nobody compares": dict(gate="none"),
    "pushed slowly": dict(gate="none", push_time=50.0, alarm_above=0.02),
    "sequential": dict(),
    "fixed": dict(gate="fixed"),
    "in cells": dict(gate="none", cells=20, alarm_above=0.05),
    "needs load": dict(fault="load"),
    "leaks": dict(fault="leak", onset=350.0),
    "leaks, pushed slowly": dict(fault="leak", onset=150.0, push_time=400.0, gate="none"),
    "latent": dict(fault="latent", gate="none"),
    "both versions": dict(fault="skew", gate="none", alarm_above=1.0, push_time=200.0),
    "one region, canary elsewhere": dict(fault_place="region", canary_mix=0.05, gate="none", alarm_above=0.015),
    "poison, all": dict(fault_share=0.0, poison_rate=3.0, restart_time=20.0),
    "poison, cells": dict(fault_share=0.0, poison_rate=0.5, restart_time=20.0, sharding="cells"),
    "poison, shuffled": dict(fault_share=0.0, poison_rate=0.5, restart_time=20.0, sharding="shuffle"),
    "poison, shuffled, tried twice": dict(fault_share=0.0, poison_rate=0.5, restart_time=20.0, sharding="shuffle",
                                          tries=2),
    "little poison": dict(fault_share=0.0, poison_rate=0.05),
}  # fmt: skip
CHANCES = {
    "faint, sequential": dict(FAINT),
    "faint, fixed": dict(FAINT, gate="fixed"),
    "faint, peeking": dict(FAINT, gate="peeking"),
    "faint, one region": dict(FAINT, fault_place="region", strata="by region", fault_share=0.02, gate="fixed"),
    "good, peeking": dict(fault_share=0.0, gate="peeking", canary_share=0.2, second_share=0.4, false_alarm=0.05),
    "good, many metrics": dict(fault_share=0.0, gate="fixed", metrics=10, canary_share=0.2, second_share=0.4),
    "good, threshold": dict(fault_share=0.0, gate="threshold", gate_above=0.004, canary_share=0.04),
    "good, from a bad region": dict(fault_share=0.0, region_baseline=0.006, canary_mix=0.4, gate="fixed",
                                    canary_share=0.1),
}  # fmt: skip
NOTHING = 1e-9
SPANS = {"before": (0, 60), "first": (60, 360), "second": (360, 660), "third": (660, 960), "after": (960, 1300)}


def spans(scenario: Scenario, seed: int) -> dict[str, float]:
    loop = Loop(scenario, seed).run()
    found = {"stopped": loop.stopped if np.isfinite(loop.stopped) else np.nan}
    for span, (begin, end) in SPANS.items():
        if end <= scenario.until:
            found |= {f"{span}|{name}": float(f"{v:.6g}") for name, v in measure(loop, begin, end).items()}
    return found


def chances(scenario: Scenario, seed: int) -> dict[str, float]:
    loop = Loop(scenario, seed).run()
    return {"by_gate": float(np.isfinite(loop.by_gate)), "stopped": min(loop.stopped, scenario.until),
            "harmed": measure(loop, 0, scenario.until)["harmed"]}  # fmt: skip


def known(scenario: Scenario, seed: int) -> dict[str, float]:
    """What a run harms, and what chance it had: when its fault woke, how many messages were poison."""
    loop = Loop(scenario, seed)
    chance = {"wakes": loop.wakes, "messages": len(loop.poison)}
    return chance | {"harmed": measure(loop.run(), 0, scenario.until)["harmed"]}


def of(scenario: Scenario) -> Parameters:
    told = dataclasses.asdict(scenario)
    return Parameters(**{name: value for name, value in told.items() if name not in ("until", "window")})


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_model_agrees_with_the_event_loop(name):
    scenario = Scenario(**SCENARIOS[name])
    loop = replay(bad_rollout_oracle, spans, scenario, range(20), live=name == "push, quick")
    trace = simulate(of(scenario), np.arange(40), until=scenario.until)
    for span, (begin, end) in SPANS.items():
        if end > scenario.until:
            continue
        rows = (trace.time > begin) & (trace.time <= end)
        lost = trace["harmed_rate"][rows].mean(axis=0) / scenario.arrival_rate
        near(trace["error_ratio"][rows].mean(axis=0), loop[f"{span}|error_ratio"], TRANSIENT, NOTHING, f"{span} errors")
        near(lost, loop[f"{span}|harmed_share"], TRANSIENT, NOTHING, f"{span} harmed")
        near(trace["goodput"][rows].mean(axis=0), loop[f"{span}|goodput"], STEADY, NOTHING, f"{span} goodput")
    last = [span for span, (_, end) in SPANS.items() if end <= scenario.until][-1]
    near(trace["harmed"][-1], loop[f"{last}|harmed"], TOTAL, NOTHING, "harmed in all")
    ends = np.isfinite(loop["stopped"])
    assert ends.mean() == pytest.approx((stops(trace, scenario) < scenario.until).mean(), abs=0.1)
    if ends.mean() > 0.9:
        near(stops(trace, scenario), loop["stopped"][ends], 0.0, 2.0, "stopped")


def stops(trace, scenario: Scenario) -> np.ndarray:
    """When each run is stopped, or its end; `rolled_back` is not told of those that are stopped, but not yet well."""
    return np.nan_to_num(np.fmin(trace.events["gate_fired"], trace.events["alarm_stopped"]), nan=scenario.until)


@pytest.mark.parametrize("name", CHANCES)
def test_gates_say_stop_as_often_as_the_event_loops(name):
    scenario = Scenario(**CHANCES[name], until=SHORT)
    loop = replay(bad_rollout_oracle, chances, scenario, range(24))
    trace = simulate(of(scenario), np.arange(400), until=scenario.until)
    fired = np.isfinite(trace.events["gate_fired"])
    scatter = 1.96 * np.sqrt(max(fired.mean() * (1 - fired.mean()), 0.01) / 24)
    assert loop["by_gate"].mean() == pytest.approx(fired.mean(), abs=max(0.1, scatter)), (fired.mean(), scatter)
    near(stops(trace, scenario), loop["stopped"], 0.03, 2.0, "stopped, or the end")
    near(trace["harmed"][-1], loop["harmed"], TRANSIENT, NOTHING, "harmed")


def test_what_lies_dormant_harms_as_much_once_it_wakes():
    """When it wakes is so much chance that only runs that wake at the same moment can be held to the bar."""
    scenario = Scenario(**SCENARIOS["latent"])
    loop = replay(bad_rollout_oracle, known, scenario, range(20))
    trace = simulate(of(scenario), np.arange(400), until=scenario.until)
    wakes = scenario.rollout_start + scenario.onset * noise.exponential(np.arange(400), "wakes", 1)[0]
    order = np.argsort(wakes)
    there = np.interp(loop["wakes"], wakes[order], trace["harmed"][-1][order])
    near(np.ones(1), loop["harmed"] / there, TOTAL, 0.0, "harmed, of what the model does that wakes at the same time")


def test_a_message_that_is_poison_harms_as_many():
    """How many come is chance, more than the bar in thousands of runs; what each does is not."""
    scenario = Scenario(**SCENARIOS["little poison"])
    loop = replay(bad_rollout_oracle, known, scenario, range(20))
    each = simulate(of(scenario), 0, until=scenario.until)["harmed"][-1] / (0.05 * 300)
    near(np.full(1, each), loop["harmed"] / loop["messages"], TOTAL, 0.0, "harmed by a message")


def test_an_order_takes_a_change_back_and_lets_none_begin():
    base = Parameters(gate="none", alarm_delay=1e6, rollback_time=120.0)
    by_hand = simulate(base.replace(order=Schedule("go", ((3000.0, "back"),))), 7, until=7200)
    assert float(by_hand.events["rolled_back"]) == pytest.approx(3120.0)
    assert np.isnan(by_hand.events["gate_fired"]) and np.isnan(by_hand.events["alarm_stopped"])
    assert by_hand["exposure"][299] == pytest.approx(0.1) and (by_hand["exposure"][312:] == 0).all()
    locked = simulate(base.replace(order="back"), 7, until=7200)
    assert (locked["exposure"] == 0).all() and (locked["harmed"] == 0).all()
    over = simulate(base.replace(order=Schedule("back", ((200.0, "go"),))), 7, until=7200)
    np.testing.assert_array_equal(over["harmed"], simulate(base, 7, until=7200)["harmed"])
