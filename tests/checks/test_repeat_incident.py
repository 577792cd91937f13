"""What module 12's checks lay out: windows, runs and services of every kind; and that a page is not played twice."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.checks import repeat_incident as checks
from course_lib.incidents import engine, service
from course_lib.runbooks import executor, page, world

FEW = [seed * 7919 + 1 for seed in range(3)]
KINDS = len(checks.KINDS)


@pytest.mark.parametrize("seed", FEW)
def test_windows_page_in_time_too_late_or_never_and_none_is_near_a_limit(seed):
    (e, slo, long, burn, left, react), kind = checks._burning(seed)
    limit, budget = burn * (1 - slo), (1 - slo) * checks.PERIOD
    fires = long * limit / e
    assert set(kind) == set(range(len(checks.TEXTS))) and (np.abs(e / limit - 1) > 0.04).all()
    assert ((e > limit) == ~np.isin(kind, (4, 5))).all() and (limit[kind == 5] > 1).all() and (e[kind == 0] == 1).all()
    assert (fires * e > 1.1 * left * budget)[kind == 2].all()  # the budget is gone when it fires
    late = (fires + react) * e / budget / left
    assert (fires * e < left * budget)[kind == 3].all() and (late > 1.0005)[np.isin(kind, (2, 3))].all()
    assert (late < 0.9)[kind == 6].all() and ((late > 28 / 30) & (late < 0.985))[kind < 2].all()


def test_a_miss_says_which_of_the_two_results_is_meant():
    never = lambda e, *_: (0 * np.asarray(e) - 1, 0 * np.asarray(e))  # noqa: E731
    lines = [line for line in checks.windows.judge({"windows": never}, 7).lines if "  miss  pages in time" in line]
    assert len(lines) == 2 and all(": saw seconds = -1, not " in line for line in lines)

    def late(e, slo, long, burn, left, react):
        fires = e > burn * (1 - slo)
        return np.where(fires, long * burn * (1 - slo) / e, -1.0), fires

    assert "people take, too : saw in_time = True, not False, for error_ratio" in checks.windows.judge(
        {"windows": late}, 7).text  # fmt: skip


@pytest.mark.parametrize("name", ["timeline", "impact"])
@pytest.mark.parametrize("seed", FEW)
def test_runs_are_of_six_kinds_and_each_is_what_it_is_called(seed, name):
    runs, kinds = checks.cases(seed, name)
    assert sorted(kinds) == list(range(KINDS))
    ended, told, silent, goes_on, nothing, back = (runs[list(kinds).index(kind)] for kind in range(KINDS))
    start, detected, acknowledged, mitigated, resolved = checks.moments(ended)
    assert 0 < start < detected < acknowledged < mitigated < resolved
    share = ended.failed / ended.requests
    around = (ended.time < 200) | (ended.time > mitigated)
    assert (share > 0).all() and ((share > 0.01) & (share < 0.1))[around].sum() > 2
    assert told.spoke.min() < min(told.paged, default=np.inf) and not len(silent.spoke)
    assert checks.moments(silent)[2] == -1 and checks.moments(silent)[4] > 0
    assert checks.moments(goes_on)[4] == -1 and (goes_on.failed / goes_on.requests)[-10:].max() > 0.1
    after = [run.time[-1] - run.time[run.failed > 0.01 * run.requests][-1] for run in (silent, goes_on)]
    assert after == [60.0, 50.0], "just enough, and a window too few"
    assert (checks.moments(nothing)[0], *checks.moments(nothing)[3:]) == (-1, -1, -1) and nothing.failed.sum() > 0
    assert (nothing.failed / nothing.requests).max() == 0.01, "just as many as are tolerated"
    bad = np.flatnonzero(back.failed > 0.01 * back.requests)
    assert np.diff(bad).max() >= 3, "somebody must be able to take it for over"
    share = back.failed / back.requests
    dip = int(np.flatnonzero((share <= 0.01) & (np.arange(len(share)) > share.argmax()))[0])
    assert (share[dip:] > share.max() / 2).any(), "and for half over, after the worst of it"


@pytest.mark.parametrize("seed", FEW)
def test_services_take_other_bounds_and_their_money_buys_nobody_or_more_than_can_be_used(seed):
    (deadline, partitions, price, money, takes, chance), days = checks._services(seed)
    bought = 10 + np.floor(money / price)
    assert (bought == 10).any() and (bought > partitions).any() and (bought < partitions).any()
    assert deadline.max() > 5 * deadline.min() and [one.deadline for one in days] == list(deadline)
    due = np.ceil(-takes * np.log1p(-chance))
    assert due.max() > due.min() + 2, "one date must not fit all"


@pytest.mark.parametrize("seed", FEW)
def test_pages_meet_an_incident_and_a_busy_day_on_which_nobody_is_late(seed):
    services, there = checks._paged(seed)
    busy = [service.Play(one.busy, one.seed) for one in services]
    runs = service.together([service.Play(one.incident, one.seed) for one in services] + busy)
    for days, played, quiet in zip(services, runs, runs[len(services) :], strict=False):
        assert quiet.failed.sum() <= 0.001 * quiet.all.sum()
        first = played.time[(played.share > 0.01).argmax()]
        assert abs(first - days.late) < 10.0, "the second at which the first order is late"
        age = quiet["oldest_age"].max() / days.deadline
        assert 0.3 < age < 0.5, "a queue that half a deadline tells from an incident"
    assert len(there.drills) == 2 * len(services)
    burst = [one.incident.faults[0].value for one in services]
    assert max(burst) > 1.5 * 1600 and burst.index(max(burst)) == int(np.argmin([one.deadline for one in services]))


PAGE = """# Late orders

Meaning: orders wait.

Impact: buyers order twice.

## How it looks
- `when oldest_age > 10 s for 20 s`

## Immediate actions
1. `do more_consumers as platform`
2. `do expire as queue team`

## How to know it worked
3. `verify oldest_age < 60 s for 1 min within 10 min` `else stop`

## Recovery
4. `stop`

## Afterwards
- Nothing.

## Security check
- None.
"""


def test_a_page_is_carried_out_as_by_a_world_of_one_day_and_no_run_is_played_twice(monkeypatch):
    checks._paged.cache_clear()
    services, there = checks._paged(5)
    played = []
    together = service.together
    monkeypatch.setattr(service, "together", lambda plays: played.append(len(plays)) or together(plays))
    read, here = page.parse(PAGE, "late.md"), range(len(services))
    first = executor.run_each([read] * len(here), there, here)
    assert sum(played) == 4 * len(here), "nothing, one action, two, and each without the other; nothing twice"
    assert executor.run_each([read] * len(here), there, here) == first and sum(played) == 4 * len(here)
    assert np.isfinite(executor.opened([read] * len(here), there, here)).all() and len(played) == 3
    assert [executor.opened([read], there, [place])[0] for place in here] == [one.said[0].at for one in first]
    alone = executor.run(read, world.Drill(services[0].incident), services[0].seed)
    assert (alone.said, alone.log) == (first[0].said, first[0].log)
    assert (alone.harm, alone.harm_of_nothing) == (first[0].harm, first[0].harm_of_nothing)


def test_what_is_kept_of_runs_is_bounded(monkeypatch):
    monkeypatch.setattr("course_lib.runbooks.services.MOST_KEPT", 3)
    services, there = checks._paged(5)
    logs = [(executor.Taken(float(at), "expire"),) for at in range(130, 230, 10)]
    for log in logs:
        there.play([log, ()], [0, 0], there.until, looking=False)
    assert len(there._kept) <= 3
    again = there.play([logs[0]], [0], there.until, looking=False).harm[0]
    afresh = engine.play(services[0].incident, [engine.Step(130.0, "expire")], services[0].seed)
    assert again == engine.harm(services[0].incident, afresh)
