"""The chain of tiers against its closed forms and an independent event loop."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from course_lib.models.cascading_failure import TIERS, Parameters, simulate
from course_lib.models.schedule import Schedule
from course_lib.theory import cascading, retries
from tests.models import cascading_failure_oracle
from tests.models.agreement import STEADY, TOTAL, near
from tests.models.cascading_failure_oracle import Scenario, measure
from tests.models.event_loops import replay

HANGS = dict(trigger="feature", feature_share=0.12)


def settled(trace, begin, end, name):
    """Mean of a signal between two times, one a member."""
    return trace[name][(trace.time > begin) & (trace.time <= end)].mean(axis=0)


# -- contract, beyond what every model is asked -----------------------------------------------------------------------


def test_what_an_operator_turns_in_time_acts_from_then_on():
    turned = Schedule(1.0, ((60, 0.3),))
    both = simulate(Parameters(shed_threshold=[1.0, 0.3]), seed=1, until=150)
    later = simulate(Parameters(shed_threshold=turned), seed=1, until=150)
    np.testing.assert_array_equal(later["goodput"][:119], both["goodput"][:119, 0])
    assert settled(later, 130, 150, "goodput") > 95 > 1 > settled(both, 130, 150, "goodput")[0]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("field", dataclasses.fields(Parameters), ids=lambda field: field.name)
def test_every_parameter_works_at_the_ends_of_its_range(field):
    about = field.metadata
    base = dict(trigger_start=5.0, trigger_duration=10.0)
    ends = np.array(about["choices"] or (about["low"], about["high"]))
    for end in [ends] if about["kind"] != "fixed" else ends:
        trace = simulate(Parameters(**(base | {field.name: end})), seed=1, until=20)
        for signal in trace.signals:
            assert np.isfinite(trace[signal]).all() and (trace[signal] >= 0).all(), (end, signal)


# -- closed forms -----------------------------------------------------------------------------------------------------


def test_workers_held_are_rate_times_time_held():
    trace = simulate(Parameters(slowdown=1.0, arrival_rate=[20.0, 60.0, 100.0]), seed=3, until=300)
    offered = settled(trace, 20, 300, "offered_rate")
    for tier, held in zip(TIERS, (0.15, 0.14, 0.11, 0.08), strict=True):
        share = 1.0 if tier == "gateway" else 0.99
        expected = cascading.busy_workers(share * offered, held) + (0.0 if share < 1 else -0.01 * offered * 0.14)
        np.testing.assert_allclose(settled(trace, 20, 300, f"{tier}_held"), expected, rtol=0.01)


def test_a_feature_that_hangs_holds_rate_times_timeout_or_its_bulkhead():
    hangs = Parameters(**HANGS, trigger_duration=1e4, reload_share=0.0, bulkhead=[np.inf, np.inf, 60.0],
                       feature_timeout=[5.0, 20.0, 20.0], user_timeout=300.0)  # fmt: skip
    trace = simulate(hangs, seed=2, until=300)
    expected = cascading.busy_workers(12.0, [5.0, 20.0, 20.0], [np.inf, np.inf, 60.0])
    np.testing.assert_allclose(settled(trace, 100, 300, "reviews_held"), expected, rtol=0.03)


@pytest.mark.parametrize(("retried", "rate"), [(0, 50.0), (1, 12.0), (2, 4.0)])
def test_calls_multiply_down_the_chain_to_the_ceiling_of_module_1(retried, rate):
    fails = Parameters(slowdown=1.0, error_share=1.0, max_retries=retried, arrival_rate=rate, reload_share=0.0)
    trace = simulate(fails, seed=np.arange(4), until=400)
    calls = settled(trace, 50, 400, "database_calls").mean() / settled(trace, 50, 400, "gateway_calls").mean()
    assert calls == pytest.approx(0.99 * retries.chain_amplification(1.0, retried, 3)[-1], rel=0.02)


def test_the_largest_limit_that_helps_is_the_database_rate_times_the_timeout():
    limit = float(cascading.longest_limit(75.0, 2.0 - 0.16))  # a query takes 0.16 s of the 2
    bulkheads = Parameters(bulkhead=[0.85 * limit, 1.15 * limit], max_retries=0, trigger_duration=300.0)
    trace = simulate(bulkheads, seed=np.arange(6)[:, None], until=200)
    good = settled(trace, 100, 200, "goodput").mean(axis=0)
    assert good[0] > 70 > 15 > good[1]


def test_a_gateway_that_sheds_answers_what_the_database_can_do_and_is_well_when_it_is():
    trace = simulate(Parameters(shed_threshold=[0.2, 0.3, 0.4]), seed=np.arange(10)[:, None], until=150)
    np.testing.assert_allclose(settled(trace, 50, 90, "goodput").mean(axis=0), 75 + 1, rtol=0.015)  # 1: the reviews
    assert (trace.events["recovered"] < 96).all()


def test_alone_the_pools_go_from_the_bottom_up_and_nothing_is_answered_afterwards():
    trace = simulate(Parameters(), seed=np.arange(30), until=300)
    times = np.stack([trace.events[f"{tier}_saturated"] for tier in TIERS])
    order = np.median(times, axis=1)
    assert order[3] == 30 and (np.diff(order) < 0).all() and order[0] < 40 and (times < 50).all()
    assert settled(trace, 200, 300, "goodput").max() < 0.1 and np.isnan(trace.events["recovered"]).all()


# -- the event loop ---------------------------------------------------------------------------------------------------

CASES = {
    "healthy": dict(slowdown=1.0),
    "alone": {},
    "no retries": dict(max_retries=0),
    "shedding": dict(shed_threshold=0.3),
    "shedding, two retries": dict(shed_threshold=0.3, max_retries=2),
    "bulkheads": dict(bulkhead=60.0),
    "bulkheads, no retries": dict(bulkhead=60.0, max_retries=0),
    "lost replies": dict(error_share=0.01, slowdown=1.0, max_retries=0),
    "lost replies, tried again": dict(error_share=0.05, slowdown=1.0, max_retries=1),
    "hangs": HANGS,
    "hangs, and may": dict(HANGS, feature="optional", bulkhead=60.0),
    "never asked for": dict(HANGS, feature="off"),
    "breakers": dict(breaker="on", max_retries=0),
    "bounded": dict(queue_limit=40.0),
}
WINDOWS = ((10, 30), (50, 90), (110, 150))  # before, during, after
NAMES = dict(asked="gateway_calls", good="goodput", **{f"{tier}_held": f"{tier}_held" for tier in TIERS[:3]})
LOOSE = {("breakers", "gateway_held"): 0.1, ("breakers", "shop_held"): 0.04}
LOOSE |= {("hangs", "shop_held"): 0.13, ("hangs", "stock_held"): 0.13}
"""Where calls partly fail at once and partly wait, their order is lost, and with it who holds a worker meanwhile; where
the reviews hold nearly all of the gateway, a fluid lets through what a whole worker would not."""
HELD = 0.03
"""Of workers held: a healthy database has no queue here, and a limit is never a call short of itself."""


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_the_event_loop(case):
    """Means before, in and after the trouble: what is asked and answered within 1 %, workers held within 3 %."""
    scenario = Scenario(**CASES[case])
    runs = replay(cascading_failure_oracle, measure, scenario, range(20), live=case == "never asked for")
    own = {k: v for k, v in dataclasses.asdict(scenario).items() if k not in ("until", "retry_wait")}
    trace = simulate(Parameters(**own), np.arange(80), until=scenario.until)
    for begin, end in WINDOWS:
        for loop, name in NAMES.items():
            seen = runs[loop][:, begin // 10 : end // 10].mean(axis=1) / (10.0 if loop in ("asked", "good") else 1.0)
            bar = HELD if name.endswith("_held") else STEADY
            bar = LOOSE.get((case, name), bar) if begin == 50 else bar
            near(settled(trace, begin, end, name), seen, bar, 0.0, f"{name} from {begin} s")


def test_what_is_answered_in_all_agrees_with_the_event_loop():
    for case in ("alone", "shedding", "bulkheads", "hangs"):
        runs = replay(cascading_failure_oracle, measure, Scenario(**CASES[case]), range(20))
        trace = simulate(Parameters(**CASES[case]), np.arange(80), until=150)
        good = trace["goodput"].sum(axis=0) * 0.5
        near(good, runs["good"].sum(axis=1), TOTAL, 0.0, case)


def test_pools_are_full_when_the_event_loop_says():
    runs = replay(cascading_failure_oracle, measure, Scenario(), range(20))
    trace = simulate(Parameters(), np.arange(80), until=150)
    for tier in TIERS:
        near(trace.events[f"{tier}_saturated"], runs[f"{tier}_full"], 0.0, 0.5, tier)  # a tick


def test_the_database_may_slow_down_twice():
    once, times = Parameters(), Schedule(1.0, ((30.0, 2.0), (90.0, 1.0)))
    same = once.replace(slowdown=times, trigger_start=0.0, trigger_duration=1e5)
    np.testing.assert_array_equal(simulate(once, 7, until=150)["goodput"], simulate(same, 7, until=150)["goodput"])
    shedding = same.replace(slowdown=times.then(200.0, 2.0).then(260.0, 1.0), shed_threshold=0.2)
    took = simulate(shedding, 7, until=260)["database_p99"]
    assert took[-60:].mean() > 1.3 * took[340:400].mean()
