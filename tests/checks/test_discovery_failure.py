"""What module 07's checks lay out: fleets, updates and clients of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.checks import discovery_failure as checks
from course_lib.theory import discovery

FEW = [seed * 7919 + 1 for seed in range(6)]


@pytest.mark.parametrize("seed", FEW)
def test_fleets_shed_and_collapse_and_one_is_over_its_capacity(seed):
    rate, hosts, capacity, collapse = checks._fleets(seed)
    rho = rate / hosts / capacity
    assert collapse.any() and not collapse.all() and (rho > 1.2).any() and (rho < 0.3).any()
    assert np.abs(rho[collapse & (rho < 1)] - 0.5).min() > 0.05  # the default would not do


@pytest.mark.parametrize("seed", FEW)
def test_updates_are_what_they_are_called_and_some_lie_on_either_side_of_the_rule(seed):
    (known, kept, added, answering), kind, wanted = checks._updates(seed)
    dropped = known - kept
    assert (answering <= dropped).all() and (kept <= known).all() and (np.bincount(kind) == 3).all()
    most = (kind == 2) | (kind == 3) | (kind == 4) | (kind == 5)
    assert (dropped[most] > 0.6 * known[most]).all() and (dropped[kind == 7] < 0.45 * known[kind == 7]).all()
    share = answering / np.maximum(dropped, 1)
    assert (share[(kind == 2) | (kind == 4)] > 0.2).all() and (share[kind == 5] < 0.1).all()
    assert (answering[kind == 5] >= 1).all() and (kept + added)[kind == 4].min() >= 0.5 * known[kind == 4].min()
    assert ((kept + added) == 0).sum() == 3 and (answering[kind == 1] == 0).any()
    half, tenth = kind == 8, kind == 9
    assert sorted((2 * dropped - known)[half]) == [0, 1, 2] and (answering == dropped)[half].all()
    assert sorted((10 * answering - dropped)[tenth]) == [0, 5, 10] and (2 * dropped > known)[tenth].all()
    assert (answering <= known / 10)[tenth].all(), "a tenth of the known is more"
    refused = (kept + added == 0) | ((2 * dropped > known) & (10 * answering > dropped))
    assert (wanted == ~refused).all()


@pytest.mark.parametrize("seed", FEW)
def test_clients_know_some_hosts_all_sick_ones_or_nobody(seed):
    (known, healthy, threshold), kind = checks._clients(seed)
    good, mine = (known & healthy).sum(axis=1), known.sum(axis=1)
    assert (good[kind == 2] == np.round(threshold * mine)[kind == 2]).all() and (good[kind == 3] == 0).all()
    assert (good[kind == 1] < (threshold * mine)[kind == 1]).all() and (mine[kind == 4] == 0).all()
    assert (healthy & ~known).any(axis=1).all()  # strangers that look healthy


@pytest.mark.parametrize("seed", FEW)
def test_herds_lock_up_if_rushed_and_services_differ_in_what_will_do(seed):
    (clients, _, _, timeout), room = checks._herds(seed)
    free, few = room > 0, clients < room * timeout
    rushed = discovery.reconnect_time(clients[free], room[free], np.inf, timeout[free])
    assert (~free).any() and few.any() and (np.isinf(rushed) == ~few[free]).all()
    (outage, poll, churn, reuse, limit, _), fits = checks._services(seed)
    assert fits.any() and not fits.all()
    assert ((discovery.reused_share(outage + poll, churn, reuse) <= limit) == fits).all()
