"""The retry storm against its contract, its closed forms and an independent event loop."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.models import noise, retry_storm
from course_lib.models.retry_storm import Parameters, simulate
from course_lib.models.schedule import Schedule
from course_lib.models.trace import Record
from course_lib.theory import retries
from tests.models.agreement import PEAK, STEADY, TOTAL, TRANSIENT, near
from tests.models.retry_storm_oracle import Loop, Scenario

BUSY = Parameters(arrival_rate=1000.0)  # the table of ways back is computed at this load
EVERYTHING = dict(
    deadline_propagation="on", queue_limit=900, breaker="on", throttle="on", budget="successes", backoff="full_jitter"
)
SETTINGS = {
    "naive": {},
    "every defence": EVERYTHING,
    "budget": dict(budget="first_attempts", budget_min_rate=3.0),
    "decorrelated": dict(backoff="decorrelated_jitter"),
    "bounded": dict(queue_limit=900, backoff="exponential"),
    "closed loop": dict(population=9000, deadline_propagation="on"),
    "lost replies": dict(reply_loss=0.05, budget="successes"),
}


def same(a, b, member=()):
    """All signals and events of trace `a` equal those of one member of `b`, bit for bit."""
    for name in a.signals:
        np.testing.assert_array_equal(a[name], b[name][(slice(None), *member)], err_msg=name)
    for name in a.events:
        np.testing.assert_array_equal(a.events[name], b.events[name][member], err_msg=name)


# -- contract --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize(
    "swept",
    [
        dict(max_retries=np.array([0, 3, 10])),
        dict(timeout=np.array([0.3, 1.0, 2.5])),
        dict(arrival_rate=np.array([90.0, 900.0, 1300.0])),
        dict(brownout_capacity=np.array([0.0, 0.3, 1.0])),
        dict(arrival_rate=Schedule(900.0, ((np.array([5.0, 15.0, 25.0]), np.array([300.0, 1500.0, 900.0])),))),
        dict(max_retries=Schedule(np.array([3, 2, 1]), ((30.0, np.array([0, 1, 2])),))),
        dict(backoff=np.array(["none", "full_jitter", "decorrelated_jitter"])),
        dict(budget=np.array(["none", "first_attempts", "successes"])),
        dict(queue_limit=np.array([500, 900, np.inf])),
        dict(reply_loss=np.array([0.0, 0.01, 1.0])),
        dict(deadline_propagation=np.array(["off", "on", "off"]), breaker=np.array(["on", "off", "off"])),
    ],
    ids=lambda swept: "+".join(swept),
)
def test_a_member_of_a_batch_is_the_scalar_run_bit_for_bit(name, swept):
    base = dict(brownout_start=10.0, brownout_duration=8.0) | SETTINGS[name]
    batch = simulate(Parameters(**(base | swept)), seed=np.arange(2)[:, None] + 3, until=45)
    assert batch["goodput"].shape == (450, 2, 3)
    for member in ((0, 1), (1, 2), (1, 0)):
        alone = {key: _pick(value, member[1]) for key, value in swept.items()}
        same(simulate(Parameters(**(base | alone)), seed=int(member[0]) + 3, until=45), batch, member)


def _pick(value, i):
    if isinstance(value, Schedule):
        pick = lambda part: np.broadcast_to(part, (3,))[i]  # noqa: E731
        return Schedule(pick(value.initial), tuple((pick(t), pick(v)) for t, v in value.changes))
    return value[i]


def test_a_wide_batch_uses_the_same_bits_as_a_narrow_one():
    rates = np.linspace(600.0, 1100.0, 300)
    wide = simulate(
        Parameters(arrival_rate=rates, brownout_start=10.0),
        until=60,
        record=Record(("goodput", "latency_p99"), every=1.0),
    )
    one = simulate(
        Parameters(arrival_rate=rates[217], brownout_start=10.0),
        until=60,
        record=Record(("goodput", "latency_p99"), every=1.0),
    )
    same(one, wide, (217,))


@pytest.mark.parametrize("name", SETTINGS)
def test_a_shorter_run_is_a_prefix_and_a_resumed_run_goes_on(name):
    p = Parameters(**(dict(brownout_start=20.0, brownout_duration=10.0) | SETTINGS[name]))
    whole, short = simulate(p, seed=5, until=90), simulate(p, seed=5, until=37.3)
    rest = simulate(p, seed=5, until=90, state=short.state)
    assert len(short.time) == 373 and len(rest.time) == 527 and rest.time[0] == pytest.approx(37.4)
    for signal in whole.signals:
        np.testing.assert_array_equal(np.concatenate([short[signal], rest[signal]]), whole[signal], err_msg=signal)


def test_a_mitigation_scheduled_after_the_break_changes_only_what_follows():
    calm = Schedule(3, ((100.0, 0),))
    p = Parameters(max_retries=Schedule(3))
    before = simulate(p, seed=1, until=100)
    after = simulate(p.replace(max_retries=calm), seed=1, until=200, state=before.state)
    same_past = simulate(p.replace(max_retries=calm), seed=1, until=100)
    same(before, same_past)
    assert after["attempt_rate"][-300:].mean() < 0.5 * simulate(p, seed=1, until=200)["attempt_rate"][-300:].mean()
    with pytest.raises(ValueError, match="max_retries changed before 100 s"):
        simulate(p.replace(max_retries=1), seed=1, until=200, state=before.state)


def test_a_record_is_the_mean_of_the_ticks_it_covers():
    full = simulate(BUSY, seed=2, until=100)
    kept = simulate(
        BUSY, seed=2, until=100, record=Record(("goodput", "queue_depth", "latency_p99"), every=5.0, start=20.0)
    )
    assert kept.signals == ("goodput", "queue_depth", "latency_p99") and kept.time[0] == 25.0
    np.testing.assert_allclose(kept["goodput"], full["goodput"][200:].reshape(16, 50).mean(axis=1), atol=1e-8)
    np.testing.assert_array_equal(kept["queue_depth"], full["queue_depth"][249::50])
    np.testing.assert_array_equal(kept["latency_p99"], full["latency_p99"][249::50])


def test_settings_share_their_random_numbers():
    trace = simulate(Parameters(max_retries=np.array([0, 3]), timeout=np.array([[1.0], [2.0]])), seed=4, until=50)
    assert (trace["offered_rate"] == trace["offered_rate"][:, :1, :1]).all()
    other = simulate(Parameters(), seed=5, until=50)
    assert not np.array_equal(other["offered_rate"], trace["offered_rate"][:, 0, 1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(max_retries=11), r"max_retries = 11: must lie between 0 and 10 retries"),
        (dict(max_retries=1.5), r"max_retries = 1.5: must be a whole number"),
        (dict(timeout=float("nan")), r"timeout = nan: must lie between 0.1 and 60 s"),
        (dict(backoff="linear"), r"backoff = 'linear': choose one of none, fixed"),
        (dict(service_rate="fast"), r"service_rate = 'fast': give a number between"),
        (dict(arrival_rate=Schedule(900, ((10, -1),))), r"arrival_rate = -1: must lie between"),
        (
            dict(max_retries=np.zeros(3), timeout=np.ones(4)),
            r"max_retries has shape \(3,\), which does not broadcast with timeout",
        ),
        (dict(timeout=np.zeros(0)), r"timeout is empty"),
    ],
)
def test_bad_parameters_are_told_in_one_line(change, message):
    with pytest.raises(ValueError, match=message) as caught:
        Parameters(**change)
    assert "\n" not in str(caught.value)


def test_other_bad_input_is_told_in_one_line():
    with pytest.raises(TypeError, match="timeout can't change during a run"):
        Parameters(timeout=Schedule(1.0))
    with pytest.raises(TypeError, match="dt is fixed for a batch"):
        Parameters(dt=np.array([0.1, 0.2]))
    with pytest.raises(ValueError, match="must not go back"):
        Schedule(1.0, ((60, 0.3), (30, 1.0)))
    for call, message in [
        (dict(until=0), "until = 0 s: must lie after"),
        (dict(until=float("nan")), "until = nan s"),
        (dict(until=10, seed=-1), "seed = -1: give a whole number"),
        (dict(until=10, seed=1.5), "seed = 1.5"),
        (dict(until=10, record=Record(("speed",))), "has no signal 'speed'"),
        (dict(until=10, record=Record(("goodput",), every=0.25)), "must be whole ticks"),
    ]:
        with pytest.raises(ValueError, match=message):
            simulate(Parameters(), **call)
    with pytest.raises(KeyError, match="no signal 'speed'"):
        simulate(Parameters(), until=1)["speed"]
    with pytest.raises(ValueError, match="no parameter 'retries'"):
        Parameters().replace(retries=3)


# -- noise -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [0.0, 0.5, 2.0, 9.0, 29.0, 31.0, 90.0])
def test_counts_have_the_mean_and_variance_of_a_poisson(mean):
    counts = noise.poisson(noise.normal([1], "test", 400_000), mean)
    assert counts.mean() == pytest.approx(mean, rel=0.005, abs=1e-9)
    assert counts.var() == pytest.approx(mean, rel=0.015, abs=1e-9)
    assert (counts >= 0).all()


# -- closed forms ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backoff", retry_storm.BACKOFFS)
@pytest.mark.parametrize(("load", "collapses"), [(0.9, False), (1.1, True)])
def test_the_band_in_which_a_storm_outlives_its_trigger(backoff, load, collapses):
    """lambda (R + 1) against mu decides, whatever the backoff: it moves retries in time and removes none."""
    low, _ = retries.vulnerable_band(1200.0, 3)
    p = Parameters(
        arrival_rate=load * low, brownout_capacity=0.05, brownout_duration=60.0, backoff=backoff, backoff_base=0.5
    )
    goodput = simulate(p, seed=np.arange(4), until=900)["goodput"][-600:].mean()
    assert goodput == pytest.approx(0.0 if collapses else load * low, abs=0.02 * low)


def test_amplification_in_a_storm_is_every_attempt_there_is():
    trace = simulate(Parameters(max_retries=np.arange(6)), seed=0, until=300)
    steady = trace["amplification"][-600:].mean(axis=0)
    np.testing.assert_allclose(steady, retries.amplification(1.0, np.arange(6)), rtol=0.01)


def test_without_retries_the_backlog_drains_at_the_spare_rate():
    trace = simulate(BUSY.replace(max_retries=0), seed=np.arange(20), until=300)
    peak = trace["queue_depth"].max(axis=0).mean()
    expected = retries.drain_time(peak, 1000, 1200, 1.0)
    assert np.mean(trace.events["recovered"] - 90) == pytest.approx(expected, rel=0.03)


def test_a_bounded_queue_rejects_for_free_and_stays_at_capacity():
    p = Parameters(arrival_rate=1800.0, queue_limit=900, brownout_duration=0.0, backoff="fixed", backoff_base=0.1)
    trace = simulate(p, seed=np.arange(4), until=200)
    late = slice(-1000, None)
    assert trace["goodput"][late].mean() == pytest.approx(1200, rel=0.01)
    p_fail = retries.free_rejection_failure(1.5, 3)
    assert trace["attempt_rate"][late].mean() == pytest.approx(1200 / (1 - p_fail), rel=0.01)


def test_lost_replies_cost_what_independent_failures_cost():
    p = Parameters(reply_loss=np.array([[0.01], [0.2]]), max_retries=np.array([0, 1, 3]), arrival_rate=500.0)
    trace = simulate(p.replace(brownout_duration=0.0), seed=3, until=400)
    settled = slice(300, None)
    expected = retries.amplification([[0.01], [0.2]], [0, 1, 3])
    np.testing.assert_allclose(trace["amplification"][settled].mean(axis=0), expected, rtol=0.01)
    success = retries.success_probability([[0.01], [0.2]], [0, 1, 3])
    np.testing.assert_allclose(1 - trace["error_ratio"][settled].mean(axis=0), success, rtol=0.004)


def test_google_s_pair_of_limits_on_a_backend_that_rejects_most():
    """Three attempts at most: a little under three times the load. With a 10 % ratio as well: 1.1 times."""
    p = Parameters(arrival_rate=1000.0, service_rate=50.0, queue_limit=40, max_retries=2, brownout_duration=0.0)
    budgets = p.replace(budget=np.array(["none", "first_attempts"]), budget_ratio=0.1)
    trace = simulate(budgets, seed=1, until=120)
    late = slice(-600, None)
    seen = trace["attempt_rate"][late].mean(axis=0) / trace["offered_rate"][late].mean(axis=0)
    assert 2.8 < seen[0] < 3.0 and seen[1] == pytest.approx(1.1, abs=0.01)


def test_a_timeout_at_a_quantile_adds_the_rest_as_load():
    """A timeout at the 99th percentile of healthy latency misjudges 1 % of calls; each of them is sent again."""
    p = Parameters(reply_loss=0.01, max_retries=1, arrival_rate=500.0, brownout_duration=0.0)
    trace = simulate(p, seed=1, until=300)
    added = trace["attempt_rate"].sum() / trace["offered_rate"].sum() - 1
    assert added == pytest.approx(1 - 0.99, rel=0.03)


def test_a_budget_bounds_the_attempts():
    p = Parameters(budget="first_attempts", budget_ratio=np.array([0.05, 0.1, 0.5]), budget_min_rate=20.0)
    trace = simulate(p, seed=1, until=90)
    storm = trace["attempt_rate"][650:900].mean(axis=0)
    np.testing.assert_allclose(storm, retries.budgeted_load(900, [0.05, 0.1, 0.5], 20.0), rtol=0.02)


WAYS_BACK = {  # seconds from the end of the trigger; NaN: never. 1000/s on 1200/s, timeout 1 s, 3 retries, 30 s at 30 %
    "deadline propagation": (dict(deadline_propagation="on"), 0, 1),
    "queue bound": (dict(queue_limit=900), 1, 1),
    "breaker": (dict(breaker="on"), 6, 2),
    "throttle, 10 s": (dict(throttle="on", throttle_window=10.0), 59, 5),
    "throttle, 2 min": (dict(throttle="on"), 975, 20),
    "no retry": (dict(max_retries=0), 91, 5),
    "20 % budget by successes": (dict(budget="successes", budget_ratio=0.2), 91, 5),
    "10 % budget by first attempts": (dict(budget="first_attempts", budget_ratio=0.1), 212, 10),
    "20 % budget by first attempts": (dict(budget="first_attempts", budget_ratio=0.2), np.nan, 0),
    "20 % budget by first attempts, 900/s": (
        dict(budget="first_attempts", budget_ratio=0.2, arrival_rate=900.0),
        175,
        10,
    ),
    "naive": ({}, np.nan, 0),
    "one retry": (dict(max_retries=1), np.nan, 0),
    "fixed backoff": (dict(backoff="fixed", backoff_base=1.0), np.nan, 0),
    "exponential backoff": (dict(backoff="exponential", backoff_base=1.0), np.nan, 0),
    "full jitter": (dict(backoff="full_jitter", backoff_base=1.0), np.nan, 0),
    "decorrelated jitter": (dict(backoff="decorrelated_jitter", backoff_base=1.0), np.nan, 0),
}


@pytest.mark.parametrize("way", WAYS_BACK)
def test_which_single_defence_brings_the_service_back(way):
    change, expected, within = WAYS_BACK[way]
    until = 1200 if np.isnan(expected) or expected > 500 else 400
    took = simulate(BUSY.replace(**change), seed=np.arange(8), until=until).events["recovered"] - 90
    if np.isnan(expected):
        assert np.isnan(took).all()
    else:
        assert np.isfinite(took).all() and np.mean(took) == pytest.approx(expected, abs=within)


# -- the independent event loop --------------------------------------------------------------------------------------

SHARED = dict(arrival_rate=240.0, service_rate=300.0, budget_burst=25.0)
ORACLE = {
    "no retry": dict(max_retries=0),
    "naive": {},
    "exponential": dict(backoff="exponential", backoff_base=1.0),
    "full jitter": dict(backoff="full_jitter", backoff_base=1.0),
    "decorrelated jitter": dict(backoff="decorrelated_jitter", backoff_base=1.0),
    "below the band": dict(arrival_rate=70.0),
    "lost replies": dict(reply_loss=0.1, budget="successes", budget_ratio=0.05),
    "budget by first attempts": dict(budget="first_attempts"),
    "budget by successes": dict(budget="successes"),
    "deadline propagation": dict(deadline_propagation=True),
    "queue bound": dict(queue_limit=225),
    "breaker": dict(breaker=True),
    "throttle": dict(throttle=True, throttle_window=10.0),
    "closed loop": dict(population=2500, think_time=9.0),
}

# Up to a million attempts a run: fewer seeds do, since so many requests leave little scatter.
SLOW = ("naive", "exponential", "full jitter", "decorrelated jitter")


@pytest.mark.parametrize("case", ORACLE)
def test_agrees_with_the_event_loop(case):
    settings = SHARED | ORACLE[case]
    seeds = 3 if case in SLOW else 9
    runs = [Loop(Scenario(**settings), seed).run() for seed in range(seeds)]
    switches = {key: "on" for key in ("deadline_propagation", "breaker", "throttle") if settings.get(key)}
    trace = simulate(Parameters(**(settings | switches)), seed=np.arange(32), until=300)
    good = np.array([run.per_second(run.good, 300) for run in runs])
    near(trace["goodput"][50:600].mean(axis=0), good[:, 5:60].mean(axis=1), STEADY)
    near(trace["goodput"][600:900].mean(axis=0), good[:, 60:90].mean(axis=1), TRANSIENT, 0.1)
    back = np.array([run.recovered(90, 300) for run in runs]) - 90
    drains = np.isfinite(back).all() and back.mean() > 20  # then the window is one long transient
    near(trace["goodput"][900:].mean(axis=0), good[:, 90:].mean(axis=1), TRANSIENT if drains else STEADY, 1.0)
    near(trace["attempt_rate"].sum(axis=0) / 10, [len(run.attempts) for run in runs], TOTAL)
    near(trace["queue_depth"].max(axis=0), [max(run.queue) for run in runs], PEAK, 10)
    assert np.isnan(trace.events["recovered"]).mean() == pytest.approx(np.isnan(back).mean(), abs=0.1)
    if np.isfinite(back).all():
        near(trace.events["recovered"] - 90, back, 0.03, 2.0)


@pytest.mark.parametrize("lasts", [2.5, 2.8, 3.2])
def test_collapse_near_the_critical_trigger_agrees_as_a_probability(lasts):
    """A brownout just long enough collapses some runs and spares others: compare shares, not runs."""
    shared = dict(arrival_rate=90.0, service_rate=300.0)
    loops = [Loop(Scenario(**shared, brownout=(20.0, 20.0 + lasts, 0.1), until=90.0), seed).run() for seed in range(60)]
    lost = np.mean([np.isnan(loop.recovered(20.0 + lasts, 90)) for loop in loops])
    p = Parameters(**shared, brownout_start=20.0, brownout_duration=lasts, brownout_capacity=0.1)
    model = np.isnan(simulate(p, seed=np.arange(400), until=90).events["recovered"]).mean()
    assert model == pytest.approx(lost, abs=0.1)


def test_latency_agrees_with_the_event_loop():
    """Median and p99 of answered requests while the backlog drains, measured from the first attempt."""
    settings = dict(arrival_rate=200.0, service_rate=300.0, max_retries=0, timeout=5.0)
    runs = [Loop(Scenario(**settings, brownout=(20.0, 25.0, 0.3), until=60.0), seed).run() for seed in range(12)]
    trace = simulate(
        Parameters(**settings, brownout_start=20.0, brownout_duration=5.0, brownout_capacity=0.3),
        seed=np.arange(32),
        until=60,
    )
    for second in (24, 26, 28):
        seen = [np.quantile([d for t, d in run.latency if second <= t < second + 1], 0.5) for run in runs]
        near(trace["latency_p50"][second * 10 + 9], seen, TRANSIENT, 0.02)


def test_dropping_expired_work_only_at_the_head_wastes_most_of_it():
    """Closed form mu**2 / a, in the event loop: why deadlines must also cancel what is running."""
    never = (1e6, 1e6 + 1, 1.0)
    for rate in (150.0, 300.0):
        shared = dict(
            arrival_rate=rate, service_rate=100.0, max_retries=0, deadline_propagation=True, until=300.0, brownout=never
        )
        for cancels, expected in ((False, retries.expiring_goodput(100, rate)), (True, 100.0)):
            good = [
                sum(t > 20 for t in Loop(Scenario(**shared, cancels=cancels), seed).run().good) / 280
                for seed in range(3)
            ]
            assert np.mean(good) == pytest.approx(expected, rel=0.02)
