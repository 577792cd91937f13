"""The closed forms of name resolution by other means: by drawing, by counting, by integrating."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.theory import dns

DRAW = np.random.default_rng(6)


def left(ttl: float, rate: float, count: int = 400_000) -> np.ndarray:
    """Seconds that entries have left at a random instant, 0 where there is none: a cycle is T + Exp(1/λ)."""
    idle = DRAW.exponential(1 / rate, count)
    weight = ttl + idle  # a random instant falls into a long cycle more often
    cycle = DRAW.choice(count, count, p=weight / weight.sum())
    return np.maximum(ttl - DRAW.uniform(0, weight[cycle]), 0.0)


@pytest.mark.parametrize(("ttl", "rate"), [(60.0, 0.1), (60.0, 10.0), (5.0, 0.1)])
def test_what_caches_hold_and_lose_is_what_drawing_them_says(ttl, rate):
    rest = left(ttl, rate)
    assert dns.held_share(ttl, rate) == pytest.approx((rest > 0).mean(), abs=0.004)
    for time in (0.0, 0.3 * ttl, 0.9 * ttl, 2 * ttl):
        assert dns.failing_share(time, ttl, rate) == pytest.approx((rest <= time).mean(), abs=0.004)
    for outage in (0.4 * ttl, 3 * ttl):
        for stale in (0.0, 0.5 * ttl):
            lost = np.where(rest > 0, np.maximum(outage - rest - stale, 0), max(outage - stale, 0)).mean()
            assert dns.lost_in_outage(outage, ttl, rate, stale) == pytest.approx(lost, abs=0.01 * ttl)
    assert dns.lost_in_failover(ttl, rate) == pytest.approx(rest.mean(), abs=0.005 * ttl)
    for share in (0.8, 0.99):
        assert dns.failover_time(ttl, share, rate) == pytest.approx(np.quantile(rest, share), abs=0.02 * ttl)


def test_outage_and_failover_lose_as_much_together_as_the_outage_is_long():
    ttl, rate = np.array([1.0, 30.0, 300.0])[:, None], np.array([0.01, 1.0, np.inf])
    for outage in (300.0, 1000.0):
        both = dns.lost_in_outage(outage, ttl, rate) + dns.lost_in_failover(ttl, rate)
        np.testing.assert_allclose(both, outage, rtol=1e-12)
    assert (dns.lost_in_outage(299.0, 300, rate) + dns.lost_in_failover(300, rate) > 299.0).all()


def test_the_mean_over_an_outage_is_the_integral_of_the_failing_share():
    for outage in (20.0, 60.0, 500.0):
        for rate in (0.1, np.inf):
            time = (np.arange(20_000) + 0.5) * outage / 20_000
            mean = dns.failing_share(time, 60, rate).mean()
            assert dns.mean_failing(outage, 60, rate) == pytest.approx(mean, rel=1e-3)


def test_the_range_of_ttls_just_meets_both_objectives():
    for outage, wanted, failover in ((300, 0.75, 900), (300, 0.3, 200), (60, 0.5, 61)):
        short, long = dns.ttl_range(outage, wanted, failover)
        assert 1 - dns.mean_failing(outage, short) == pytest.approx(wanted)
        assert dns.failover_time(long) == pytest.approx(failover)
    assert np.greater(*dns.ttl_range(300, 0.75, 120)), "none"


def test_glibc_waits_as_its_source_says():
    by_hand = {(5, 1): [5], (5, 2): [5, 5], (5, 3): [5, 3, 6], (2, 3): [2, 1, 2], (1, 3): [1, 1, 1], (30, 2): [30, 30]}
    for (timeout, servers), seconds in by_hand.items():
        assert dns.server_timeouts(timeout, servers)[:servers].tolist() == seconds
        for attempts in (1, 2, 5):
            assert dns.worst_wait(timeout, attempts, servers) == attempts * sum(seconds)
    assert dns.worst_wait(1, 2, 3, "musl") == 1.0


def test_queries_are_the_names_tried_times_two_types():
    for dots in range(4):
        for ndots in range(6):
            for search in range(5):
                tried = [f"{i}" for i in range(search)] if dots < ndots else []
                assert dns.queries(dots, ndots, search) == len([*tried, "as written"]) * len(["A", "AAAA"])


def test_upstream_queries_of_a_drawn_cache():
    cycles = 60 + DRAW.exponential(1 / 0.1, 200_000)
    assert dns.upstream_rate(60, 0.1) == pytest.approx(1 / cycles.mean(), rel=0.005)
    assert dns.outage_amplification(60, 0.1, 2) == pytest.approx(0.1 * 2 * cycles.mean(), rel=0.005)


def test_an_overloaded_resolver_answers_what_it_can():
    rng = np.random.default_rng(1)
    for retried, other, attempts in ((300.0, 300.0, 2), (0.0, 900.0, 4), (2000.0, 10.0, 3)):
        served = dns.served_share(retried, other, 500, attempts)
        tries = np.minimum(rng.geometric(served, 400_000), attempts)  # until it is heard, or gives up
        assert served * (retried + other * tries.mean()) == pytest.approx(500, rel=0.01)
    assert dns.lost_share(0.3, 3) == pytest.approx(0.7**3)
    assert dns.served_share(0, 100, np.inf) == 1


def test_independent_sets_and_forged_replies():
    assert dns.independent_availability(0.9, 3) == pytest.approx(0.999)
    assert dns.spoofing_chance(100, 16) == pytest.approx(1 - (1 - 2**-16) ** 100)


def test_negative_answers_leave_with_their_age():
    rest = DRAW.uniform(0, dns.negative_ttl(1200, 900), 200_000)
    for time in (0, 300, 899, 1000):
        assert dns.stuck_share(time, 900) == pytest.approx((rest > time).mean(), abs=0.005)
