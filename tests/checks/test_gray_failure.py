"""What module 10's checks lay out: services, histograms, fleets and days of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.checks import gray_failure as checks
from course_lib.theory import tails

FEW = [seed * 7919 + 1 for seed in range(5)]


@pytest.mark.parametrize("seed", FEW)
def test_services_are_measured_and_some_have_no_delay(seed):
    _, (latency, survival, fan_out, objective, budget), fits = checks._services(seed)
    assert fits.any() and not fits.all() and (survival[:, 0] == 1).all() and (np.diff(survival) <= 0).all()
    need, first = (
        tails.leaf_share(0.001, fan_out),
        np.array([latency[row <= b][0] for row, b in zip(survival, budget, strict=True)]),
    )
    late = [np.interp(t, latency, row) * np.interp(t - d, latency, row, left=1.0)
            for row, t, d in zip(survival, objective, first, strict=True)]  # fmt: skip
    assert ((np.array(late) <= need) == fits).all()
    alone = np.array([np.interp(t, latency, row) for row, t in zip(survival, objective, strict=True)])
    assert (alone > need).all() and (alone**2 <= need)[~fits].any()  # a copy is needed; sent at once it would do


@pytest.mark.parametrize("seed", FEW)
def test_histograms_have_one_host_that_limps_or_none(seed):
    (counts, edges), host, kind = checks._histograms(seed)
    assert (edges[5:] == 3 * edges[:-5]).all() and (edges[5:] / edges[:-5] == 3).all()  # to the bit
    bins = lambda c: (c.cumsum(-1) >= 0.99 * c.sum(-1, keepdims=True)).argmax(-1)  # noqa: E731
    p99, calls = edges[bins(counts)], counts.sum(-1)
    worse = bins(counts) - bins(counts.sum(axis=1, keepdims=True) - counts)
    for n, one in enumerate(host):
        others = np.delete(worse[n], one) if one >= 0 else worse[n][calls[n] >= 1000]
        assert others.max() <= (5 if kind[n] == 6 else 2 if one < 0 else 15) and (one < 0 or worse[n, one] >= 6)
        assert (worse[n][calls[n] >= 1000] >= 6).sum() == (one >= 0)
    assert (worse[kind == 5].max(axis=1) == 6).all() and (calls[kind == 5] < 1000).any(axis=1).all()
    assert (calls == 999).any() and (calls == 1000).any() and (worse[kind == 6].max(axis=1) == 5).any()
    slow = np.flatnonzero((kind == 1) & (calls.min(axis=1) == 200))  # averaged percentiles find nobody here
    assert len(slow) == 1 and p99[slow, host[slow]] < 3 * np.delete(p99[slow[0]], host[slow]).mean()


@pytest.mark.parametrize("seed", FEW)
def test_fleets_clients_and_hosts_are_of_every_kind(seed):
    (sent, bad, out, cap), kind = checks._fleets(seed)
    right, usual, room = checks._to_eject(sent, bad, out, cap)
    share = bad / np.maximum(sent, 1)
    assert (right.sum(axis=1)[kind == 1] == room[kind == 1]).all() and (right.sum(axis=1)[kind == 3] == 1).all()
    assert not right[np.isin(kind, (2, 4, 5, 9))].any() and (bad <= sent).all()
    assert (room[kind != 9] >= 2).all() and set(room[kind == 9]) == {0.0, -2.0}
    assert (usual[kind == 6] == 0).all() and ((share == 0.05) & ~right)[kind == 6].any(axis=1).all()
    assert (sent[right] == 100).any() and (sent[kind == 4] == 99).any() and (sent == 0).any()
    assert (np.abs(usual[kind == 7] - 0.045) < 0.005).all() and (right.sum(axis=1)[np.isin(kind, (7, 8))] == 1).all()
    edge = np.abs(share - usual[:, None] - 0.05)[(kind != 6)[:, None] & ~out & (sent >= 100)]
    assert edge.min() > 0.003  # no last bit decides but where shares are exact
    (age, copied, tokens, delay), kind = checks._clients(seed)
    late = ((age >= delay[:, None]) & ~copied).sum(axis=1)
    assert (late[kind == 0] <= np.floor(tokens)[kind == 0]).all() and (late[kind == 1] > tokens[kind == 1]).all()
    assert (late[kind == 2] == 0).all() and (tokens[kind == 3] < 1).all() and (late[kind == 3] > 5).all()
    assert (tokens == late)[kind == 0].any() and (tokens == 3)[kind == 1].any()
    (latency, errors, calls, _), kind = checks._seen_hosts(seed)
    assert (errors <= calls).all() and (calls[kind == 3] == 0).any(axis=1).all()
    assert ((calls == 0).sum(axis=1) == 2).any()
    assert ((errors == calls) & (calls > 0))[kind == 1].any(axis=1).all() and (latency >= 0).all()


@pytest.mark.parametrize("seed", FEW)
def test_days_leave_room_or_none(seed):
    (_, _, hosts, few, busiest), fits = checks._days(seed)
    room = 0.95 * (1 - few / hosts) / busiest - 1
    assert ((room > 0) == fits).all() and fits.any() and not fits.all() and (np.abs(room) > 0.01).all()
    assert (np.round(few / hosts, 2) < few / hosts)[fits].any()  # a cap in whole per cents has no room for them
    assert (room[fits] < 0.05).any() and (room[fits] > 0.06).any()  # 5 % is too much for some, and not for all
