"""What a host that holds slow calls draws from hosts like itself, where two are looked at: beside a simulation."""

import numpy as np
import pytest

from course_lib.models.gray_counts import FILLED, FULL
from course_lib.models.gray_meetings import Meetings

HOSTS, SLOW, RATE, LASTS = 20, 5, 400.0, 1.0  # calls/s that last so long at some of the hosts; the others have LEVEL
LEVEL = 2.0
COUNTS = np.arange(60.0)


def simulated(until, seed):
    """Calls a second that each slow host draws, free at first; others have Poisson's counts."""
    draw, counts, ends, now, found = np.random.default_rng(seed), np.zeros(SLOW, dtype=int), [], 0.0, []
    while now < until:
        now += draw.exponential(1.0 / RATE)
        while ends and ends[0][0] <= now:
            counts[ends.pop(0)[1]] -= 1
        pair = draw.choice(HOSTS, 2, replace=False)
        drawn = [counts[host] if host < SLOW else draw.poisson(LEVEL) for host in pair]
        host = pair[int(drawn[1] < drawn[0] or (drawn[1] == drawn[0] and draw.random() < 0.5))]
        if host < SLOW:
            counts[host] += 1
            ends.append((now + LASTS, host))
            found.append(now)
    return len(found) / until / SLOW


def met():
    """The same in balance, as if each other slow host had its count by itself."""
    others = np.exp(-LEVEL) * np.cumprod(np.concatenate([[1.0], LEVEL / COUNTS[1:]]))
    chance = np.full(len(COUNTS), 1.0 / len(COUNTS))
    pair = 2.0 * RATE / (HOSTS * (HOSTS - 1))
    for _ in range(200):
        beats = [np.cumsum(law[::-1])[::-1] - law / 2.0 for law in (others, chance)]
        called = pair * ((HOSTS - SLOW) * beats[0] + (SLOW - 1) * beats[1])
        chance = np.cumprod(np.concatenate([[1.0], called[:-1] * LASTS / COUNTS[1:]]))
        chance /= chance.sum()
    return Meetings(called, 0, LASTS, RATE, (SLOW, HOSTS), LEVEL), pair * (HOSTS - SLOW) * beats[0], chance


def test_what_comes_from_others_is_told_from_what_comes_from_hosts_like_it():
    meetings, others, chance = met()
    np.testing.assert_allclose(meetings.chance, chance, atol=1e-6)
    likely = chance > 1e-3
    np.testing.assert_allclose(meetings.others[likely], np.maximum(others, 0.01 * meetings.called)[likely], rtol=1e-3)
    np.testing.assert_allclose(meetings.alike(np.zeros(1))[0][likely] - meetings.others[likely], meetings.most / 2.0)


def test_in_balance_it_draws_what_it_does():
    meetings, *_ = met()
    np.testing.assert_allclose(meetings.filled((0.0, 0.0), LEVEL, 0.0)[FULL], meetings.called, rtol=1e-6)


def test_hosts_that_are_free_together_get_half_of_what_two_of_them_are_asked():
    """In their first quarter of a second; each would win nearly all of it if the others had what they do in balance."""
    meetings, *_ = met()
    seen = np.mean([simulated(0.25, seed) for seed in range(400)])
    free = {"as free": meetings.alike(np.zeros(1))[0], "as in balance": meetings.called}
    found = {}
    for name, called in free.items():  # counts go up, and nothing is over yet
        law, step = np.zeros(len(COUNTS)), 1e-4
        law[0], begun = 1.0, 0.0
        for _ in range(2500):
            up = law * called * step
            begun, law = begun + up.sum(), law - up + np.concatenate([[0.0], up[:-1]])
        found[name] = begun / 0.25
    assert found["as free"] == pytest.approx(seen, rel=0.06) and found["as in balance"] > 1.12 * seen
    first = meetings.filled((0.0, 0.0), LEVEL, 0.0)[FILLED.index(0.0)]  # and what they draw the others do not have
    assert (first[1:8] < free["as free"][1:8]).all()


def test_the_fuller_such_hosts_are_the_more_it_tells_how_many_calls_one_has():
    """Nothing at first, when of two each gets half; in balance, who has few gets nearly all they are asked."""
    counts = np.arange(30.0)
    chance = np.exp(-((counts - 8.0) ** 2))
    beats = (chance[::-1].cumsum()[::-1] - chance / 2.0) / chance.sum()
    rows = {}
    for name, part in (("free", 0.0), ("half full", 0.55), ("full", 1.0)):
        one = Meetings(100.0 * beats, 0, 1.0, 100.0 * 10 * 9 / 2.0 / 3.0, (4.0, 10.0), 1e-6)
        assert one.most == pytest.approx(100.0)
        one.__dict__.update(chance=chance / chance.sum(), beats=beats)
        rows[name] = one.filled((0.0, 0.0), 0.0, 0.0)[FILLED.index(part)]
    np.testing.assert_allclose(rows["free"], 50.0, atol=1.1)
    np.testing.assert_allclose(rows["full"], 100.0 * beats, atol=1.1)
    assert rows["half full"][1] == pytest.approx(77.5, abs=1.1) and rows["half full"][9] == pytest.approx(22.5, abs=1.1)


def test_the_fewer_calls_others_have_the_nearer_they_are_to_each_other():
    """A quarter as many, half as far apart: two calls more than they have are four more than in balance."""
    called = np.exp(-np.arange(30.0))
    one = Meetings(called, 0, 1.0, 100.0, (1.0, 10.0), 8.0)
    (row,) = one.beside(np.array([6.0]), np.zeros(1))
    assert row[4] == pytest.approx(one.others[12]) and row[2] == pytest.approx(one.others[8])


def test_hosts_with_more_calls_than_can_be_told_apart_are_alike():
    many = Meetings(np.full(20, 100.0), 40, 1.0, 100.0, (4.0, 10.0), 50.0)
    assert (many.beats == 0.5).all()
