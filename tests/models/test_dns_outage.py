"""The DNS outage against its closed forms and an independent event loop."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from course_lib.models.dns_outage import Parameters, simulate
from course_lib.models.schedule import Schedule
from course_lib.theory import dns
from tests.models import dns_outage_oracle
from tests.models.agreement import STEADY, TOTAL, near
from tests.models.dns_outage_oracle import Loop, Scenario, measure, recovery
from tests.models.event_loops import replay

H = 300.0


def lost(seed=7, until=600.0, **changes) -> np.ndarray:
    """Traffic lost in a run, in seconds of all traffic."""
    return (1.0 - simulate(Parameters(**changes), seed, until=until)["availability"]).sum(axis=0)


# -- closed forms ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ttl", "rate"), [(60.0, 10.0), (60.0, 0.1), (600.0, 10.0), (5.0, 0.5)])
def test_names_are_lost_as_theory_says(ttl, rate):
    settings = Parameters(ttl=ttl, lookup_rate=rate, caches=10_000, authority_capacity=np.inf)
    trace = simulate(settings, np.arange(4), until=360)
    time = trace.time[60:] - 60.5
    expected = dns.failing_share(time, ttl, rate)
    np.testing.assert_allclose(trace["error_ratio"][60:].mean(axis=1), expected, atol=0.01)
    mean = trace["error_ratio"][60:].mean()
    assert mean == pytest.approx(dns.mean_failing(H, ttl, rate), rel=STEADY)


def test_one_shared_cache_is_a_step_at_a_uniform_time():
    trace = simulate(Parameters(caches=1), np.arange(400), until=200)
    step = (trace["availability"][60:] > 0.5).sum(axis=0)
    assert trace["availability"][60:].round(1).std() > 0.4  # all or nothing
    assert np.quantile(step, [0.25, 0.5, 0.75]) == pytest.approx([15, 30, 45], abs=4)
    assert step.max() <= 61


def test_caches_that_were_filled_together_run_out_together():
    trace = simulate(Parameters(phase_spread=0.0, change_time=60.0, outage_duration=0.0), np.arange(50), until=140)
    half = (trace["availability"][60:] < 0.5).sum(axis=0)  # seconds on the old address, the same for all caches
    assert half.std() == pytest.approx(60 / np.sqrt(12), rel=0.2)
    spread = simulate(Parameters(change_time=60.0, outage_duration=0.0), np.arange(50), until=140)
    assert (spread["availability"][60:] < 0.5).sum(axis=0).std() < 5


def test_what_saves_an_outage_costs_a_failover_as_much():
    """The same seed, once with a dead authority and once with a new address: each lookup is lost on one of the days."""
    ttl = np.array([1.0, 5.0, 30.0, 60.0, 299.0])
    free = dict(authority_capacity=np.inf, failure_ttl=1.0, patience=0.1)
    for seed in range(3):
        dead = lost(seed, ttl=ttl, until=360.0, **free)
        moved = lost(seed, ttl=ttl, outage_duration=0.0, change_time=60.0, until=360.0, **free)
        np.testing.assert_allclose(dead + moved, H, atol=0.1)
    longer = np.array([450.0, 600.0])
    both = lost(ttl=longer, until=360.0, **free) + lost(
        ttl=longer, outage_duration=0.0, change_time=60.0, until=800.0, **free
    )
    np.testing.assert_allclose(both, H**2 / 2 / longer + longer / 2, rtol=0.05)
    assert (both > H).all()


def test_stale_answers_end_at_their_limit_and_do_not_delay_a_failover():
    limit = np.array([0.0, 60.0, 200.0, 3600.0])
    seeds = np.arange(8)[:, None]
    wanted = dns.lost_in_outage(H, 60, 10.0, limit)
    missed = lost(seeds, stale_limit=limit, until=360.0).mean(axis=0)
    np.testing.assert_allclose(missed, wanted, rtol=0.02, atol=0.3)
    moved = lost(seeds, stale_limit=limit, outage_duration=0.0, change_time=60.0).mean(axis=0)
    np.testing.assert_allclose(moved, dns.lost_in_failover(60, 10.0), rtol=0.06)
    assert np.ptp(moved) == 0


def test_nobody_has_followed_while_nobody_is_answered():
    both = simulate(Parameters(ttl=[12.0, 60.0, 299.0], change_time=60.0), np.arange(8)[:, None], until=700.0)
    assert (both.events["failed_over"][:, :2] >= 60.0 + H).all()  # by then their entries are gone for minutes
    assert (both.events["failed_over"] <= 60.0 + H + 12.0).all()  # a refresh that fails takes ten seconds


def test_an_empty_answer_outlives_its_correction_by_the_negative_ttl():
    trace = simulate(Parameters(outage="empty", negative_ttl=900.0, stale_limit=86_400.0), np.arange(8), until=1400)
    assert trace["stale_share"].max() == 0, "a denial is an answer"
    after = trace.time > 361
    stuck = trace["negative_share"][after].mean(axis=1)
    asked = 60.0  # names were lost, and denials stored, within one TTL: from 60 to 120 s
    expected = np.clip((60 + asked + 900 - trace.time[after]) / asked, 0, 1)
    np.testing.assert_allclose(stuck, expected, atol=0.05)
    assert np.nanmin(trace.events["recovered"]) > 1000


def test_an_authority_that_counts_as_down_stays_down():
    back = simulate(Parameters(down_ttl=np.array([0.0, 900.0])), np.arange(4)[:, None], until=1200)
    assert (back.events["recovered"][:, 0] <= 371).all() and (back.events["recovered"][:, 1] > 1000).all()
    assert back["availability"][400:900, :, 1].max() == 0, "the authority has been back for minutes"


def test_a_ttl_of_a_second_breaks_an_authority_that_others_do_not_notice():
    trace = simulate(Parameters(ttl=np.array([1.0, 2.0, 60.0]), outage_duration=0.0), until=300)
    failing = trace["error_ratio"][100:].mean(axis=0)
    assert failing[0] > 0.3 and failing[1:].max() < 0.001
    free = simulate(Parameters(ttl=60.0, outage_duration=0.0), np.arange(8), until=600)["upstream_rate"][120:].mean()
    assert free == pytest.approx(2 * 100 * dns.upstream_rate(60, 10), rel=STEADY)


def test_waits_are_multiples_of_what_resolv_conf_says():
    trace = simulate(Parameters(servers=3, dead_servers=np.array([0, 1, 2])), until=60)
    np.testing.assert_allclose(trace["lookup_p99"][-1], [0.001, 5.001, 8.001])
    np.testing.assert_allclose(
        simulate(Parameters(stub="musl", servers=3, dead_servers=2), until=60)["lookup_p99"], 0.001
    )
    silent = simulate(Parameters(patience=60.0, servers=np.array([1, 2, 3])), until=150)
    np.testing.assert_allclose(silent["lookup_p99"][-1], dns.worst_wait(servers=np.array([1, 2, 3])))


def test_queries_follow_the_search_list_and_failures_multiply_them():
    trace = simulate(Parameters(ndots=np.array([5, 1]), attempts=2, app_retries=1, resolver_capacity=np.inf), until=300)
    per = trace["query_rate"] / trace["offered_rate"]
    np.testing.assert_allclose(per[30], [8, 2])
    np.testing.assert_allclose(per[-1], [(6 + 2 * 2) * 2, 2 * 2 * 2])


# -- the event loop --------------------------------------------------------------------------------------------------

SCENARIOS = {
    "dead, quick": dict(caches=20, lookup_rate=1.0),
    "dead": dict(),
    "dead, asked rarely": dict(lookup_rate=0.2, caches=400),
    "stale for a while": dict(stale_limit=25.0),
    "stale without a limit": dict(stale_limit=1e9, change_time=50.0),
    "empty": dict(outage="empty", negative_ttl=45.0),
    "wrong, then gone": dict(outage="wrong", stale_limit=1e9),
    "slow": dict(outage="slow", slow_answer=2.0, patience=5.0),
    "too slow": dict(outage="slow", slow_answer=20.0, stale_limit=15.0),
    "clients keep the last good address": dict(last_known_good=0.5, change_time=60.0),
    "counts as down": dict(down_ttl=50.0),
    "a small authority": dict(authority_capacity=6.0, outage_duration=0.0, ttl=6.0),
    "slow, and asked often": dict(outage="slow", slow_answer=4.0, patience=5.0, ttl=2.0),
}  # fmt: skip
SPANS = {"healthy": (0, 20), "names go": (20, 40), "gone": (40, 80), "after": (80, 120), "moved": (120, 140),
         "late": (140, 170)}  # fmt: skip
TWENTIES = {"dead, quick": 40}  # of runs, others 5: its lookups are a tenth of the others'
SHARES = ("availability", "error_ratio", "misled_share", "stale_share", "negative_share")
RATES = ("goodput", "upstream_rate", "query_rate")
WAITS = ("lookup_p50", "lookup_p99")
STILL = {"healthy": (0, 20), "gone": (45, 80), "late": (140, 170)}  # each second's waits are those of the whole


def twenty(scenario: Scenario, number: int) -> dict[str, float]:
    """Means over twenty runs, for so many single ones would be a long record."""
    runs = []
    for seed in range(20 * int(number), 20 * int(number) + 20):
        out = Loop(scenario, seed).run()
        found = {"recovered": recovery(out, scenario)}
        for span, (begin, end) in SPANS.items():
            seen = measure(out, scenario, begin, end)
            found |= {f"{span}|{name}": seen[name] for name in (*SHARES, *RATES, *WAITS, "stale_age")}
        late = measure(out, scenario, 45, 80)  # when all that hold something have run out once
        found |= {f"gone|{name}": late[name] for name in WAITS}
        runs.append(found)
    means = {name: float(f"{np.mean([run[name] for run in runs]):.6g}") for name in runs[0]}
    when = [run["recovered"] for run in runs if np.isfinite(run["recovered"])]
    return means | {"known": len(when) / 20, "recovered": float(np.mean(when)) if when else np.nan}


def of(scenario: Scenario) -> Parameters:
    told = dataclasses.asdict(scenario)
    return Parameters(**{name: value for name, value in told.items() if name != "until"})


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_model_agrees_with_the_event_loop(name):
    scenario = Scenario(**SCENARIOS[name])
    loop = replay(dns_outage_oracle, twenty, scenario, range(TWENTIES.get(name, 5)), live=name == "dead, quick")
    trace = simulate(of(scenario), np.arange(200), until=scenario.until)
    for span, (begin, end) in SPANS.items():
        rows = (trace.time > begin) & (trace.time <= end)
        for signal in SHARES:
            near(trace[signal][rows].mean(axis=0), loop[f"{span}|{signal}"], STEADY, 0.0005, f"{span} {signal}")
        for signal in RATES:
            near(trace[signal][rows].mean(axis=0), loop[f"{span}|{signal}"], STEADY, 0.001, f"{span} {signal}")
        ages = trace["stale_age"][rows] * trace["stale_share"][rows]
        served = np.maximum(trace["stale_share"][rows].sum(axis=0), 0.1)
        near(ages.sum(axis=0) / served, loop[f"{span}|stale_age"], STEADY, 0.001, f"{span} stale_age")
    told = max(scenario.patience, scenario.slow_answer * (scenario.outage == "slow")) / 16  # how finely waits are told
    for span, (begin, end) in STILL.items():
        for signal, least in zip(WAITS, (told, 0.0), strict=True):
            if (name, span, signal) == ("counts as down", "gone", "lookup_p99"):
                continue  # a second holds too few waits for its percentile to be the span's
            rows = (trace.time > begin) & (trace.time <= end)
            near(trace[signal][rows].mean(axis=0), loop[f"{span}|{signal}"], STEADY, least, f"{span} {signal}")
    whole = trace["goodput"].sum(axis=0)
    loops = sum(loop[f"{span}|goodput"] * (e - b) for span, (b, e) in SPANS.items())
    near(whole, loops, TOTAL, 0, "answered rightly in all")
    known = loop["known"].mean()
    assert abs(known - np.isfinite(trace.events["recovered"]).mean()) <= 0.1
    if known > 0.9:
        near(trace.events["recovered"] - 80, loop["recovered"] - 80, 0.03, 2.0, "recovered")


def steady(scenario: Scenario, seed: int) -> dict[str, float]:
    return measure(Loop(scenario, seed).run(), scenario, 50, 90)


OVERLOAD = dict(caches=10, lookup_rate=10.0, other_rate=20.0, ndots=1, app_retries=3, outage_start=5.0, until=90.0,
                outage_duration=100.0, ttl=5.0)  # fmt: skip


def test_the_comparison_sees_a_ttl_that_is_a_twentieth_longer():
    scenario = Scenario()
    loop = replay(dns_outage_oracle, twenty, scenario, range(5))
    longer = simulate(of(scenario).replace(ttl=21.0), np.arange(64), until=scenario.until)
    with pytest.raises(AssertionError, match="names go"):
        near(longer["availability"][20:40].mean(axis=0), loop["names go|availability"], STEADY, 0.001, "names go")


@pytest.mark.parametrize("capacity", [60.0, 100.0, 400.0])
def test_a_resolver_drowned_by_retries_drops_the_names_it_knows(capacity):
    scenario = Scenario(**OVERLOAD, resolver_capacity=capacity)
    loop = replay(dns_outage_oracle, steady, scenario, range(10))
    trace = simulate(of(scenario), np.arange(10), until=90)
    for signal in ("other_error_ratio", "query_rate"):
        near(trace[signal][50:].mean(axis=0), loop[signal], STEADY, 0.001, signal)
    if capacity < 400:
        served = dns.served_share(10 * 2 * 2 * 4, 20 * 2, capacity, 2)
        assert trace["other_error_ratio"][-1] == pytest.approx(dns.lost_share(served, 2)) and served < 0.6


def test_an_outage_may_come_twice():
    once, words = Parameters(), Schedule("none", ((60.0, "dead"), (360.0, "none")))
    same = once.replace(outage=words, outage_start=0.0, outage_duration=1e6)
    np.testing.assert_array_equal(simulate(once, 7, until=600)["goodput"], simulate(same, 7, until=600)["goodput"])
    twice = same.replace(outage=words.then(600.0, "dead").then(900.0, "none"))
    kept = simulate(twice, 7, until=1200)["availability"]
    assert kept[300] < 0.1 and kept[580] == 1 and kept[880] < 0.1 and kept[-1] == 1
