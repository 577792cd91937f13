"""Closed forms of skew and placement against simulation by other means."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from course_lib.theory import hashing


def test_the_examples_in_the_docstrings_hold():
    result = doctest.testmod(hashing)
    assert result.attempted >= 25 and result.failed == 0


@pytest.mark.parametrize(
    ("exponent", "keys", "first", "top_percent"),
    [(1.0, 10_000, 0.1022, 0.530), (1.0, 1_000_000, 0.0695, 0.680), (1.2, 1_000_000, 0.1895, 0.910)],
)
def test_zipf_shares_are_the_published_ones(exponent, keys, first, top_percent):
    shares = hashing.zipf_shares(keys, exponent)
    assert shares[0] == pytest.approx(first, abs=6e-5)
    assert shares[: keys // 100].sum() == pytest.approx(top_percent, abs=6e-4)
    assert shares.sum() == pytest.approx(1.0)


def test_adding_partitions_makes_the_imbalance_of_hashed_zipf_keys_worse():
    shares, busiest = hashing.zipf_shares(100_000, 1.0), {8: [], 32: [], 128: [], 512: []}
    for seed in range(150):
        slots = hashing.slot_of(np.arange(100_000), seed)
        for partitions, seen in busiest.items():
            loads = np.bincount(hashing.partition_of(slots, partitions), shares, partitions)
            seen.append(loads.max() * partitions)
    for (partitions, seen), imbalance in zip(busiest.items(), (1.58, 3.56, 11.5, 43.27), strict=True):
        assert hashing.hot_share(shares[0], partitions) * partitions == pytest.approx(imbalance, abs=0.01)
        assert np.mean(seen) == pytest.approx(imbalance, rel=0.02)


def test_the_ceiling_holds_for_any_number_of_partitions():
    shares = hashing.zipf_shares(10_000, 1.0)
    ceiling = float(hashing.usable_partitions(shares[0]))
    assert ceiling == pytest.approx(9.8, abs=0.05)
    for partitions in (16, 256, 4096):
        where = hashing.partition_of(hashing.slot_of(np.arange(10_000), 3), partitions)
        assert 1.0 / np.bincount(where, shares, partitions).max() <= ceiling


def test_a_tenth_of_the_traffic_on_one_key_idles_three_quarters_of_the_fleet():
    w = hashing.hot_share(0.1, 32)
    assert float(hashing.idle_share(w, 32)) == pytest.approx(1 - 1 / 4.1, abs=1e-3)


def test_salting_the_top_ten_keys_stops_at_a_floor_of_unsalted_keys():
    """Salted shares of ten Zipf keys over 32 partitions, hashed: the imbalance falls as k grows, then no further."""
    shares, partitions = hashing.zipf_shares(100_000, 1.0), 32
    found = {}
    for salts in (1, 4, 16, 64):
        ids = np.concatenate([np.arange(100_000), 1_000_000 + np.arange(10 * salts)])
        weights = np.concatenate([np.where(np.arange(100_000) < 10, 0, shares), np.repeat(shares[:10], salts) / salts])
        busiest = []
        for seed in range(60):
            where = hashing.partition_of(hashing.slot_of(ids, seed), partitions)
            busiest.append(np.bincount(where, weights, partitions).max() * partitions)
        found[salts] = np.mean(busiest)
    for salts, imbalance in ((1, 3.55), (4, 1.91), (16, 1.50), (64, 1.40)):
        assert found[salts] == pytest.approx(imbalance, rel=0.05), salts
    assert float(hashing.smallest_salts(shares[0], partitions, 1.5)) == 2.0


def test_operations_drawn_on_a_salted_key_agree_with_its_load():
    rng = np.random.default_rng(1)
    for salts in (1, 8, 48):
        writes = rng.random(40_000) < 0.9
        sites = np.bincount(rng.integers(0, salts, writes.sum()) % 32, minlength=32).astype(float)
        sites += (~writes).sum() * np.bincount(np.arange(salts) % 32, minlength=32)
        expected = hashing.salted_load(40_000, 0.9, salts, 32)
        assert sites.max() == pytest.approx(float(expected), rel=0.05)
        assert sites.sum() / 40_000 == pytest.approx(float(hashing.reads_per_read(0.9, salts)[1]), rel=0.05)


def test_the_salts_that_fit_are_a_band():
    fit = hashing.salts_that_fit(key_rate=2000, write_share=0.9, partitions=32, room=437.5)
    assert fit == list(range(fit[0], fit[-1] + 1)) and (fit[0], fit[-1]) == (8, 32)
    assert hashing.salts_that_fit(key_rate=2000, write_share=0.7, partitions=32, room=437.5) == []


@pytest.mark.parametrize(("arrival_rate", "quantile"), [(60, None), (60, 0.99), (90, 0.5)])
def test_sojourn_agrees_with_lindley(arrival_rate, quantile):
    rng = np.random.default_rng(2)
    served, gaps = rng.exponential(1 / 100, 2_000_000), rng.exponential(1 / arrival_rate, 2_000_000)
    walk = np.cumsum(np.concatenate([[0.0], served[:-1] - gaps[1:]]))
    times = walk - np.minimum.accumulate(walk) + served
    seen = times.mean() if quantile is None else np.quantile(times, quantile)
    assert seen == pytest.approx(float(hashing.sojourn(arrival_rate, 100, quantile)), rel=0.03)
    assert hashing.sojourn(100, 100) == np.inf


@pytest.mark.parametrize(("demand", "retries", "cost"), [(250, 0, 0.0), (250, 3, 0.05), (150, 3, 0.05), (2000, 3, 0.1)])
def test_a_throttled_partition_settles_where_iteration_does(demand, retries, cost):
    """Second after second: attempts of every number come, what the capacity allows is admitted, the rest returns."""
    capacity, waiting, attempts = 100.0, np.zeros(retries + 1), 0.0
    for _ in range(400):
        waiting[0] = demand
        attempts = waiting.sum()
        spent = min(cost / (1 - cost) * max(attempts - capacity, 0.0), 0.9 * capacity)
        refused = max(attempts - capacity + spent, 0.0) / attempts
        waiting = np.concatenate([[0.0], 0.5 * (waiting * refused)[:-1] + 0.5 * waiting[1:]])
    expected = hashing.throttled(demand, capacity, retries, cost)
    assert (attempts, attempts * (1 - refused)) == pytest.approx(expected, rel=1e-3)
    assert hashing.throttled(80, 100, 3, 0.5) == (80, 80)


@pytest.mark.parametrize(("balls", "bins", "throws"), [(1000, 1000, 4000), (300_000, 300, 400), (640, 32, 4000)])
def test_the_busiest_bin_agrees_with_thrown_balls(balls, bins, throws):
    rng = np.random.default_rng(3)
    thrown = [np.bincount(rng.integers(0, bins, balls), minlength=bins).max() for _ in range(throws)]
    assert np.mean(thrown) == pytest.approx(hashing.busiest_bin(balls, bins), rel=0.01)


def test_leading_terms_bound_the_busiest_bin_or_miss_it():
    assert hashing.busiest_bin_leading(1_000_000, 1000) > hashing.busiest_bin(1_000_000, 1000)
    assert hashing.busiest_bin_leading(1000, 1000) < 0.7 * hashing.busiest_bin(1000, 1000)


@pytest.mark.parametrize(("balls", "measured"), [(1000, 3), (20_000, 22)])
def test_two_choices_leave_almost_no_imbalance(balls, measured):
    rng = np.random.default_rng(4)
    bins = [0] * 1000
    for a, b in rng.integers(0, 1000, (balls, 2)).tolist():
        bins[a if bins[a] <= bins[b] else b] += 1
    assert max(bins) == pytest.approx(measured, abs=1)
    assert max(bins) == pytest.approx(hashing.busiest_of_two_choices(balls, 1000), abs=1.5)


@pytest.mark.parametrize("virtual_nodes", [1, 10, 100])
def test_virtual_nodes_smooth_a_ring(virtual_nodes):
    busiest, spread = [], []
    for seed in range(300):
        points = hashing.hash64(np.arange(20 * virtual_nodes), seed).astype(float) / 2.0**64
        order = np.argsort(points)
        arcs = np.diff(points[order], prepend=points[order][-1] - 1.0)
        shares = np.bincount(order // virtual_nodes, arcs, 20) * 20
        busiest.append(shares.max())
        spread.append(shares.std())
    assert np.mean(busiest) == pytest.approx(hashing.busiest_on_ring(20, virtual_nodes), rel=0.04)
    assert np.mean(spread) == pytest.approx(float(hashing.virtual_node_spread(virtual_nodes)), rel=0.12)


def test_bounded_loads_balance_many_keys_for_few_moves():
    bounded = [hashing.ring_placement(10_000, 50, 20, 1.25, seed) for seed in range(5)]
    free = [hashing.ring_placement(10_000, 50, 20, seed=seed) for seed in range(5)]
    assert all(counts.max() == hashing.bounded_load(10_000, 50, 1.25) for counts, _ in bounded)
    assert 0.005 < np.mean([len(moved) for _, moved in bounded]) / 10_000 < 0.06
    assert np.mean([counts.max() for counts, _ in free]) / 200 == pytest.approx(1.59, abs=0.15)
    assert all(len(moved) == 0 and counts.sum() == 10_000 for counts, moved in free)


def test_the_hash_is_even_keyed_and_nested():
    slots = hashing.slot_of(np.arange(200_000), 5)
    counts = np.bincount(slots // 1024, minlength=16)
    assert ((counts - 12_500) ** 2 / 12_500).sum() < 38  # chi-squared, 15 degrees of freedom, 0.999
    assert (hashing.slot_of(np.arange(1000), 5) == hashing.slot_of(np.arange(1000), 6)).mean() < 0.01
    for partitions in (1, 3, 32, 500):
        edges = hashing.slot_edges(partitions)
        np.testing.assert_array_equal(
            hashing.partition_of(slots, partitions), np.searchsorted(edges, slots, side="right") - 1
        )
    np.testing.assert_array_equal(hashing.partition_of(slots, 64) // 2, hashing.partition_of(slots, 32))
