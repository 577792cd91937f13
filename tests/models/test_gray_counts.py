"""Slow calls at a host, count by count, against hosts followed one by one."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.models.gray_copies import Copies
from course_lib.models.gray_counts import LOWER, Births, Waves, lower, until_rare

#: Calls a second by how many there are: the first three come at once, two more when others are busy.
BORN = np.array([4000.0, 900.0, 200.0, 5.0, 0.4, 0.0])
FLAT = np.array([50.0, 20.0, 3.0, 3.0])  # as slow hosts get calls that meet only each other
TICK, UNTIL, HOSTS = 2.0, 24.0, 1500
ALIKE, SPREAD = (5.0, 0.0, 9.0), (1.0, 0.5, 5.0)


def hosts(born, law, seed=10):
    """When calls begin at hosts that are free at first, and how many each has in the end; by what each does next."""
    draw = np.random.default_rng(seed)
    lasts, spread, patience = law
    begun, left = [], []
    for _ in range(HOSTS):
        now, over = 0.0, []
        while True:
            wait = draw.exponential(1.0 / max(born[min(len(over), len(born) - 1)], 1e-12))
            ends = min(over, default=np.inf)
            if min(now + wait, ends) >= UNTIL:
                break
            if ends <= now + wait:
                now = ends
                over.remove(ends)
                continue
            now += wait
            begun.append(now)
            over.append(now + min(lasts * np.exp(spread * draw.standard_normal()), patience))
        left.append(len(over))
    return np.histogram(begun, np.arange(0.0, UNTIL + TICK, TICK))[0] / HOSTS, np.array(left)


@pytest.mark.parametrize(("born", "law"), [(BORN, ALIKE), (BORN, SPREAD), (FLAT, ALIKE), (FLAT, SPREAD)])
def test_calls_come_as_hosts_that_are_followed_get_them(born, law):
    """In each tick, alike ones in waves; and as many as each has in the end."""
    begun, left = hosts(born, law)
    more, many = until_rare(born, 1.0, law[0])
    waves = Waves(Births(more[None], many=many), law, TICK, UNTIL)
    found = np.diff(waves.begun(np.arange(0.0, UNTIL + TICK, TICK)))
    np.testing.assert_allclose(found, begun, rtol=0.03, atol=0.09)
    counts = np.bincount(left, minlength=len(more))[: len(more)] / HOSTS
    np.testing.assert_allclose(waves.chance(UNTIL), counts, atol=0.045)


def test_hosts_that_are_free_together_share_the_calls_there_are():
    """Twenty that would each take nine calls in ten, of 200 a second, until it has three."""
    births = Births(np.tile([180.0, 180.0, 180.0, 0.0], (len(LOWER), 1)), whole=200.0, hosts=20.0)
    begun = Waves(births, (6.0, 0.0, 9.0), 0.5, 6.0).begun(np.array([0.15, 0.3, 5.0]))
    np.testing.assert_allclose(begun, [1.5, 2.8, 3.0], atol=0.4)


def test_hosts_that_hold_more_than_is_followed_share_the_calls_there_are_too():
    """Fifty a second would come to each of twenty, however many it has, but there are 200; a call is never over."""
    births = Births(np.full((len(LOWER), 3), 50.0), many=True, whole=200.0, hosts=20.0)
    begun = Waves(births, (90.0, 0.0, 900.0), 2.0, 6.0).begun(np.array([2.0, 6.0]))
    np.testing.assert_allclose(np.diff(begun), [40.0], rtol=0.02)


def test_counts_are_followed_from_the_least_that_a_host_has():
    """Fifty, and 50 more at most: 48 are followed."""
    for base, counts, many in ((0, 20, True), (50, 20, True), (55, 46, False), (90, 20, False)):
        rates, found = until_rare(np.full(20, 10.0), 1.0, 5.0, base)
        assert (len(rates), found) == (counts, many)


def test_a_host_that_lacks_many_calls_gets_them_at_once_and_again_when_they_are_over():
    births = Births(np.array([[1e4, 1e4, 0.0]]), base=70)
    begun = Waves(births, ALIKE, TICK, UNTIL).begun(np.array([0.0, 2.0, 4.0, 6.0, 9.0, 11.0]))
    np.testing.assert_allclose(begun, [0.0, 72.0, 72.0, 144.0, 144.0, 216.0], rtol=1e-6)


#: Calls a second of 400 to one of ten hosts, by how many it has more than two: the others have four each in balance.
LEVEL, WHOLE, MANY = 4.0, 400.0, 10
STEEP = np.minimum(4.0 * np.exp(-1.5 * np.arange(12.0)) * np.exp(4.5), WHOLE)


def competing(seed, until):
    """When calls of a second begin at ten hosts that are free at first; the less they leave, the less the others have.

    And so the fewer come to a host that has as many as before.
    """
    draw, counts, ends, begun, now = np.random.default_rng(seed), np.zeros(MANY, dtype=int), [], [], 0.0
    usual = _usual()
    while now < until:
        share = 0.5
        for _ in range(60):  # what is left to the others, and what that lets these draw
            level = LEVEL * (1.0 - share) / (1.0 - usual)
            rates = np.exp(np.interp(counts + LEVEL - level, np.arange(12.0), np.log(STEEP)))
            share += 0.3 * (min(rates.sum() / WHOLE, 1.0) - share)
        wait = draw.exponential(1.0 / rates.sum())
        over = min(ends)[0] if ends else np.inf
        if over <= now + wait:
            now, host = min(ends)
            ends.remove((now, host))
            counts[host] -= 1
            continue
        now += wait
        host = int(draw.choice(MANY, p=rates / rates.sum()))
        counts[host] += 1
        ends.append((now + 1.0, host))
        begun.append(now)
    return np.histogram(begun, np.arange(0.0, until + 0.1, 0.25))[0]


def _usual():
    """Share of all calls that they draw in balance, which is what `STEEP` is given for."""
    births = Births(np.stack([lower(STEEP, LEVEL * by) for by in LOWER]), whole=WHOLE, hosts=MANY, quick=LEVEL)
    return float(births.share(np.array(births.steady(1.0))))


def test_hosts_that_draw_more_than_usual_leave_the_others_less_and_so_draw_less():
    seen = np.mean([competing(seed, 4.0) for seed in range(30)], axis=0)
    births = Births(np.stack([lower(STEEP, LEVEL * by) for by in LOWER]), whole=WHOLE, hosts=MANY, quick=LEVEL)
    found, alone = (np.diff(Waves(one, (1.0, 0.0, 9.0), 2.0, 4.0).begun(np.arange(0.0, 4.1, 0.25))) * MANY
                    for one in (births, Births(STEEP[None], whole=WHOLE, hosts=MANY)))  # fmt: skip
    off, off_alone = (np.sqrt(np.mean((values - seen) ** 2)) / seen.mean() for values in (found, alone))
    assert off < 0.12 < 0.2 < off_alone


def test_copies_that_share_a_cause_lift_the_others_and_with_them_what_a_host_holds():
    """Of a second each, as the calls; the others hold three more each when the first of them end."""
    draw, step, many = np.random.default_rng(10), 1e-3, 4000
    begun = np.zeros((1000, many), dtype=bool)
    for number in range(1000):
        missing = 3.0 * (1.0 - number * step)
        rates = np.exp(np.interp(begun.sum(axis=0) + missing, np.arange(12.0), np.log(STEEP)))
        begun[number] = draw.random(many) < -np.expm1(-rates * step)
    rows = np.stack([lower(STEEP, (LEVEL + 3.0) * by) for by in LOWER])
    few = Copies(paid=0.01, slow=1.0)  # the budget pays for as many at any time
    births = Births(rows, whole=1e6, hosts=1.0, quick=LEVEL, kin=3.0, copies=few)
    found = np.diff(Waves(births, (1.0, 0.0, 9.0), 2.0, 1.0).begun(np.linspace(0.0, 1.0, 6)))
    np.testing.assert_allclose(found, begun.reshape(5, 200, many).sum(axis=1).mean(axis=1), atol=0.05)
