"""What module 08's checks lay out: days, pools, pages and fleets of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.checks import cascading_failure as checks

FEW = [seed * 7919 + 1 for seed in range(6)]


@pytest.mark.parametrize("seed", FEW)
def test_the_first_and_the_loudest_are_not_always_the_guilty(seed):
    (used, took), case, first, guilty = checks._metrics(seed)
    own = took - np.concatenate([took[:, 1:], 0 * took[:, :1]], axis=1)
    grew = own[-10:].mean(axis=0) / own[:10].mean(axis=0)
    assert set(case) == set(range(6)) and (first != guilty).any() and (first == guilty).any()
    assert ((grew.argmax(axis=0) != guilty) & (guilty >= 0)).any() and ((grew < 1.2) | (grew > 2.5)).all()
    firsts = np.where((used >= 0.95).any(axis=0), (used >= 0.95).argmax(axis=0), 999)
    assert (np.sort(firsts, axis=0)[0] < np.sort(firsts, axis=0)[1])[first >= 0].all()  # no ties


@pytest.mark.parametrize("seed", FEW)
def test_pools_fill_or_are_spared_with_room_beside_the_rule(seed):
    (workers, held, rate, capacity, patience), case, right = checks._pools(seed)
    assert set(case) == {0, 1, 2} and (np.isfinite(right) == (case == 0)).all() and (held < workers).all()
    bound = rate * patience / workers
    assert (np.abs(bound - 1) > 0.005).all() and (capacity[case == 1] > rate[case == 1]).all()
    assert (capacity * patience < workers)[case == 0].any(), "Little's law with the database's rate must not do"


@pytest.mark.parametrize("seed", FEW)
def test_services_have_room_for_a_threshold_and_classes_are_cut_everywhere(seed):
    (rate, healthy, slow, query, timeout, workers), _ = checks._services(seed)
    low, high = rate * healthy, slow * (timeout - query)
    assert (high > 5 * low).all() and (np.sqrt(low * high) < 0.9 * workers).all()
    right = np.sqrt(low * high) / workers
    assert right.max() > 3 * right.min(), "one threshold must not fit all"
    offered, capacity = checks._classes(seed)
    before = np.cumsum(offered, axis=0) - offered
    cut = (capacity > before) & (capacity < before + offered)
    assert cut.any(axis=1).all() and (capacity == 0).any() and (capacity > offered.sum(axis=0)).any()


@pytest.mark.parametrize("seed", FEW)
def test_pages_and_dependencies_come_in_every_kind(seed):
    (state, room, optional, probe), case, right = checks._pages(seed)
    assert set(case) == set(range(8)) and set(np.unique(right)) == {0, 1, 2} and {0, 1, 2} == set(np.unique(state))
    assert (room == 0).any() and probe.any() and not probe.all() and optional.any()
    (rate, latency, workers), fits = checks._dependencies(seed)
    need = np.ceil(2 * rate * latency - 1e-9).sum(axis=0)
    assert fits.any() and not fits.all() and (need == workers).any() and (need == workers + 1).any()
