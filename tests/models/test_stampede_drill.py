"""The lab's drill against its contract and its closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.models.drills import stampede_drill
from course_lib.models.drills.stampede_drill import FRESH, WAIT, Parameters, recomputes, simulate, total
from course_lib.theory import caching

LOCKED = Parameters(coalescing="fleet")
SWEPT = dict(
    coalescing=np.array(["none", "fleet", "fleet", "fleet"]), beta=np.array([0.0, 1.0, 0.0, 0.5]),
    ttl=np.array([3.0, 9.0, 4.0, 6.0]), stale_while_revalidate=np.array([0.0, 0.0, 5.0, 0.0]),
    crash_time=np.array([np.inf, np.inf, 0.0, 5.0]), outage_start=8.0,
    outage_duration=np.array([0.0, 3.0, 0.0, 9.0]), arrival_rate=np.array([300.0, 800.0, 50.0, 5.0]),
    stale_if_error=np.array([0.0, 2.0, 0.0, 4.0]),
)  # fmt: skip


def same(one, other):
    for name in one.signals:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


# -- contract --------------------------------------------------------------------------------------------------------


def test_the_models_own_policies_given_from_outside_change_nothing():
    own = dict(lock=stampede_drill.locking, refresh_early=stampede_drill.refreshing, serve=stampede_drill.serving)
    same(simulate(Parameters(**SWEPT), 3, until=20), simulate(Parameters(**SWEPT), 3, until=20, **own))


def test_a_tick_blurs_nothing():
    coarse, fine = (simulate(LOCKED.replace(crash_time=0.0, ttl=5.0, dt=dt), 7, until=25) for dt in (1.0, 0.05))
    for signal in ("recompute_rate", "waiting_rate", "stale_rate"):
        assert total(coarse, signal, 0, 25) == pytest.approx(total(fine, signal, 0, 25), rel=1e-6), signal
    assert coarse["longest_wait"].max() == pytest.approx(fine["longest_wait"].max(), rel=0.001)


def test_every_reader_is_answered_once_or_still_waits():
    for change in (dict(), dict(beta=1.0), dict(stale_while_revalidate=4.0), dict(crash_time=0.0)):
        t = simulate(LOCKED.replace(ttl=5.0, **change), 7, until=30)
        requests, fresh, stale, waiting = (
            total(t, name, 0, 30) for name in ("request_rate", "fresh_rate", "stale_rate", "waiting_rate")
        )
        early = waiting if change == dict(beta=1.0) else 0.0  # who refreshes gets its answer a recompute later
        assert fresh + stale + early + t["crowd"][-1] == pytest.approx(requests), change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(ttl=0), r"ttl = 0: must lie between 0.5 and 1e\+06 s"),
        (dict(coalescing="pod"), "coalescing = 'pod': choose one of none, fleet"),
        (dict(recompute_time=0.1), "recompute_time = 0.1 s is shorter than a tick of 0.25 s: set dt to 0.1 or less"),
    ],
)
def test_bad_input_is_named_in_one_line(change, message):
    with pytest.raises(ValueError, match=message) as caught:
        simulate(Parameters(**change), until=10)
    assert "\n" not in str(caught.value)


# -- closed forms ----------------------------------------------------------------------------------------------------


def test_a_stampede_is_one_and_lambda_delta():
    size = recomputes(simulate(Parameters(ttl=2.0, arrival_rate=400.0), np.arange(200), until=5), 0, 4)
    assert size.mean() == pytest.approx(caching.stampede_size(400.0, 1.0), rel=0.01)
    assert size.std() == pytest.approx(20.0, rel=0.15)


@pytest.mark.parametrize("coalescing", ["none", "fleet"])
def test_the_load_of_a_key(coalescing):
    p = Parameters(arrival_rate=40.0, ttl=4.0, recompute_time=0.5, coalescing=coalescing)
    load = total(simulate(p, np.arange(20), until=200), "recompute_rate", 0, 200).mean() / 200
    assert load == pytest.approx(caching.origin_load(40.0, 4.0, 0.5, coalescing == "fleet"), rel=0.02)


def test_a_lock_computes_once_and_once_more_when_its_holder_dies():
    t = simulate(LOCKED.replace(crash_time=np.array([np.inf, 0.0])), np.arange(20)[:, None], until=45)
    assert (recomputes(t, 0, 45) == [1, 2]).all()
    assert t["longest_wait"].max(axis=0)[:, 0] == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(t["longest_wait"].max(axis=0)[:, 1], 11.0, atol=0.02)
    for_ever = simulate(LOCKED.replace(crash_time=0.0, lock_expiry=np.inf), 7, until=90)
    assert recomputes(for_ever, 0, 90) == 1 and for_ever["longest_wait"][-1] == pytest.approx(60, abs=0.01)


@pytest.mark.parametrize(
    "beta", [pytest.param(0.7, marks=pytest.mark.weekly), pytest.param(1.0, marks=pytest.mark.weekly), 2.0]
)
def test_early_refresh_takes_exp_one_over_beta_recomputes_a_cycle(beta):
    p = Parameters(arrival_rate=300.0, ttl=20.0, recompute_time=0.5, beta=beta)
    t = simulate(p, np.arange(10), until=800)
    cycles = (np.diff(t["oldest_answer"], axis=0) < -1).sum(axis=0)
    assert 800 / cycles.mean() == pytest.approx(20.5 - caching.refresh_lead(300.0, 0.5, beta), rel=0.03)
    per_cycle = total(t, "recompute_rate", 0, 800).sum() / cycles.sum()
    assert per_cycle == pytest.approx(caching.refreshes_per_cycle(beta), rel=0.08)
    assert t["oldest_answer"].max() < 20.0


def test_stale_answers_are_those_that_come_during_a_recompute():
    t = simulate(LOCKED.replace(ttl=9.0, stale_while_revalidate=5.0), np.arange(10), until=100)
    share = total(t, "stale_rate", 0, 100).sum() / total(t, "request_rate", 0, 100).sum()
    assert share == pytest.approx(1 - caching.hit_ratio(1000.0, 9.0, 1.0), rel=0.02)
    assert total(t, "waiting_rate", 0, 100).max() == 0 and t["oldest_answer"].max() == pytest.approx(10.0, abs=0.01)


# -- what the lab says -----------------------------------------------------------------------------------------------


def test_a_purged_key_is_a_stampede_in_spite_of_early_refresh():
    t = simulate(Parameters(beta=1.0, purge_time=10.0), 7, until=20)
    assert recomputes(t, 0, 20) > 900


def test_an_outage_is_hidden_until_the_window_ends():
    t = simulate(LOCKED.replace(stale_if_error=20.0, outage_start=25.0, outage_duration=100.0), 7, until=80)
    assert t["oldest_answer"].max() == pytest.approx(50.0, abs=0.01)
    assert (t["crowd"][(t.time > 32) & (t.time < 50)] == 0).all() and t["crowd"][-1] > 20_000


def test_a_lock_shorter_than_a_recompute_lets_a_second_one_begin():
    assert recomputes(simulate(LOCKED.replace(lock_expiry=0.4), 7, until=45), 0, 45) == 3


def test_a_policy_that_never_asks_leaves_readers_waiting():
    t = simulate(Parameters(ttl=2.0), 7, until=5, refresh_early=lambda left, *_: left > np.inf)
    assert recomputes(t, 0, 5) == 0 and t["crowd"][-1] > 2500
    nobody = simulate(LOCKED.replace(ttl=2.0), 7, until=5, lock=lambda held, *_: (np.zeros_like(held), held))
    assert recomputes(nobody, 0, 5) == 0
    held = simulate(Parameters(ttl=2.0), 7, until=5, serve=lambda age, *_: np.where(age < 1, FRESH, WAIT))
    assert held["oldest_answer"].max() < 1
