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
