"""Closed forms of quorums and leaders against enumeration and simulation."""

from __future__ import annotations

import doctest
import itertools

import numpy as np
import pytest

from course_lib.theory import quorum


def test_the_examples_in_the_docstrings_hold():
    result = doctest.testmod(quorum)
    assert result.attempted >= 14 and result.failed == 0


@pytest.mark.parametrize("nodes", [3, 4, 5, 6, 7])
def test_any_two_majorities_share_a_node_and_one_fewer_is_too_few(nodes):
    everyone, least = range(nodes), int(quorum.majority(nodes))
    for size, meet in ((least, True), (least - 1, False)):
        sets = [set(votes) for votes in itertools.combinations(everyone, size)]
        assert all(one & other for one in sets for other in sets) == meet
        assert bool(quorum.intersect(size, size, nodes)) == meet
    assert int(quorum.tolerated(nodes)) == nodes - least
    for read, write in itertools.product(range(1, nodes + 1), repeat=2):
        pairs = itertools.product(*(itertools.combinations(everyone, size) for size in (read, write)))
        assert bool(quorum.intersect(read, write, nodes)) == all(set(one) & set(other) for one, other in pairs)


@pytest.mark.parametrize("nodes", [3, 4, 5, 6])
@pytest.mark.parametrize("ways", [2, 3])
def test_partitions_one_by_one(nodes, ways):
    every = np.array(list(itertools.product(range(ways), repeat=nodes)))
    sides = np.stack([(every == side).sum(axis=1) for side in range(ways)], axis=1)
    elected = (sides > nodes / 2).sum(axis=1)
    assert elected.max() == 1  # never two, whatever falls apart
    assert elected.mean() == pytest.approx(quorum.majority_in_split(nodes, ways), rel=1e-12)
    if ways == 2:
        assert sides.max(axis=1).mean() / nodes == pytest.approx(quorum.larger_side(nodes), rel=1e-12)
        halves = (sides >= nodes / 2).sum(axis=1)
        assert (halves == 2).any() == (nodes % 2 == 0)  # with "at least half" an even split elects twice


def test_majorities_that_are_up():
    for nodes, up in itertools.product((3, 4, 5), (0.9, 0.99)):
        states = list(itertools.product((0, 1), repeat=nodes))
        chance = sum(up ** sum(s) * (1 - up) ** (nodes - sum(s)) for s in states if sum(s) * 2 > nodes)
        assert quorum.majority_up(nodes, up) == pytest.approx(chance, rel=1e-12)
    assert quorum.majority_up(4, 0.99) < quorum.majority_up(3, 0.99)  # an even one more is one more to fail


def test_placement_before_nodes():
    for sites in ([2, 2, 1], [3, 2], [1, 1, 1], [4, 1, 1], [2, 2]):
        voters = [site for site, count in enumerate(sites) for _ in range(count)]
        left = [sum(2 for v in voters if v != lost) > len(voters) for lost in range(len(sites))]
        assert quorum.survives_loss(sites).tolist() == left


def test_elections_of_random_timeouts():
    draw = np.random.default_rng(3)
    for nodes, delay in ((5, 0.1), (3, 0.05), (2, 0.2)):
        timeouts = np.sort(draw.uniform(1.0, 2.0, (200_000, nodes)), axis=1)
        clean = (timeouts[:, 1] - timeouts[:, 0] > delay).mean()
        assert clean == pytest.approx(float(quorum.clean_election(nodes, 1.0, delay)), abs=0.004)
        assert timeouts[:, 0].mean() == pytest.approx(float(quorum.first_to_notice(nodes, 1.0)), rel=0.002)


def test_false_alarms_of_a_lossy_network():
    draw = np.random.default_rng(4)
    lost = draw.random(600_000) < 0.2
    for misses in (2, 3):
        run = np.ones(lost.size - misses + 1, dtype=bool)
        for k in range(misses):
            run &= lost[k : k + run.size]
        waits, at = [], 0
        ends = np.flatnonzero(run) + misses
        while (place := np.searchsorted(ends, at + misses)) < ends.size:
            waits.append(ends[place] - at)
            at = ends[place]
        assert np.mean(waits) == pytest.approx(float(quorum.false_alarm_time(0.2, misses)), rel=0.04)


def test_a_lease_is_over_on_the_slowest_clock_when_the_fastest_has_waited():
    for error in (0.0, 200e-6, 0.01, 0.1):
        wait = quorum.lease_wait(10.0, error) / (1 + error)  # true seconds on a clock that is fast
        assert wait == pytest.approx(10.0 / (1 - error))  # true seconds of ten on one that is slow
        assert quorum.overlap(10.0 / (1 - error), wait) < 1e-12
        assert error == 0 or quorum.overlap(10.0 / (1 - error), 10.0 / (1 + error)) > 0


def test_keys_that_both_sides_wrote():
    draw = np.random.default_rng(5)
    both = [
        np.intersect1d(draw.integers(100_000, size=2000), draw.integers(100_000, size=3000)).size for _ in range(100)
    ]
    assert np.mean(both) == pytest.approx(float(quorum.conflicting_keys(1e5, 2000, 3000)), abs=2.5)
