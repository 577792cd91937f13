"""The discovery failure against its closed forms and an independent event loop."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from course_lib.models.discovery_failure import Parameters, simulate
from course_lib.models.discovery_views import Polls
from course_lib.models.schedule import Schedule
from course_lib.models.simulation import Batch
from course_lib.theory import discovery
from tests.models import discovery_failure_oracle
from tests.models.agreement import STEADY, TOTAL, TRANSIENT, near
from tests.models.discovery_failure_oracle import Loop, Scenario, measure
from tests.models.event_loops import replay

QUICK = dict(connection_life=20.0, crash_share=0.0, churn=0.0)  # a fleet that stands still, and connections that do not


def settled(trace, begin, end, name):
    """Mean of a signal between two times, one a member."""
    rows = (trace.time > begin) & (trace.time <= end)
    return trace[name][rows].mean(axis=0)


# -- contract, beyond what every model is asked -----------------------------------------------------------------------


@pytest.mark.parametrize("trigger", ["dead", "late", "empty", "deaf", "checks", "hosts", "forged"])
def test_a_member_of_a_wide_batch_is_the_scalar_run_bit_for_bit(trigger):
    base = Parameters(trigger=trigger, outage_start=60.0, outage_duration=90.0, churn=12.0, catalogue="lost")
    wide = base.replace(
        panic_threshold=np.linspace(0, 1, 70), instances=np.arange(3, 73), poll_interval=np.linspace(5, 80, 70),
        cache_life=np.geomspace(10, 1e4, 70), admission_rate=np.r_[np.full(35, np.inf), np.linspace(20, 900, 35)],
    )  # fmt: skip
    batch = simulate(wide, seed=np.arange(70), until=240)
    for i in (0, 33, 69):
        own = {name: np.ravel(getattr(wide, name))[i].item() for name in (
            "panic_threshold", "instances", "poll_interval", "cache_life", "admission_rate")}  # fmt: skip
        alone = simulate(base.replace(**own), seed=i, until=240)
        for name in alone.signals:
            np.testing.assert_array_equal(alone[name], batch[name][:, i], err_msg=name)
        for name, when in alone.events.items():
            np.testing.assert_array_equal(when, batch.events[name][i], err_msg=name)


def test_what_an_operator_turns_in_time_acts_from_then_on():
    turned = Schedule(0.0, ((450, 0.5),))
    both = simulate(Parameters(trigger="empty", cache_life=3600.0, panic_threshold=[0.0, 0.5]), seed=1, until=600)
    later = simulate(Parameters(trigger="empty", cache_life=3600.0, panic_threshold=turned), seed=1, until=600)
    np.testing.assert_array_equal(later["new_success"][:150], both["new_success"][:150, 0])
    assert later["new_success"][-1] > 0.9 > 0.1 > both["new_success"][-1, 0]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("field", dataclasses.fields(Parameters), ids=lambda field: field.name)
def test_every_parameter_works_at_the_ends_of_its_range(field):
    about = field.metadata
    for end in about["choices"] or (about["low"], about["high"]):
        base = dict(outage_start=30.0, outage_duration=40.0, churn=20.0, catalogue="lost", instances=5)
        trace = simulate(Parameters(**(base | {field.name: end})), seed=1, until=120)
        for signal in trace.signals:
            assert np.isfinite(trace[signal]).all() and (trace[signal] >= 0).all(), (end, signal)


# -- closed forms -----------------------------------------------------------------------------------------------------


def test_a_snapshot_decays_as_theory_says_whatever_the_poll():
    churn = np.array([0.5, 1.0, 4.0])
    frozen = Parameters(outage_start=30.0, outage_duration=1e5, churn=churn, cache_life=1e5, crash_share=0.0)
    trace = simulate(frozen, seed=np.arange(150)[:, None], until=1230)
    for age in (300.0, 600.0, 1200.0):
        row = int((30 + age) / 3) - 1
        expected = discovery.valid_share(age + 16.5, churn / 3600)  # half a poll and half a response cache older
        np.testing.assert_allclose(trace["valid_share"][row].mean(axis=0), expected, rtol=0.03)
        np.testing.assert_allclose(
            trace["visible_capacity"][row].mean(axis=0), 4000 * expected, rtol=0.03
        )  # newcomers get nothing


def test_a_deploy_spoils_a_snapshot_in_a_straight_line_and_a_freeze_keeps_it():
    days = Parameters(churn=0.0, cache_life=1e5, outage_start=300.0, outage_duration=900.0, deploy_start=300.0,
                      deploy_duration=600.0, deploy_freeze=["off", "on"])  # fmt: skip
    trace = simulate(days, seed=5, until=1500)
    for age in (150, 300, 450, 620):
        row = (300 + age) // 3 - 1
        assert trace["valid_share"][row, 0] == pytest.approx(discovery.valid_in_deploy(age, 600), abs=0.02)
        assert trace["valid_share"][row, 1] == 1.0
    assert trace["valid_share"][1350 // 3, 1] < 1.0  # the deploy comes when the registry is back


@pytest.mark.parametrize("lease", [90.0, 180.0])
def test_a_crash_is_listed_as_long_as_lease_sweep_cache_and_poll_take(lease):
    """By Little's law: dead addresses in the list = crashes a second times the delay."""
    drill = Parameters(churn=6.0, crash_share=1.0, lease=lease, outage_duration=0.0, response_cache=30.0)
    trace = simulate(drill, seed=np.arange(30), until=3000)
    mean, _ = discovery.detection_delay(30, lease, 60, 30, 30)
    assert settled(trace, 600, 3000, "listed_dead").mean() == pytest.approx(40 * 6 / 3600 * mean, rel=0.03)


def test_another_host_is_as_good_as_theory_says():
    drill = Parameters(churn=0.0, trigger="forged", failing_share=0.25, other_hosts=[0, 1, 2], outage_start=60.0)
    trace = simulate(drill, seed=2, until=300)
    expected = [1 - float(discovery.all_picks_dead(10, 50, k)) for k in (1, 2, 3)]
    np.testing.assert_allclose(trace["new_success"][-1], expected, rtol=1e-9)
    ejecting = simulate(drill.replace(other_hosts=0, ejection_cap=[0.0, 0.1, 0.2, 1.0]), seed=2, until=300)
    np.testing.assert_allclose(ejecting["new_success"][-1], [40 / 50, 40 / 45, 1.0, 1.0], rtol=1e-9)
    np.testing.assert_allclose(ejecting["ejected_share"][-1], [0.0, 0.1, 0.2, 0.2], rtol=1e-9)


@pytest.mark.parametrize("overload", ["shed", "collapse"])
@pytest.mark.parametrize("trigger", ["hosts", "checks"])
def test_panic_arithmetic_is_that_of_theory(trigger, overload):
    healthy, panic = np.array([0.9, 0.55, 0.4]), np.array([0.0, 1.0])[:, None]
    drill = Parameters(**QUICK, trigger=trigger, overload=overload, outage_start=60.0, outage_duration=1e4,
                       failing_share=1 - healthy, panic_threshold=panic, cache_life=1e5)  # fmt: skip
    trace = simulate(drill, seed=1, until=900)
    ways = dict(collapse=overload == "collapse", false=trigger == "checks")
    expected = discovery.answered(healthy, 0.6, panic > 0, **ways)
    np.testing.assert_allclose(trace["existing_success"][-1], expected, atol=0.002)


def test_a_herd_is_back_when_theory_says_or_never():
    rates = np.array([100.0, 250.0, 299.0, np.inf, np.inf])
    sizes = np.array([6000, 6000, 6000, 6000, 2400])
    drill = Parameters(
        clients=sizes,
        admission_rate=rates,
        outage_start=60.0,
        outage_duration=1.0,
        dt=1.0,
        snapshot_rate=300.0,
        answer_timeout=10.0,
    )
    polls = Polls(Batch(drill), 180, 5)
    returned = polls.returned(polls.begin)
    back = discovery.reconnect_time(sizes, 300.0, rates, 10.0)
    assert np.isinf(back[3]) and (returned[60:, 3] == 0).all()
    for i in (0, 1, 2, 4):
        assert returned[int(60 + back[i]) - 2, i] < 1 == returned[int(60 + back[i]) + 2, i]
    assert (returned[:60] == 1).all() and polls.mass[polls.begin[60, 0] :].sum(axis=0)[3] == 0


def test_polls_load_the_registry_and_an_outage_adds_those_who_wait():
    slow = dict(snapshot_rate=300.0, answer_timeout=10.0)
    trace = simulate(Parameters(admission_rate=[250.0, np.inf], **slow), seed=1, until=1100)
    quiet = float(discovery.poll_rate(6000, 30)) + 40 / 30
    assert trace["registry_load"][50] == pytest.approx([quiet, quiet], rel=1e-6)
    waits = 1 - 3 * 250 / 6000  # those not yet let in ask again every ten seconds
    assert trace["registry_load"][300, 0] == pytest.approx(250 + 600 * waits + 40 / 30, rel=0.01)
    assert trace["registry_load"][-1, 1] == pytest.approx(601.3, rel=0.01)


def test_addresses_that_are_kept_come_to_belong_to_strangers():
    frozen = Parameters(outage_start=30.0, outage_duration=1e5, churn=6.0, cache_life=1e5, address_reuse=3.0)
    trace = simulate(frozen, seed=np.arange(100), until=1830)
    expected = discovery.reused_share(1815, 6 / 3600, 3 / 3600)
    assert trace["stranger_share"][-1].mean() == pytest.approx(float(expected), rel=0.04)


def test_a_tick_of_three_seconds_blurs_little_of_the_return():
    """Lists hold up to an eighth more addresses than by ticks of half a second; as many requests fail, within 5 %."""
    back = Parameters(catalogue="lost", dt=3.0)
    listed, failed = [], []
    for dt in (3.0, 0.5):
        trace = simulate(back.replace(dt=dt), np.arange(100, 124), until=1200)
        listed.append(trace["listed"][round(909 / dt) - 1].mean())
        failed.append(settled(trace, 900, 1200, "error_ratio").mean())
    assert 1.0 < listed[0] / listed[1] < 1.125 and failed[0] == pytest.approx(failed[1], rel=0.05)


# -- the event loop ---------------------------------------------------------------------------------------------------

BY_DEFAULT = dict(clients=3000, snapshot_rate=300.0)  # 150 clients a host, as the model's own parameters have
CASES = {
    "dead": {},
    "dead, and expired": dict(cache_life=60.0),
    "dead, deployed meanwhile": dict(deploy_start=240.0, churn=1.0),
    "dead, frozen": dict(deploy_start=200.0, deploy_freeze="on", churn=1.0),
    "lost": dict(catalogue="lost"),
    "lost, and doubted": dict(catalogue="lost", panic_threshold=0.5),
    "slowly let in": dict(admission_rate=20.0, catalogue="lost"),
    "never let in": dict(answer_timeout=5.0),
    "late": dict(trigger="late"),
    "empty": dict(trigger="empty"),
    "empty, and doubted": dict(trigger="empty", panic_threshold=0.5),
    "deaf": dict(trigger="deaf"),
    "deaf, preserved": dict(trigger="deaf", self_preservation="on"),
    "checks": dict(trigger="checks"),
    "checks, and doubted": dict(trigger="checks", panic_threshold=0.7),
    "hosts": dict(trigger="hosts", churn=1.0),
    "hosts, collapse": dict(
        trigger="hosts", overload="collapse", failing_share=0.7, churn=1.0, connection_life=30.0, **BY_DEFAULT
    ),
    "forged": dict(trigger="forged"),
    "another host": dict(other_hosts=1),
    "ejected": dict(ejection_cap=0.2),
}
LIVE = "small and empty"
CASES[LIVE] = dict(trigger="empty", instances=6, arrival_rate=360.0, clients=60)
#: Before the trigger, its first minute, the rest of it, the return and after it.
WINDOWS = ((100.0, 240.0), (240.0, 300.0), (300.0, 480.0), (480.0, 540.0), (540.0, 600.0))
BARS = dict(open_share=TOTAL, goodput=STEADY, listed=STEADY, listed_dead=TRANSIENT, new_success=STEADY,
            endpoint_age=STEADY)  # fmt: skip
TWENTIES = 10  # of runs a case
FEW = 0.1  # addresses of some twenty: what the dead among them are compared to where they are few
#: Of 1,200 requests/s, what chance among 40 clients a host costs at most where hosts are near their limits: 5 to 16 by
#: 200 runs each. The fluid knows none.
#: It is gone where they are 150, as by default (`test_answers_as_much_where_clients_are_as_many_as_by_default`).
CHANCE = 16.0
MANY = ("dead, deployed meanwhile", "dead, frozen", "lost", "empty, and doubted")  # where it costs the most


def twenty(scenario, number):
    """Means in each window, named by it, over twenty runs, for so many single ones would be a long record."""
    seen = {}
    for seed in range(20 * int(number), 20 * int(number) + 20):
        run = Loop(scenario, seed).run()
        for begin, end in WINDOWS:
            for name, value in measure(run, begin, end).items():
                seen.setdefault(f"{name} {begin:g}", []).append(value)
    return {name: float(np.mean(values)) for name, values in seen.items()}


def of_model(trace, begin, end):
    """The same of the model; success is that of attempts, so that a moment counts by how often they are made."""
    rows = np.flatnonzero((trace.time > begin) & (trace.time <= end))
    means = {name: trace[name][rows].mean(axis=0) for name in ("open_share", "goodput", "listed_dead")}
    ends = {name: trace[name] for name in ("listed", "endpoint_age")}  # told at the ends of ticks
    means |= {name: (level[rows - 1] + level[rows]).mean(axis=0) / 2 for name, level in ends.items()}
    tried = trace["connect_rate"][rows]
    return means | {"new_success": (tried * trace["new_success"][rows]).sum(axis=0) / tried.sum(axis=0)}


def _model(scenario, seeds):
    settings = dataclasses.asdict(scenario)
    return simulate(Parameters(**{k: v for k, v in settings.items() if k != "until"}), seeds, until=scenario.until)


def moves(case, begin):
    """Whether something is on its way in a window: connections, or the leases that a deaf registry lets run out."""
    return begin in (240, 480) or (begin >= 300 and "hosts" in case) or (begin == 300 and case == "deaf")


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_the_event_loop(case):
    """Means before, in and after the outage: 1 %, connections 0.5 %, the few dead 5 %; what moves as a transient."""
    scenario = Scenario(**CASES[case])
    runs = replay(discovery_failure_oracle, twenty, scenario, range(TWENTIES), live=case == LIVE)
    trace = _model(scenario, np.arange(400))
    crowded = scenario.clients / scenario.instances < 150
    for begin, end in WINDOWS:
        seen = of_model(trace, begin, end)
        floors = dict(listed_dead=FEW, goodput=CHANCE if crowded and (begin >= 300 or case == LIVE) else 0.0)
        for name, bar in BARS.items():
            bar = max(bar, TRANSIENT) if moves(case, begin) else bar
            near(seen[name], runs[f"{name} {begin:g}"], bar, floors.get(name, 0.0), f"{name} from {begin:g} s")


@pytest.mark.parametrize("case", MANY)
def test_answers_as_much_where_clients_are_as_many_as_by_default(case):
    scenario = Scenario(**CASES[case] | BY_DEFAULT)
    runs = replay(discovery_failure_oracle, twenty, scenario, range(TWENTIES))
    trace = _model(scenario, np.arange(400))
    for begin, end in WINDOWS:
        bar = TRANSIENT if moves(case, begin) else STEADY
        near(of_model(trace, begin, end)["goodput"], runs[f"goodput {begin:g}"], bar, 0.0, f"from {begin:g} s")


def test_the_comparison_sees_a_poll_that_is_a_tenth_rarer():
    runs = replay(discovery_failure_oracle, twenty, Scenario(), range(TWENTIES))
    seen = of_model(_model(Scenario(poll_interval=33.0), np.arange(20)), 100.0, 240.0)
    with pytest.raises(AssertionError, match="age"):
        near(seen["endpoint_age"], runs["endpoint_age 100"], STEADY, 0.0, "age")


def left(scenario, seed):
    """Addresses of the clients' list behind which somebody lives, at the end of an outage."""
    seen = measure(Loop(scenario, int(seed)).run(), 477.0, 480.0)
    return {"left": seen["listed"] - seen["listed_dead"]}


@pytest.mark.parametrize("churn", [5.0, 6.5, 8.0])
def test_the_chance_that_too_few_are_left_is_the_event_loops(churn):
    """20 hosts at 60 %: where they collapse, 11 left are the end, and near there it is chance. To within 0.1."""
    scenario = Scenario(churn=churn, crash_share=0.0, clients=40, until=480.0)
    runs = replay(discovery_failure_oracle, left, scenario, range(100), live=False)["left"]
    trace = _model(scenario, np.arange(300))
    of_model = (trace["listed"] - trace["listed_dead"])[-1]
    for fewest in (10.5, 11.5, 12.5):
        assert (of_model < fewest).mean() == pytest.approx((runs < fewest).mean(), abs=0.1)
    assert 0.1 < (of_model < 11.5).mean() < 0.6
