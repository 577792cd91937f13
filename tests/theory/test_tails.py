"""Closed forms of tails, hedges, detectors and balancers against simulation by other means."""

from __future__ import annotations

import doctest
import heapq
import math
import random

import numpy as np
import pytest

from course_lib.theory import tails


def test_the_examples_in_the_docstrings_hold():
    result = doctest.testmod(tails)
    assert result.attempted >= 20 and result.failed == 0


def test_the_slowest_of_many():
    draw = np.random.default_rng(1)
    slowest = draw.exponential(1.0, (40_000, 100)).max(axis=1)
    assert slowest.mean() == pytest.approx(tails.mean_of_slowest(100), rel=0.01)
    assert np.quantile(slowest, 0.99) == pytest.approx(float(tails.quantile_of_slowest(0.99, 100)), rel=0.02)
    slow = draw.random((40_000, 100)) < 0.01
    assert slow.any(axis=1).mean() == pytest.approx(float(tails.any_slow(0.01, 100)), abs=0.008)
    assert (slow.sum(axis=1) > 2).mean() == pytest.approx(tails.unfinished(0.01, 100, 98), abs=0.005)
    assert tails.any_slow(tails.leaf_share(0.2, 37), 37) == pytest.approx(0.2)


def test_a_second_copy_and_what_it_costs():
    draw = np.random.default_rng(2)
    first, copy = np.exp(draw.normal(0, 1, (2, 1_000_000)))
    delay = 5.18
    took = np.where(first > delay, np.minimum(first, delay + copy), first)
    for time, before in ((6.66, 10.2), (9.30, 21.7)):
        late = tails.lognormal_survival(time, 1.0, 1.0)
        expected = tails.hedged(late, tails.lognormal_survival(time - delay, 1.0, 1.0))
        assert (took > time).mean() == pytest.approx(float(expected), rel=0.06)
        assert (first > before).mean() == pytest.approx(float(expected), rel=0.06)  # what it was without
        assert tails.hedged(late, 0.3, dependence=1.0) == late
    assert (first > delay).mean() == pytest.approx(0.05, abs=0.002)
    assert np.median(took) == pytest.approx(1.0, abs=0.01)


def test_the_normal_tail_is_true_far_out():
    for z in (-3.0, 0.0, 1.0, 3.0, 5.0, 8.0):
        assert float(tails.normal_tail(z)) == pytest.approx(math.erfc(z / math.sqrt(2)) / 2, rel=3e-7)


def test_the_published_case_is_of_this_order():
    """Dean and Barroso: from 1,800 ms to 74 ms for 2 % more requests, by a hedge after 10 ms."""
    slow, time, n = 1.3e-5, np.linspace(0.001, 2.5, 2500), 100
    tail = lambda t: (1 - slow) * tails.lognormal_survival(t, 0.004, 0.45) + slow * (t < 1.8)  # noqa: E731
    alone = time[np.argmax(tails.any_slow(tail(time), n) < 0.001)]
    late = np.where(time > 0.01, tails.hedged(tail(time), tail(time - 0.01)), tail(time))
    assert alone == pytest.approx(1.8, rel=0.01) and time[np.argmax(tails.any_slow(late, n) < 0.001)] < 0.1
    assert float(tail(0.01)) == pytest.approx(0.02, abs=0.005)


def test_failures_in_a_row():
    draw = random.Random(3)

    def probes(q: float, r: int) -> int:
        count = row = 0
        while row < r:
            count, row = count + 1, row + 1 if draw.random() < q else 0
        return count

    for q, r in ((0.2, 3), (0.5, 5)):
        seen = np.mean([probes(q, r) for _ in range(3000)])
        assert seen == pytest.approx(float(tails.probes_to_see(q, r)), rel=0.06)


def test_samples_that_tell_two_shares_apart():
    """The normal approximation promises 5 % and 90 %; the exact binomial gives .040 and .877."""
    n = 1268
    chance = lambda p, k: math.comb(n, k) * p**k * (1 - p) ** (n - k)  # noqa: E731
    limit = 0.001 * n + 1.6449 * math.sqrt(n * 0.001 * 0.999)
    above = lambda p: 1 - sum(chance(p, k) for k in range(math.floor(limit) + 1))  # noqa: E731
    assert above(0.001) == pytest.approx(0.040, abs=0.002) and above(0.005) == pytest.approx(0.877, abs=0.003)
    draw = np.random.default_rng(4)
    medians = np.median(draw.normal(0, 1, (4000, 101)), axis=1)
    assert medians.std() == pytest.approx(float(tails.quantile_error(0.5, 101, 0.3989)), rel=0.05)


def test_a_closed_loop_of_clients_feeds_the_fast_host():
    """Each client always has one call, which goes where the fewest are; one host in ten is 100 times faster."""
    draw, times = random.Random(5), [0.01] + [1.0] * 9
    counts, served, events = [20] * 10, [0] * 10, []

    for host in range(10):
        events += [(draw.expovariate(1 / times[host]), host) for _ in range(counts[host])]
    heapq.heapify(events)
    for _ in range(60_000):
        now, host = heapq.heappop(events)
        counts[host] -= 1
        served[host] += 1
        least = min(counts)
        to = draw.choice([h for h in range(10) if counts[h] == least])
        counts[to] += 1
        heapq.heappush(events, (now + draw.expovariate(1 / times[to]), to))
    share = float(tails.least_outstanding_share(times)[0])
    assert served[0] / sum(served) == pytest.approx(share, abs=0.02)


def test_two_choices_of_many_queues():
    draw, load, n = random.Random(6), 0.8, 200
    queues, busy, waits = [0] * n, [], 0.0
    held = np.zeros(6)
    clock = 0.0
    for _ in range(150_000):
        rate = load * n + len(busy)
        step = draw.expovariate(rate)
        if clock > 60.0:
            waits += step * sum(queues[:50])
        clock += step
        if draw.random() < load * n / rate:
            to = min(draw.sample(range(n), 2), key=queues.__getitem__)
            queues[to] += 1
            if queues[to] == 1:
                busy.append(to)
        else:
            place = draw.randrange(len(busy))
            host = busy[place]
            queues[host] -= 1
            if not queues[host]:
                busy[place] = busy[-1]
                busy.pop()
        if clock > 60.0 and draw.random() < 0.01:
            held += [np.mean([q >= k for q in queues]) for k in range(6)]
    seen = held / held[0]
    for k in (1, 2, 3):
        assert seen[k] == pytest.approx(float(tails.two_choices_tail(load, k)), abs=0.02)
    mean = waits / (clock - 60.0) / 50
    assert mean / load == pytest.approx(tails.two_choices_time(load), rel=0.06)
    for k in (1, 2):
        picked = np.mean([0 in draw.sample(range(10), k) for _ in range(20_000)])
        assert picked == pytest.approx(tails.most_by_choices(10, 1, k), abs=0.01)


def test_what_little_formulas_say():
    draw = np.random.default_rng(7)
    whole = (draw.random((100_000, 10)) > 0.01).all(axis=1).mean()
    assert whole == pytest.approx(float(tails.all_arrive(0.01, 10)), abs=0.005)
    took = np.where(draw.random(200_000) < 0.01, 40.0, 0.6)  # a second of five arrivals holds so many workers
    assert 5 * took.mean() == pytest.approx(float(tails.busy_workers(5.0, 0.6, 0.01, 40.0)), rel=0.03)
    errors = draw.random((40, 20_000)) < np.r_[0.2, np.zeros(39)][:, None]
    assert errors.mean() == pytest.approx(float(tails.diluted(0.2, 40)), rel=0.05)
