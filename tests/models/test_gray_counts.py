"""Slow calls at a host, count by count, against hosts followed one by one."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.models.gray_counts import Births, Waves, until_rare

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
    waves = Waves(Births(more, many=many), law, TICK, UNTIL)
    found = np.diff(waves.begun(np.arange(0.0, UNTIL + TICK, TICK)))
    np.testing.assert_allclose(found, begun, rtol=0.03, atol=0.09)
    counts = np.bincount(left, minlength=len(more))[: len(more)] / HOSTS
    np.testing.assert_allclose(waves.chance(UNTIL), counts, atol=0.045)


def test_hosts_that_are_free_together_share_the_calls_there_are():
    """Twenty that would each take nine calls in ten, of 200 a second, until it has three."""
    births = Births(np.array([180.0, 180.0, 180.0, 0.0]), whole=200.0, hosts=20.0)
    begun = Waves(births, (6.0, 0.0, 9.0), 0.5, 6.0).begun(np.array([0.15, 0.3, 5.0]))
    np.testing.assert_allclose(begun, [1.5, 2.8, 3.0], atol=0.4)


def test_a_host_that_lacks_many_calls_gets_them_at_once_and_again_when_they_are_over():
    births = Births(np.array([1e4, 1e4, 0.0]), base=70)
    begun = Waves(births, ALIKE, TICK, UNTIL).begun(np.array([0.0, 2.0, 4.0, 6.0, 9.0, 11.0]))
    np.testing.assert_allclose(begun, [0.0, 72.0, 72.0, 144.0, 144.0, 216.0], rtol=1e-6)
