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
    assert set(case) == set(range(5)) and (np.isfinite(right) == np.isin(case, (0, 3))).all() and (held < workers).all()
    bound = rate * patience / workers
    assert (np.abs(bound - 1) > 0.005)[case != 3].all() and (capacity[case == 1] > rate[case == 1]).all()
    assert (bound[case == 3] == 1).all() and (workers - held < rate * patience)[case == 4].all()
    assert (capacity * patience < workers)[case == 0].any(), "Little's law with the database's rate must not do"


@pytest.mark.parametrize("seed", FEW)
def test_services_have_room_for_a_threshold_and_classes_are_cut_everywhere(seed):
    (rate, healthy, slow, query, timeout, workers), _ = checks._services(seed)
    low, high = rate * healthy, slow * (timeout - query)
    assert (high > 5 * low).all() and (np.sqrt(low * high) < 0.9 * workers).all()
    right = np.sqrt(low * high) / workers
    assert right.max() > 3 * right.min(), "one threshold must not fit all"
    assert low.max() > 90, "nor one number of requests: this is more than the lesson's"
    offered, capacity = checks._classes(seed)
    before = np.cumsum(offered, axis=0) - offered
    cut = (capacity > before) & (capacity < before + offered)
    assert cut.any(axis=1).all() and (capacity == 0).any() and (capacity > offered.sum(axis=0)).any()


@pytest.mark.parametrize("seed", FEW)
def test_pages_and_dependencies_come_in_every_kind(seed):
    (state, room, optional, probe), case, right = checks._pages(seed)
    assert set(case) == set(range(9)) and set(np.unique(right)) == {0, 1, 2} and {0, 1, 2} == set(np.unique(state))
    assert (room == 0).any() and probe.any() and not probe.all() and optional.any()
    tried = (state == 2) & probe & (room > 0) & ((state == 2).sum(axis=0) == 1)
    assert (tried & optional).any() and (tried & ~optional).any(), "the probe of an extra, and of what is required"
    opened = (state == 1) & probe
    assert (opened & ~optional).any() and ((opened & optional) & (right == 2)).any() and (room[:, case == 0] == 1).any()


def test_no_rounding_decides_about_places_or_replicas():
    """Whole numbers are whole as they are computed: nobody is marked by the last bit of a product."""
    for seed in range(100):
        (rate, latency, workers), fits = checks._dependencies(seed)
        need = 2 * rate * latency
        whole = np.abs(need - need.round()) < 1e-6
        assert (latency[whole] == 0.25).all() and (rate[whole] % 4 == 0).all() and whole[:, fits].any()
        tight = np.ceil(need).sum(axis=0) == workers
        assert whole.any(axis=0)[tight].any() and ((2 * np.ceil(rate * latency)).sum(axis=0) > workers)[tight].any()
        assert (need.sum(axis=0) <= workers)[~fits].any(), "parts of workers must not be added up"
        (replicas, rho, *_), _ = checks._fleets(seed)
        spare = replicas * (1 - rho)
        whole = np.abs(spare - spare.round()) < 1e-6
        assert (rho[whole] * 8 % 1 == 0).all() and (spare[whole] > 1).any() and ((spare > 0.55) & (spare < 0.95)).any()


def test_a_miss_shows_what_decides_about_the_day_and_the_whole_service():
    loud = lambda used, took: (0 * took[0, 0].astype(int) + 9, 0 * took[0, 0].astype(int) + 9)  # noqa: E731
    text = checks.blame.judge({"blame": loud}, 7).text
    assert "saw first = 9, not " in text and "where used is 0.95 in tick (-1: never) [" in text
    assert "saw guilty = 9, not -1, where own times grew by a factor of [" in text
    text = checks.bulkheads.judge({"bulkheads": lambda rate, latency, workers: 0 * rate}, 7).text
    assert "saw [0, 0, 0, 0], not [" in text and ", latency = [" in text and "], workers = " in text
