"""Repeat incidents against closed forms and an independent event loop."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from course_lib.models.repeat_incident import DAY, MONTH, QUARTER, WEEK, YEAR, Parameters, simulate
from course_lib.models.schedule import Schedule, window
from course_lib.models.trace import Record
from course_lib.theory import detection, learning
from tests.models import repeat_incident_oracle
from tests.models.agreement import TOTAL, near
from tests.models.event_loops import replay
from tests.models.repeat_incident_oracle import Loop, Scenario, measure

#: One cause whose item was written before the start: what FACTS 12b8 and 12b9 are about.
ONE = dict(causes=1, known=1.0, small_reviewed=0.0, big_above=1e6, new_causes=0.0, dispersion=math.inf, completion=1.0,
           capacity=1e6, incident_rate=1.0, dt=DAY)  # fmt: skip
STILL = dict(completion=0.0, new_causes=0.0)


def last(signal: str, seeds: int, until: float, **changes) -> np.ndarray:
    p = Parameters(**changes)
    record = Record((signal,), every=until - until % p.dt)
    return simulate(p, np.arange(seeds), until=until, record=record)[signal][-1]


# -- closed forms ----------------------------------------------------------------------------------------------------


def test_repeats_before_the_fix_are_geometric():
    seen = last("repeats", 1500, 400 * DAY, **ONE, effectiveness=1.0)
    assert seen.mean() == pytest.approx(float(learning.repeats_before_fix(1 / 30, 1 / 45)), abs=0.16)
    for count in (1, 2, 4):
        wanted = float(learning.chance_of_repeat(1 / 30, 1 / 45, count))
        assert (seen >= count).mean() == pytest.approx(wanted, abs=0.04)


def test_a_tick_of_a_week_keeps_the_mean_and_says_by_how_much_it_misses_the_chance():
    """By arithmetic: the chance of nothing in a tick, before one in which it is finished, summed."""
    seen = last("repeats", 1500, 56 * WEEK, **ONE | dict(dt=WEEK), effectiveness=1.0)
    assert seen.mean() == pytest.approx(1.5, abs=0.16) and (seen >= 1).mean() == pytest.approx(0.6, abs=0.055)
    for days, most in ((7, 0.03), (1, 0.005)):
        finish, nothing = days / 45, math.exp(-days / 30)
        assert 0 < 0.4 - finish * nothing / (1 - (1 - finish) * nothing) < most


@pytest.mark.parametrize("effect", [0.0, 0.8])
def test_repeats_within_a_year_with_a_fix_that_works_in_part(effect):
    seen = last("repeats", 800, 365 * DAY, **ONE, effectiveness=effect)
    wanted = float(learning.repeats_with_fix(1 / 30, 1 / 45, effect, 365))
    assert seen.mean() == pytest.approx(wanted, rel=0.1)


def test_half_of_the_items_are_late_by_their_due_date():
    """12b12, of a team that never writes another."""
    trace = simulate(Parameters(**ONE, effectiveness=0.0), np.arange(1200), until=60 * DAY)
    for days in (30, 56):
        done = (trace["open_items"][days - 1] == 0).mean()
        assert done == pytest.approx(float(learning.finished_by(days, 1 / 45)), abs=0.045)
    late = trace["overdue_share"]
    assert (late[29] == 0).all() and late[31].mean() == pytest.approx(1 - learning.finished_by(32, 1 / 45), abs=0.045)


def test_counts_are_negative_binomial_and_not_poisson():
    record = Record(("incidents",), every=13 * WEEK)
    for shape in (1, 4, math.inf):
        p = Parameters(**STILL, incident_rate=4.0, dispersion=shape)
        seen = simulate(p, np.arange(1500), until=13 * WEEK, record=record)["incidents"][-1]
        mean = 4.0 * 13 * WEEK / MONTH
        assert seen.mean() == pytest.approx(mean, rel=0.05)
        assert seen.var() == pytest.approx(float(learning.variance_of_counts(mean, shape)), rel=0.15)
        low, high = learning.counts_between(mean, shape)
        wanted = sum(learning.chance_of_count(k, mean, shape) for k in range(low, high + 1))
        assert ((seen >= low) & (seen <= high)).mean() == pytest.approx(wanted, abs=0.025)


def test_the_backlog_settles_where_little_says_or_not_at_all():
    """Causes that no item removes: what arrives is known, and so is what stays open."""
    day = dict(causes=40, skew=0.0, incident_rate=8.0, effectiveness=0.0, completion=1.0, small_reviewed=1.0,
               items_each=1, dispersion=math.inf, dt=DAY, review_every=DAY, fix_time=20 * DAY)  # fmt: skip
    trace = simulate(Parameters(**day, capacity=np.array([1e6, 2.0])), np.arange(12)[:, None], until=2 * YEAR)
    written = trace["written"][-1, :, 0].mean() / (2 * YEAR / MONTH)
    settled = trace["open_items"][365:, :, 0].mean()
    assert settled == pytest.approx(float(learning.open_items(written, 1, 20 / 30)), rel=0.08)
    queue = trace["open_items"][:, :, 1].mean(axis=1)
    assert queue[-1] > 2 * settled and math.isinf(learning.settled_backlog(written, 1.5, 2.0))


def test_layers_and_independent_shares_multiply():
    """12b10: two causes' worth of items, each of which removes its share."""
    assert learning.residual_rate(10.0, [0.8, 0.5], [1.0, 1.0]) == pytest.approx(1.0)
    assert learning.layered_rate(100.0, [0.1] * 3) == pytest.approx(0.1)


@pytest.mark.parametrize("error", [1.0, 0.1, 0.03])
def test_who_finds_it_and_after_how_long(error):
    """One error ratio for all; the alert at its closed form, customers at an exponential, the earlier counts."""
    # Ratios lie between the smallest and 1: all are 1, and threshold and customers as they would be for the ratio.
    day = dict(**STILL, least_error=1.0, page_burn=14.4 / error, report_share=1e-4 * error, spread=0.0,
               mitigate_time=1.0, ack_time=0.0, alerts="fast", incident_rate=20.0)  # fmt: skip
    trace = simulate(Parameters(**day), np.arange(60), until=YEAR)
    alert = float(detection.time_to_alert(error, 0.999, 3600.0, 14.4))
    customers = 1.0 / (100.0 * error * 1e-4)
    assert trace["resolve_time"][-1].mean() - 1 == pytest.approx(learning.found_after(alert, customers), rel=0.04)
    told = trace["customer_share"][-1].mean()
    assert told == pytest.approx(float(learning.found_by_customers(alert, customers)), abs=0.035)


def test_below_its_limit_an_alert_never_pages():
    quiet = dict(**STILL, least_error=1.0, page_burn=1000.0, alerts="fast", usual_errors=0.0)
    assert last("customer_share", 8, YEAR, **quiet).min() == 1.0
    assert last("customer_share", 8, YEAR, **quiet | dict(alerts="none")).min() == 1.0
    assert last("customer_share", 8, YEAR, **quiet | dict(report_share=1e-9, page_burn=14.4)).max() == 0.0


def test_a_low_threshold_wakes_people_for_nothing_and_they_look_later():
    seen = {}
    for burn in (2.0, 14.4):
        trace = simulate(Parameters(page_burn=burn), np.arange(40), until=YEAR)
        chance = 1 - 0.5 * (1 + math.erf(math.log(burn / 0.2) / math.sqrt(2)))
        pages = trace["false_pages"][-1].mean()
        assert pages == pytest.approx(YEAR / 3600 * chance, rel=0.05, abs=0.1)
        seen[burn] = (trace["precision"][-1].mean(), trace["customer_share"][-1].mean())
    assert seen[2.0][0] < 0.2 < 0.9 < seen[14.4][0] and seen[2.0][1] < seen[14.4][1]


def test_harm_is_rate_times_ratio_times_time():
    day = dict(**STILL, least_error=1.0, spread=0.0, mitigate_time=600.0, ack_time=300.0, report_share=1e-9,
               usual_errors=0.0)  # fmt: skip
    trace = simulate(Parameters(**day), 3, until=YEAR)
    each = float(learning.harm(100, 1.0, 51.84, 300, 600))
    assert trace["failed"][-1] == pytest.approx(each * trace["incidents"][-1], rel=1e-9)


def test_silenced_alerts_leave_it_to_customers_and_say_so():
    day = Parameters(**STILL, muted=window(26 * WEEK, 26 * WEEK, 1.0, 0.0))
    trace = simulate(day, np.arange(20), until=YEAR - DAY)
    assert trace["missed_share"][25].max() == 0 and trace["missed_share"][-1].mean() > 0.2
    assert trace["customer_share"][-1].min() == 1.0


def test_items_that_find_or_mitigate_leave_the_cause_and_take_from_the_harm():
    base = dict(aim=np.array(["prevent", "detect", "mitigate"]), completion=1.0, small_reviewed=1.0)
    trace = simulate(Parameters(**base), np.arange(40)[:, None], until=2 * YEAR)
    there, lost = trace["causes_there"][-1].mean(axis=0), trace["failed"][-1].mean(axis=0)
    nothing = last("failed", 40, 2 * YEAR, completion=0.0).mean()
    assert (there[1:] == 20).all() and there[0] < 10
    assert (trace["incidents"][-1, :, 1] == trace["incidents"][-1, :, 2]).all()
    assert lost[0] < lost[2] < nothing and lost[1] < nothing


def test_same_luck_in_the_first_weeks_whatever_is_finished():
    trace = simulate(Parameters(completion=np.array([0.0, 0.9])), np.arange(20)[:, None], until=2 * YEAR)
    incidents = trace["incidents"]
    assert (incidents[1, :, 0] == incidents[1, :, 1]).all() and (incidents[:, :, 0] >= incidents[:, :, 1]).all()


def test_verified_items_are_closed_when_they_work_and_take_as_long_as_that():
    base = ONE | dict(effectiveness=0.5, dt=WEEK)
    repeats = [last("repeats", 500, 100 * WEEK, **base, verified=word).mean() for word in ("on", "off")]
    assert repeats[0] == pytest.approx(3.0, rel=0.17) and repeats[1] > 10


def test_a_team_that_starts_to_finish_is_like_the_other_from_then_on():
    late = Schedule(0.0, ((YEAR, 0.9),))
    trace = simulate(Parameters(completion=late), np.arange(10), until=2 * YEAR)
    never = simulate(Parameters(completion=0.0), np.arange(10), until=2 * YEAR)
    assert (trace["incidents"][51] == never["incidents"][51]).all()
    assert (trace["causes_there"][-1] < never["causes_there"][-1]).all()


# -- the event loop --------------------------------------------------------------------------------------------------

SCENARIOS = {
    "default": dict(),
    "nothing finished": dict(completion=0.0, until=QUARTER),
    "overloaded": dict(capacity=1.0, items_each=8),
    "near misses seen, all reviewed": dict(near_misses="seen", small_reviewed=1.0),
    "only the big, each quarter": dict(small_reviewed=0.0, review_every=91 * DAY),
    "found within a minute": dict(aim="detect", completion=1.0, alerts="fast", mitigate_time=600.0),
    "mitigated sooner": dict(aim="mitigate", completion=1.0, alerts="none"),
    "verified, a low threshold": dict(verified="on", effectiveness=0.4, page_burn=3.0, fatigue=2.0, known=0.5),
}  # fmt: skip
COUNTED = ("incidents", "repeats", "failed", "finished", "written", "false_pages", "open_items", "waiting_items",
           "causes_there")  # fmt: skip


TEAMS = 40  # of a record


def totals(scenario: Scenario, seed: int) -> dict[str, float]:
    """Means over 40 teams."""
    teams = [measure(Loop(scenario, TEAMS * seed + number).run()) for number in range(TEAMS)]
    return {name: float(f"{np.mean([team[name] for team in teams]):.6g}") for name in teams[0]}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_model_agrees_with_the_event_loop(name):
    """Means over 1,200 teams; the model's at a tick of a day."""
    scenario = Scenario(**SCENARIOS[name])
    loop = replay(repeat_incident_oracle, totals, scenario, range(30), live=name == "nothing finished")
    told = {name: value for name, value in dataclasses.asdict(scenario).items() if name != "until"}
    until = scenario.until - scenario.until % DAY
    teams = 1000 + np.arange(1200 if until < YEAR else 300)
    trace = simulate(Parameters(**told, dt=DAY), teams, until=until, record=Record(COUNTED, every=until))
    for signal in COUNTED:
        absolute = 0.02 if signal in ("waiting_items", "causes_there") else 0.0
        near(trace[signal][-1], loop[signal], TOTAL, absolute, signal)
