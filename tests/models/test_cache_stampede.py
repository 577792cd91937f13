"""The cache stampede against its contract, its closed forms and an independent event loop."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.models.cache_stampede import Parameters, Run, exposure, popularity, reached, simulate
from course_lib.models.schedule import Schedule, window
from course_lib.models.simulation import Batch
from course_lib.models.trace import Record
from course_lib.theory import caching
from tests.models import cache_stampede_oracle as oracle
from tests.models import event_loops
from tests.models.agreement import STEADY, TRANSIENT, near

QUIET = dict(trigger="none", background_rate=0.0, origin_capacity=1e4, client_timeout=30.0)
ONE_KEY = QUIET | dict(keys=1, dt=0.25, recompute_time=0.5)
SETTINGS = {
    "naive": {},
    "brownout": dict(trigger="brownout"),
    "flush, every defence": dict(
        trigger="flush", coalescing="fleet", crash_probability=0.1, beta=1.0, stale_while_revalidate=10.0,
        stale_if_error=20.0, ttl_jitter=0.3, warmup_ramp=15.0,
    ),
    "processes, early refresh": dict(coalescing="process", beta=0.7, trigger="brownout"),
}  # fmt: skip


def total(trace, name, start=0.0, end=np.inf):
    """Increase of a rate between two times, per member."""
    return trace[name][(trace.time > start) & (trace.time <= end)].sum(axis=0) * trace.parameters.dt


# -- contract --------------------------------------------------------------------------------------------------------


def test_a_mitigation_ends_an_outage_that_outlived_its_trigger():
    p = Parameters(coalescing=Schedule("none"))
    before = simulate(p, seed=1, until=120)
    locked = p.replace(coalescing=Schedule("none", ((120.0, "fleet"),)))
    after = simulate(locked, seed=1, until=240, state=before.state)
    assert total(before, "goodput", 100) < 0.05 * total(before, "offered_rate", 100)
    assert total(after, "goodput", 200) > 0.98 * total(after, "offered_rate", 200)
    assert total(simulate(p, seed=1, until=240), "goodput", 200) < 0.05 * total(after, "offered_rate", 200)
    with pytest.raises(ValueError, match="ttl changed before 120 s"):
        simulate(p.replace(ttl=60.0), seed=1, until=240, state=before.state)


def test_settings_share_their_random_numbers():
    trace = simulate(Parameters(ttl=np.array([10.0, 30.0]), beta=np.array([[0.0], [1.0]])), seed=4, until=50)
    assert (trace["offered_rate"] == trace["offered_rate"][:, :1, :1]).all()
    near = simulate(Parameters(ttl=np.array([30.0, 30.001]), **QUIET), seed=4, until=200)
    spread = np.abs(total(near, "origin_load")[1] / total(near, "origin_load")[0] - 1)
    assert spread < 0.002  # draws go with key and cycle, so neighbours stay neighbours


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(ttl=0), r"ttl = 0: must lie between 0.5 and 1e\+06 s"),
        (dict(beta=-1), r"beta = -1: must lie between 0 and 1000"),
        (dict(coalescing="pod"), r"coalescing = 'pod': choose one of none, process, fleet"),
        (dict(processes=1.5), r"processes = 1.5: must be a whole number"),
        (dict(flush_share=float("nan")), r"flush_share = nan: must lie between 0 and 1 of keys"),
        (dict(ttl=Schedule(30, ((10, -1),))), r"ttl = -1: must lie between"),
        (dict(ttl=np.ones(3), beta=np.zeros(4)), r"beta has shape \(4,\), which does not broadcast with ttl"),
        (dict(recompute_time=0.1), r"recompute_time = 0.1 s is shorter than a tick of 0.5 s: set dt to 0.1 or less"),
    ],
)
def test_bad_input_is_named_in_one_line(change, message):
    with pytest.raises(ValueError, match=message) as caught:
        simulate(Parameters(**change), until=10)
    assert "\n" not in str(caught.value)


@pytest.mark.weekly
def test_extreme_corners_stay_finite():
    corners = np.meshgrid([0.0, 5000.0], [0.5, 1e6], [0.0, 1000.0], [0.5, 60.0], [0.1, 1e6], indexing="ij")
    rate, ttl, beta, delta, capacity = (c.ravel() for c in corners)
    p = Parameters(arrival_rate=rate, ttl=ttl, beta=beta, recompute_time=delta, origin_capacity=capacity)
    for change in ({}, dict(coalescing="process", stale_if_error=5.0), dict(trigger="flush", coalescing="fleet")):
        trace = simulate(p.replace(**change), until=90)
        for name in trace.signals:
            assert np.isfinite(trace[name]).all() and (trace[name] >= -1e-9).all(), name


def test_requests_are_conserved():
    for change in SETTINGS.values():
        t = simulate(Parameters(**change), seed=np.arange(8), until=240)
        ended = total(t, "goodput") + total(t, "error_rate")
        settled = total(t, "offered_rate", 0, 237).mean()  # those of the last timeout may still wait
        assert 0.99 * settled < ended.mean() < 1.005 * total(t, "offered_rate").mean(), change


def test_popularity_has_the_same_bits_alone_and_beside_others():
    for exponent in (0.5, 1.0, 2.0):
        alone, beside = popularity(128, [exponent]), popularity(128, [exponent, 0.7, exponent])
        assert (alone[:, 0] == beside[:, 0]).all() and (alone[:, 0] == beside[:, 2]).all()


# -- closed forms ----------------------------------------------------------------------------------------------------


def test_exposure_and_its_inverse():
    seconds = np.linspace(0.01, 40.0, 200)
    for lead in (1e-9, 0.5, 20.0):
        when = reached(seconds, 3.0, 30.0, lead)
        np.testing.assert_allclose(exposure(3.0, when, 30.0, lead), seconds, rtol=1e-6)
        steps = np.linspace(3.0, 45.0, 200_001)
        summed = np.exp(-np.maximum(30.0 - steps, 0.0) / lead).mean() * 42.0
        assert exposure(3.0, 45.0, 30.0, lead) == pytest.approx(summed, rel=1e-3)


@pytest.mark.parametrize(
    ("rate", "ttl"), [pytest.param(5.0, 2.0, marks=pytest.mark.weekly), (50.0, 2.0), (100.0, 10.0)]
)
def test_hit_ratio_and_stampede_size(rate, ttl):
    t = simulate(Parameters(arrival_rate=rate, ttl=ttl, **ONE_KEY), seed=np.arange(60), until=400)
    missed = total(t, "miss_rate", 20).mean()
    hits = 1 - missed / (total(t, "goodput", 20).mean())
    assert hits == pytest.approx(caching.hit_ratio(rate, ttl, 0.5), rel=0.005)
    assert missed / 380 == pytest.approx(caching.origin_load(rate, ttl, 0.5), rel=0.01)


def test_a_single_stampede_is_one_and_lambda_delta():
    p = Parameters(arrival_rate=100.0, ttl=1e4, **(ONE_KEY | dict(trigger="hot_key", surge_factor=1.0)))
    t = simulate(p, seed=np.arange(400), until=80)
    size = total(t, "recompute_rate_hottest", 60)
    assert size.mean() == pytest.approx(caching.stampede_size(100.0, 0.5), rel=0.01)
    assert size.std() == pytest.approx(np.sqrt(50.0), rel=0.1)
    locked = simulate(p.replace(coalescing="fleet"), seed=np.arange(400), until=80)
    assert (total(locked, "recompute_rate_hottest", 60) == 1.0).all() and (locked["recomputes_hottest"] <= 1).all()


def test_a_stampede_of_processes_is_at_most_their_number():
    p = Parameters(arrival_rate=100.0, ttl=10.0, coalescing="process", processes=20, **ONE_KEY)
    t = simulate(p, seed=np.arange(40), until=420)
    size = total(t, "recompute_rate_hottest", 20).mean() / 400 * caching.cycle_length(100.0, 10.0, 0.5)
    assert size == pytest.approx(caching.process_stampede(100.0, 0.5, 20), rel=0.02)


@pytest.mark.parametrize(
    "beta", [pytest.param(0.5, marks=pytest.mark.weekly), 1.0, pytest.param(2.0, marks=pytest.mark.weekly)]
)
def test_early_refresh_lead_and_recomputes_per_cycle(beta):
    t = simulate(Parameters(arrival_rate=100.0, ttl=20.0, beta=beta, **ONE_KEY), seed=np.arange(100), until=420)
    cycles = (np.diff(t["answer_age"][t.time > 20], axis=0) < -1).sum() / 100
    lead = 20.5 - 400 / cycles
    assert lead == pytest.approx(caching.refresh_lead(100.0, 0.5, beta), abs=0.15)
    per_cycle = total(t, "recompute_rate_hottest", 20).mean() / cycles
    assert per_cycle == pytest.approx(caching.refreshes_per_cycle(beta), rel=0.03)


def test_losing_the_cache_multiplies_the_load_by_one_over_one_minus_h():
    common = QUIET | dict(zipf_exponent=0.0, keys=500, recompute_time=0.5)
    t = simulate(Parameters(arrival_rate=500.0, ttl=20.0, **common), seed=np.arange(4), until=200)
    before = total(t, "origin_load", 50).mean() / 150
    lost = simulate(
        Parameters(arrival_rate=500.0, ttl=20.0, cache_lost=window(50.0, 1e3, 1.0, 0.0), **common), until=200
    )
    during = total(lost, "origin_load", 100) / 100
    hits = 1 - total(t, "miss_rate", 50).mean() / total(t, "goodput", 50).mean()
    assert hits == pytest.approx(caching.hit_ratio(1.0, 20.0, 0.5), abs=0.01)
    assert during / before == pytest.approx(caching.loss_multiplier(hits), rel=0.05)


def test_jitter_spreads_a_bulk_load():
    common = dict(
        keys=2000, zipf_exponent=0.0, arrival_rate=1e5, coalescing="fleet", trigger="flush", trigger_start=5.0
    )
    p = Parameters(ttl=60.0, ttl_jitter=np.array([0.0, 0.5]), origin_capacity=1e5, background_rate=0.0, **common)
    t = simulate(p, seed=1, until=75)
    assert total(t, "origin_load", 40, 60)[1] / 20 == pytest.approx(caching.jitter_peak(2000, 60.0, 0.5), rel=0.05)
    peak = t["origin_load"][t.time > 30].max(axis=0)
    assert peak[0] > 15 * peak[1]


@pytest.mark.parametrize(("keys", "capacity"), [(500, 20.0), (1000, 40.0)])
def test_a_cold_start_takes_the_keys_over_the_spare_rate(keys, capacity):
    patient = dict(client_timeout=600.0, lock_expiry=np.inf, queue_limit=np.inf, background_rate=0.0)
    common = dict(
        zipf_exponent=0.0, arrival_rate=5000.0, ttl=1e5, coalescing="fleet", trigger="flush", trigger_start=10.0
    )
    t = simulate(Parameters(keys=keys, origin_capacity=capacity, **patient, **common), seed=np.arange(3), until=80)
    assert total(t, "origin_load", 10) == pytest.approx(keys, rel=0.01)
    last = [t.time[column > 0].max() - 10.0 for column in t["origin_throughput"].T]
    assert np.mean(last) == pytest.approx(caching.refill_time(keys, capacity) + 1.0, abs=1.5)


# -- the failure, its defences and their price -----------------------------------------------------------------------


def ends_well(until=240, **change):
    """Share of seeds in which the trigger is survived."""
    return 1 - np.isnan(simulate(Parameters(**change), seed=np.arange(24), until=until).events["recovered"]).mean()


@pytest.mark.parametrize("trigger", ["hot_key", "flush", "brownout"])
def test_undefended_every_trigger_becomes_an_outage_that_stays(trigger):
    t = simulate(Parameters(trigger=trigger), seed=np.arange(24), until=240)
    assert (total(t, "error_rate", 20, 60) <= 0.02 * total(t, "offered_rate", 20, 60)).mean() > 0.9
    assert np.isnan(t.events["recovered"]).mean() > 0.95
    assert total(t, "goodput", 200).mean() < 0.1 * total(t, "offered_rate", 200).mean()
    assert ends_well(trigger=trigger, coalescing="fleet") == 1.0
    assert ends_well(trigger="none") == 0.0  # no trigger: nothing to recover from


def test_stale_answers_hide_a_slow_origin_and_cost_age():
    t = simulate(Parameters(trigger="brownout", stale_while_revalidate=60.0), seed=np.arange(24), until=240)
    assert (total(t, "error_rate") < 0.001 * total(t, "offered_rate")).all()
    assert t["stale_share"].max(axis=0).mean() > 0.2 and 0 < t["stale_age"].max() <= 60.0


def test_read_through_heals_where_look_aside_does_not():
    common = dict(trigger="brownout", coalescing="process", queue_limit=600.0)
    assert ends_well(fill="look_aside", **common) == 0.0
    assert ends_well(fill="read_through", **common) == 1.0


def test_early_refresh_does_not_help_a_key_that_is_purged():
    assert ends_well(beta=1.0) < 0.1 and ends_well(trigger="none", beta=1.0) == 0.0
    quiet = simulate(Parameters(trigger="none", beta=np.array([0.0, 1.0])), seed=3, until=240)
    assert quiet["recomputes_hottest"][40:].max(axis=0)[0] > 8 * quiet["recomputes_hottest"][40:].max(axis=0)[1]


def test_over_fixing_beta_keeps_the_origin_busy_for_nothing():
    t = simulate(Parameters(trigger="none", beta=np.array([1.0, 20.0])), seed=1, until=120)
    load = total(t, "origin_load", 30) / 90
    assert load[1] > 5 * load[0] and total(t, "goodput", 60)[1] < 0.5 * total(t, "goodput", 60)[0]


def test_over_fixing_ttl_makes_readers_see_old_prices():
    t = simulate(Parameters(trigger="none", ttl=np.array([30.0, 3600.0])), seed=1, until=120)
    assert t["answer_age"][-1, 0] < 30 and t["answer_age"][-1, 1] > 600


def test_a_lock_without_expiry_leaves_a_key_dead_when_its_holder_dies():
    p = Parameters(
        trigger="none", coalescing="fleet", crash_probability=1.0, lock_expiry=np.array([5.0, np.inf]), keys=1
    )
    t = simulate(p.replace(crash_probability=np.array([0.2, 1.0])), seed=2, until=300)
    assert total(t, "goodput", 100)[0] > 0.7 * total(t, "offered_rate", 100)[0]
    assert total(t, "goodput", 100)[1] == 0.0 and total(t, "origin_load", 100)[1] < 1.2 * 200 * 10
    assert (t["recomputes_hottest"] <= 1.0).all()


# -- an independent event loop ---------------------------------------------------------------------------------------

SCENES = {  # setting: windows in seconds, and how near every mean in them must come
    "steady": (dict(trigger="none", origin_capacity=90.0), {(20, 180): STEADY}),
    "early refresh": (dict(trigger="none", beta=1.0), {(20, 180): STEADY}),
    "processes": (dict(trigger="none", coalescing="process"), {(20, 180): STEADY}),
    "holders that die": (dict(trigger="none", coalescing="fleet", crash_probability=0.05), {(20, 180): STEADY}),
    "stale": (
        dict(trigger="brownout", brownout_capacity=0.1, stale_while_revalidate=30.0),
        {(20, 60): STEADY, (60, 80): TRANSIENT, (80, 120): TRANSIENT, (120, 180): STEADY},
    ),
    "brownout, locked": (
        dict(trigger="brownout", brownout_capacity=0.1, coalescing="fleet", stale_if_error=30.0),
        {(60, 80): TRANSIENT, (80, 120): TRANSIENT, (120, 180): STEADY},
    ),
    "brownout, processes": (
        dict(trigger="brownout", coalescing="process"),
        {(60, 80): TRANSIENT, (120, 180): STEADY},
    ),
    "brownout, naive": (dict(trigger="brownout"), {(60, 80): TRANSIENT, (120, 180): STEADY}),
    "flush, warm-up": (
        dict(trigger="flush", coalescing="fleet", warmup_ramp=20.0),
        {(60, 80): TRANSIENT, (80, 120): TRANSIENT, (120, 180): STEADY},
    ),
    "flush, every defence": (
        dict(SETTINGS["flush, every defence"]),
        {(20, 60): STEADY, (60, 80): TRANSIENT, (80, 120): TRANSIENT, (120, 180): STEADY},
    ),
    "hot key": (dict(trigger="hot_key", surge_factor=3.0), {(60, 80): TRANSIENT, (120, 180): STEADY}),
}
SEEDS = {"brownout, locked": 36, "flush, every defence": 36}  # where few seeds scatter much
COUNTED = {"good": "goodput", "missed": "miss_rate", "failed": "error_rate", "wanted": "origin_load"}


def measured(scenario, seed):
    """Mean counts per second in some windows of one run of the event loop."""
    setting, windows = scenario
    run = oracle.run(oracle.Setting(**dict(setting)), seed, max(end for _, end in windows))
    return {name: [run.total(name, start, end) / (end - start) for start, end in windows] for name in COUNTED}


def loops(change, windows, seeds, live=False):
    return event_loops.replay(oracle, measured, (tuple(change.items()), tuple(windows)), range(seeds), live=live)


@pytest.mark.parametrize("name", SCENES)
def test_means_agree_with_an_independent_event_loop(name):
    change, windows = SCENES[name]
    seen = loops(change, windows, SEEDS.get(name, 12), live=name == "holders that die")
    t = simulate(Parameters(**change), seed=np.arange(64), until=180)
    for i, ((start, end), bar) in enumerate(windows.items()):
        for counted, signal in COUNTED.items():
            ours = total(t, signal, start, end) / (end - start)
            near(ours, seen[counted][:, i], bar, 0.1, f"{signal} from {start} s")


def test_read_through_by_process_agrees_in_what_is_answered():
    """Readers of every process are answered by the first recompute that lands: errors in an overload come out low."""
    change = dict(trigger="brownout", coalescing="process", fill="read_through", queue_limit=600.0)
    seen = loops(change, [(60, 120)], 12)
    t = simulate(Parameters(**change), seed=np.arange(64), until=120)
    near(total(t, "goodput", 60, 120), 60 * seen["good"][:, 0], TRANSIENT)
    assert total(t, "error_rate", 60).mean() < 60 * seen["failed"].mean()


def stands(goodput):
    """Share of runs answered at least half of 500 requests/s."""
    return np.mean(np.asarray(goodput) > 250.0)


EDGES = {  # where luck decides: change, length, event loop's seeds
    "peak of twice the load": (dict(trigger="hot_key", surge_factor=2.0), 120.0, 48),
    "XFetch in a peak": (dict(trigger="hot_key", surge_factor=3.0, beta=1.0), 120.0, 48),
    "a lock in each process after a flush": (dict(trigger="flush", coalescing="process"), 120.0, 48),
    "a valve, hardly open": (dict(trigger="brownout", valve=(100.0, 160.0, 0.01)), 200.0, 24),
    "a valve, not closed enough": (dict(trigger="brownout", valve=(100.0, 150.0, 0.02)), 200.0, 24),
    "a valve, a bigger origin": (
        dict(trigger="brownout", valve=(100.0, 150.0, 0.02), origin_capacity=120.0), 200.0, 12,
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.weekly] if "valve, " in name else []) for name in EDGES]
)
def test_the_chance_to_stand_agrees_near_the_edge(name):
    change, until, seeds = EDGES[name]
    theirs = stands(loops(change, [(until - 15, until)], seeds)["good"][:, 0])
    change = dict(change)
    if valve := change.pop("valve", None):
        change["admission"] = window(valve[0], valve[1] - valve[0], valve[2], 1.0)
    record = Record(("goodput",), every=15.0, start=until - 15.0)
    t = simulate(Parameters(**change), seed=np.arange(128), until=until, record=record)
    scatter = np.sqrt(theirs * (1 - theirs) / seeds + 0.25 / 128)
    assert stands(t["goodput"][-1]) == pytest.approx(theirs, abs=0.05 + 2 * scatter)


def test_a_key_is_never_filled_before_its_recompute_is_done():
    p = Parameters(
        keys=200, zipf_exponent=0.8, arrival_rate=1000.0, ttl=1e5, trigger="flush", trigger_start=10.0,
        origin_capacity=40.0, background_rate=0.0, client_timeout=600.0, lock_expiry=np.inf, queue_limit=np.inf,
        coalescing=np.array(["fleet", "process", "none"]),
    )  # fmt: skip
    run = Run(Batch(p), 60)
    for now in range(60):
        run.advance(now)
        filled = (run.keys.made_at.reshape(200, -1) > 10.0).sum(axis=0)
        row = run.origin.past + now + 1
        finished = run.origin.started[row - 2] - run.origin.started[run.origin.past + 20]  # a recompute is two ticks
        assert (filled <= np.maximum(finished, 0.0) + 1.0).all(), now  # the last may be under way in a fluid origin
    assert filled[0] == 200


def test_what_finds_the_queue_full_is_asked_for_all_the_same():
    full = dict(trigger="brownout", brownout_capacity=0.05, coalescing="fleet", queue_limit=np.array([10.0, 1000.0]))
    t = simulate(Parameters(**full), seed=np.arange(32)[:, None], until=80)
    asked = total(t, "origin_load", 65, 80).mean(axis=0) / 15
    assert asked[0] > 3 * asked[1] and asked[0] > 50


def test_a_lost_node_answers_all_who_come_and_no_more():
    p = Parameters(keys=1, arrival_rate=100.0, cache_lost=1.0, coalescing="fleet", trigger="none")
    t = simulate(p, seed=np.arange(8), until=120)
    answered = np.add.accumulate(t["goodput"], axis=0)
    assert (answered <= np.add.accumulate(t["offered_rate"], axis=0) + 1e-6).all()
    assert (total(t, "goodput") > 0.97 * total(t, "offered_rate")).all()


def test_a_crash_counts_a_waiting_reader_once():
    dying = dict(coalescing="fleet", crash_probability=0.5, lock_expiry=2.0)
    p = Parameters(keys=1, arrival_rate=50.0, trigger="none", **dying)
    t = simulate(p, seed=np.arange(64), until=200)
    some = t["miss_rate"] > 0
    asked = np.where(some, t["miss_rate"] / np.where(some, 1.0 - t["hit_ratio"], 1.0), t["offered_rate"])
    assert asked.sum(axis=0) == pytest.approx(total(t, "offered_rate") * 2.0, rel=0.002)


def test_a_purge_moves_the_wait_of_an_entry_that_is_being_refreshed():
    p = Parameters(keys=1, beta=1000.0, arrival_rate=2.0, ttl=1e4, recompute_time=20.0, client_timeout=60.0,
                   trigger="hot_key", trigger_start=30.0, surge_factor=1.0, trigger_duration=5.0)  # fmt: skip
    t = simulate(p, seed=np.arange(64), until=60)
    waited = total(t, "miss_rate", 31, 40).mean()
    assert waited > 0.3 * total(t, "offered_rate", 31, 40).mean()


@pytest.mark.weekly
def test_a_sweep_keeps_to_bounded_memory():
    import tracemalloc

    p = Parameters(ttl=np.geomspace(5, 300, 30)[:, None], arrival_rate=np.linspace(100, 1000, 30))
    tracemalloc.start()
    t = simulate(p, until=60, record=Record(("goodput",), every=5.0, start=20.0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert t["goodput"].shape == (8, 30, 30) and peak < 60e6
