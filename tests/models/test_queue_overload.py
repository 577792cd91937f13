"""The overloaded queue against its closed forms and an independent event loop; its contract is in `declared`."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from course_lib.models import noise, queue_overload
from course_lib.models.drills import queue_drill
from course_lib.models.queue_overload import Parameters, simulate
from course_lib.models.schedule import Schedule
from course_lib.models.trace import Record
from course_lib.theory import queueing
from tests.models import queue_overload_oracle
from tests.models.agreement import PEAK, STEADY, TOTAL, TRANSIENT, near
from tests.models.event_loops import replay
from tests.models.queue_overload_oracle import Scenario, measure


def mean(trace, name, start, end):
    """Mean of a signal between two times, over time and members."""
    return trace[name][(trace.time > start) & (trace.time <= end)].mean()


# -- closed forms ----------------------------------------------------------------------------------------------------


def test_the_first_doomed_message_arrives_when_theory_says_and_the_last_late_one_is_served_then():
    p = Parameters()
    trace = simulate(p, seed=np.arange(64), until=600)
    doomed = queueing.first_doomed(1600, 1000, 10)
    assert trace.events["first_doomed"].mean() == pytest.approx(60 + doomed, abs=1.0)
    first, last = queueing.late_answers(1600, 120, 800, 1000, 10)
    assert mean(trace, "goodput", 60 + first - 12, 60 + first - 4) > 900
    assert mean(trace, "goodput", 60 + first + 4, 60 + last - 20) < 30 < mean(trace, "utilisation", 90, 480) * 100
    assert trace.events["recovered"].mean() == pytest.approx(60 + last, rel=0.03)


def test_depth_age_and_wait_grow_as_theory_says():
    trace = simulate(Parameters(), seed=np.arange(64), until=200)
    at = {name: trace[name][119].mean() for name in ("depth", "oldest_age", "next_wait", "wait")}
    backlog = 600 * 60
    assert at["depth"] == pytest.approx(backlog, rel=0.02)
    assert at["next_wait"] == pytest.approx(backlog / 1000, rel=0.02)
    assert at["oldest_age"] == pytest.approx(queueing.oldest_age(backlog, 1600), rel=0.02)
    assert at["wait"] == at["oldest_age"]
    peak = trace["depth"].max(axis=0).mean()
    assert peak == pytest.approx(72_000, rel=0.02)
    assert queueing.overload_drain(peak, 800, 1000) == pytest.approx(360, rel=0.02)


def test_time_to_full_counts_down_while_the_queue_grows():
    trace = simulate(Parameters(bound=40.0), seed=np.arange(32), until=130)
    assert trace["time_to_full"][:50].min() > 1000
    for second in (80, 100, 115):
        expected = queueing.time_to_full(600 * (second - 60), 40_000, 1600, 1000)
        assert np.median(trace["time_to_full"][second - 1]) == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize("load", [1.2, 2.0])
def test_newest_first_keeps_goodput_where_first_come_first_served_loses_it(load):
    p = Parameters(producer_rate=1000 * load, burst_duration=0.0, deadline=5.0, discipline=["fifo", "lifo"])
    good = simulate(p, seed=3, until=1000, record=Record(("goodput",), every=1.0, start=500.0))["goodput"].mean(axis=0)
    assert good[0] < 10 and good[1] > (930 if load < 1.5 else 985)


def test_a_bound_below_the_deadline_keeps_every_answer_in_time_and_one_at_it_does_not():
    p = Parameters(bound=np.array([2.0, 8.0, 10.0, 14.0]))
    trace = simulate(p, seed=np.arange(8)[:, None], until=300)
    late = trace["late_rate"].sum(axis=(0, 1))
    assert late[0] == late[1] == 0.0 < 1000 < late[2] < late[3]
    assert (trace.events["recovered"][:, :2] == 180).all()


@pytest.mark.parametrize("cost", [0.0, 0.1, 0.3])
def test_refusing_costs_what_theory_says(cost):
    p = Parameters(producer_rate=2500.0, burst_duration=0.0, bound=2.0, rejection_cost=cost)
    trace = simulate(p, seed=np.arange(8), until=200)
    expected = queueing.shed_goodput(2500, 1000, cost)
    assert mean(trace, "goodput", 60, 200) == pytest.approx(expected, rel=STEADY)


def test_poison_costs_what_theory_says_and_goes_to_the_dead_letters():
    p = Parameters(poison_share=0.02, max_deliveries=5, redelivery_delay=10.0, burst_duration=0.0)
    trace = simulate(p, seed=np.arange(16), until=400)
    work = queueing.redelivered_work(800, 0.02, 5)
    assert mean(trace, "throughput", 100, 400) == pytest.approx(work, rel=STEADY)
    assert mean(trace, "dead_letter_rate", 100, 400) == pytest.approx(16, rel=0.02)
    assert mean(trace, "goodput", 100, 400) == pytest.approx(784, rel=STEADY)


def test_scaling_ends_at_the_partitions_and_at_the_database():
    p = Parameters(max_consumers=40, startup=20.0, partitions=[12, 16, 16], downstream_rate=[np.inf, np.inf, 1200.0])
    trace = simulate(p, seed=4, until=180)
    assert trace["consumers"][170].tolist() == [12, 16, 16]
    done = trace["throughput"][130:175].mean(axis=0)
    np.testing.assert_allclose(done, [1200, 1600, 1200], rtol=0.02)
    assert trace["cpu"][130:175, 2].mean() == pytest.approx(0.75, abs=0.01)  # blocked: CPU falls as consumers join
    assert trace["utilisation"][130:175, 2].mean() == pytest.approx(1.0, abs=0.01)


def test_pushing_back_moves_the_queue_and_saves_no_message():
    trace = simulate(Parameters(bound=8.0, when_full=["push_back", "reject"]), seed=5, until=600)
    plain = simulate(Parameters(), seed=5, until=600)
    np.testing.assert_array_equal(trace["late_rate"][:, 0], plain["late_rate"])
    assert trace["held"][170, 0] > 50_000 and trace["held"][:, 1].max() == 0


def test_producers_that_pause_swing_as_theory_says_whether_or_not_the_queue_runs_empty():
    wait, delay = np.array([3.0, 3.0, 1.0, 1.0]), np.array([1.0, 2.0, 2.0, 3.0])
    p = Parameters(back_pressure=1.0, pressure_wait=wait, pressure_delay=delay, burst_duration=400.0)
    trace = simulate(p, seed=np.arange(8)[:, None], until=460)
    peak, low = 1000 * wait + 600 * delay, np.maximum(1000 * (wait - delay), 0.0)  # it grows by 600 a second
    moves, idle = (peak - low) * (1 / 600 + 1 / 1000), np.maximum(delay - wait, 0.0)
    steady = {name: trace[name][100:].mean(axis=(0, 1)) for name in ("throughput", "depth")}
    np.testing.assert_allclose(steady["throughput"], 1000 * moves / (moves + idle), rtol=TOTAL)
    np.testing.assert_allclose(steady["depth"], (peak + low) / 2 * moves / (moves + idle), rtol=TOTAL)


def test_a_new_age_limit_makes_room_before_anybody_is_refused_or_served_late():
    p = Parameters(bound=5.0, deadline=2.0, expiry=Schedule("off", ((110.0, "on"),)))
    trace = simulate(p, seed=3, until=112)
    assert trace["rejected_rate"][108:110].min() > 400 and trace["rejected_rate"][110] == 0.0
    assert trace["depth"][109] == pytest.approx(5000) and trace["dropped_rate"][109] == 0.0
    assert trace["late_rate"][110] == 0.0 < 900 < trace["goodput"][110]


def test_a_broker_out_of_memory_loses_its_queue_unless_that_is_durable():
    p = Parameters(memory_limit=30_000.0, durable=["no", "yes"])
    trace = simulate(p, seed=6, until=600)
    died = trace.events["broker_died"]
    assert died[0] == died[1] == pytest.approx(60 + 30_000 / 600, abs=2)
    lost = trace["lost_rate"].sum(axis=0)
    assert lost[0] == pytest.approx(30_000, rel=1e-9) and lost[1] == 0 and trace["depth"][:, 0].max() < 30_000
    away = (trace["producer_rate"] - trace["rejected_rate"]).sum(axis=0)  # all of 60 s is refused, to the instant
    assert away[0] == pytest.approx(trace["producer_rate"][:, 0].sum() - 60 * 1_600, rel=0.01)
    assert trace.events["recovered"][0] + 60 < trace.events["recovered"][1]  # the backlog comes back with it


def test_a_mitigation_scheduled_after_the_break_changes_only_what_follows():
    first = simulate(Parameters(), seed=5, until=150)
    p = Parameters(expiry=Schedule("off", ((150.0, "on"),)))
    saved = simulate(p, seed=5, until=400, state=first.state)
    assert saved["goodput"][15:40].mean() > 900 and saved.events["recovered"] == 180
    with pytest.raises(ValueError, match="expiry changed before 150 s"):
        simulate(p.replace(expiry="on"), seed=5, until=400, state=first.state)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("field", dataclasses.fields(Parameters), ids=lambda field: field.name)
def test_every_parameter_works_at_the_ends_of_its_range(field):
    about = field.metadata
    for end in about["choices"] or (about["low"], about["high"]):
        trace = simulate(Parameters(**(dict(burst_start=5.0, burst_duration=10.0) | {field.name: end})), 1, until=30)
        for signal in trace.signals:
            assert np.isfinite(trace[signal]).all() and (trace[signal] >= 0).all(), (end, signal)


# -- somebody else's policies ----------------------------------------------------------------------------------------


def test_the_models_own_rule_given_as_a_policy_changes_no_bit():
    p = Parameters(max_consumers=30, startup=15.0)
    own = simulate(p, seed=[1, 2], until=300)

    def scale(queue, working, coming):
        return np.ceil(queue / 100.0 / 5.0)

    given = queue_drill.simulate(p, seed=[1, 2], until=300, scale=scale)
    for name in own.signals:
        np.testing.assert_array_equal(own[name], given[name], err_msg=name)
    nobody = queue_drill.simulate(p, seed=[1, 2], until=300, scale=scale, pause=np.zeros_like)
    np.testing.assert_array_equal(own["goodput"], nobody["goodput"])


def test_a_pause_on_the_wait_seen_two_seconds_ago_keeps_the_queue_short():
    seen = []
    pause = lambda wait: seen.append(wait.copy()) or np.clip((wait - 2.0) / 4.0, 0.0, 1.0)  # noqa: E731
    trace = queue_drill.simulate(Parameters(), seed=[3], until=240, pause=pause)
    np.testing.assert_array_equal(np.concatenate(seen)[100:], trace["next_wait"][97:237, 0])
    assert trace["late_rate"].max() == 0 and trace["utilisation"][80:175].mean() > 0.98
    assert trace["producer_rate"][100:175].mean() == pytest.approx(1000, rel=0.03)


# -- the event loop --------------------------------------------------------------------------------------------------

RATES = dict(producer_rate=800.0, burst_rate=1600.0, service_rate=100.0)  # the model's own
CASES = {
    "unbounded": {},
    "bounded": dict(bound=8.0, until=150.0),
    "bounded, refusals cost": dict(bound=5.0, rejection_cost=0.2, until=120.0),
    "idle consumers": dict(consumers=16, partitions=10, bound=8.0, until=150.0),
    "drop the oldest": dict(bound=8.0, when_full="drop_oldest", until=120.0),
    "newest first": dict(discipline="lifo"),
    "CoDel": dict(discipline="codel", until=120.0),
    "adaptive LIFO with CoDel": dict(discipline="adaptive_lifo", until=120.0),
    "deadlines checked": dict(expiry="on", until=120.0),
    "back-pressure": dict(back_pressure=1.0, until=120.0),
    "half the producers pause": dict(back_pressure=0.6, pressure_delay=5.0, until=120.0),
    "autoscaling": dict(max_consumers=20, startup=20.0, cooldown=60.0),
    "autoscaling before a database": dict(max_consumers=20, startup=20.0, downstream_rate=1200.0),
    "poison": dict(poison_share=0.05, max_deliveries=4, redelivery_delay=10.0),
    "poison, newest first": dict(poison_share=0.05, max_deliveries=4, discipline="lifo"),
    "a broker that dies": dict(memory_limit=20_000.0, restart_time=20.0, until=150.0),
    "a durable one": dict(memory_limit=20_000.0, restart_time=20.0, durable="yes"),
}
SCENARIOS = {name: Scenario(**RATES | settings) for name, settings in CASES.items()}
RUNS = {
    "unbounded": 60, "CoDel": 80, "adaptive LIFO with CoDel": 80, "back-pressure": 120, "poison": 40,
    "poison, newest first": 100, "a broker that dies": 240, "a durable one": 100,
}  # fmt: skip
"""Runs of the event loop, where by twenty a mean's standard error is well above a third of its bar."""
MOVING = ("a broker that dies",)  # and comes back within the half of the burst over which means are taken
TOTALS = {
    "good": "goodput", "late": "late_rate", "refused": "rejected_rate", "dropped": "dropped_rate",
    "dead": "dead_letter_rate", "lost": "lost_rate", "served": "throughput", "sent": "producer_rate",
}  # fmt: skip


LUCK = ("arrivals", "service")  # streams of which the model makes its counts


def settings(scenario):
    """A scenario as the model's parameters."""
    return {f.name: getattr(scenario, f.name) for f in dataclasses.fields(scenario) if f.name != "until"}


def modelled(scenario):
    """The model's runs of a scenario, measured as the event loop's are."""
    seeds = np.arange(100, 356)
    trace = simulate(Parameters(**settings(scenario)), seed=seeds, until=scenario.until)
    start, end = scenario.burst_start, scenario.burst_start + scenario.burst_duration
    seen = {name: trace[signal].sum(axis=0) for name, signal in TOTALS.items()}
    during = (trace.time > (start + end) / 2) & (trace.time <= end)
    signals = dict(good="goodput", served="throughput", depth="depth", age="oldest_age")
    seen |= {f"{name}_in_burst": trace[signal][during].mean(axis=0) for name, signal in signals.items()}
    seen |= {"depth": trace["depth"].max(axis=0), "age": trace["oldest_age"].max(axis=0)}
    good, sent = (np.cumsum(np.pad(trace[name], ((1, 0), (0, 0))), axis=0) for name in ("goodput", "producer_rate"))
    well = good[10:] - good[:-10] >= 0.95 * (1 - scenario.poison_share) * (sent[10:] - sent[:-10])
    well[: int(end)] = False
    back = np.where(well.any(axis=0), well.argmax(axis=0), np.nan)
    parts = [slice(0, int(start)), slice(int(start), int(end)), slice(int(end), None)]
    draws = [noise.normal(seeds, stream, len(trace.time)) for stream in LUCK]
    luck = np.stack([draw[part].sum(axis=0) for draw in draws for part in parts], axis=1)
    return calm(seen | {"consumers": trace["consumers"].max(axis=0), "recovered": back}, luck)


def calm(seen, luck):
    """Each measure less what it owes, by least squares, to chance whose mean is known to be nothing.

    A twentieth of the runs then tell a total as well. What is left is as wide as its degrees of freedom say.
    """
    told = {}
    for name, values in seen.items():
        if not np.isfinite(values).all():
            told[name] = values
            continue
        causes = np.column_stack([np.ones(len(luck)), luck])
        owed = np.linalg.lstsq(causes, values, rcond=None)[0]
        rest = values - causes @ owed
        told[name] = owed[0] + rest * np.sqrt(len(luck) / (len(luck) - causes.shape[1]))
    return told


def looped(name):
    """The event loop's runs of a case."""
    runs = replay(queue_overload_oracle, measure, SCENARIOS[name], range(RUNS.get(name, 20)))
    luck = runs.pop("luck")
    return calm(runs, luck)


@pytest.mark.parametrize("name", CASES)
def test_it_agrees_with_an_event_loop(name):
    loop, model = looped(name), modelled(SCENARIOS[name])
    for total in TOTALS:
        near(model[total], loop[total], TOTAL, 0.05 * TOTAL * loop["sent"].mean(), f"{name}: {total}")
    for rate in ("good", "served", "depth", "age"):
        bar = TRANSIENT if name in MOVING else STEADY
        near(model[f"{rate}_in_burst"], loop[f"{rate}_in_burst"], bar, 0.0, f"{name}: {rate} in the burst")
    for peak in ("depth", "age"):
        near(model[peak], loop[peak], PEAK, 0.0, f"{name}: highest {peak}")
    near(model["consumers"], loop["consumers"], 0.0, 0.3, f"{name}: consumers")
    known = np.isfinite(model["recovered"]).mean(), np.isfinite(loop["recovered"]).mean()
    assert abs(known[0] - known[1]) <= 0.1, known
    if min(known) == 1.0:
        near(model["recovered"], loop["recovered"], 0.03, 2.0, f"{name}: recovered")


def test_the_record_is_the_event_loops():
    """At a tenth of the rates, for it runs each time."""
    replay(queue_overload_oracle, measure, Scenario(bound=8.0, when_full="drop_oldest", until=120.0), [0], live=True)


def test_the_comparison_sees_a_consumer_too_many():
    loop, model = looped("unbounded"), modelled(dataclasses.replace(SCENARIOS["unbounded"], consumers=11))
    with pytest.raises(AssertionError, match="served"):
        near(model["served_in_burst"], loop["served_in_burst"], STEADY, 1.0, "served")


def test_golden_signals_are_those_one_would_look_at_first():
    assert queue_overload.MODEL.golden == dict(
        traffic="producer_rate", errors="error_ratio", latency="wait", saturation="utilisation"
    )
