"""Deadlines in the retry storm: closed form, model and event loop agree on what a drop saves, and when."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.models.retry_storm import simulate
from course_lib.models.schedule import Schedule
from course_lib.theory import retries
from tests.models import retry_storm_oracle
from tests.models.agreement import PEAK, STEADY, TRANSIENT, near
from tests.models.event_loops import replay
from tests.models.retry_storm_oracle import Loop
from tests.models.test_retry_storm import QUIET, alike, measure, scenarios

FLOOD = dict(
    arrival_rate=4000.0, service_rate=1200.0, servers=12, max_retries=0, deadline_propagation=True, brownout=QUIET
)
SERVICE_TIME = 0.01  # 12 servers, 1200/s


def settled(scenario, seed):
    """Answered and worked through, a second, once the queue is as old as it gets."""
    run = Loop(scenario, seed).run()
    span = scenario.until - 5.0
    return {name: sum(t >= 5.0 for t in getattr(run, name)) / span for name in ("good", "worked")}


def goodput(seeds=2, **settings):
    scenario, _ = scenarios(FLOOD | dict(until=20.0) | settings)
    return replay(retry_storm_oracle, settled, scenario, range(seeds))["good"].mean()


@pytest.mark.parametrize("margin", [0.0, 0.01, 0.02, 0.05])
def test_the_closed_form_says_what_a_margin_saves(margin):
    expected = retries.expiring_goodput(1200, 4000, SERVICE_TIME, margin)
    assert goodput(deadline_margin=margin) == pytest.approx(expected, rel=0.02, abs=5)


@pytest.mark.parametrize("servers", [1, 2, 4, 48])
def test_the_closed_form_holds_for_short_and_long_services(servers):
    expected = retries.expiring_goodput(1200, 4000, servers / 1200)
    assert goodput(servers=servers) == pytest.approx(expected, rel=0.05, abs=3)


@pytest.mark.parametrize(
    ("service", "drop", "cancel", "margin"),
    [("exponential", 43, 1190, 1200), ("log-normal", 2, 710, 1190), ("constant", 0, 0, 1200)],
)
def test_only_dropping_what_will_be_late_works_whatever_the_service_times(service, drop, cancel, margin):
    """Dropped at the deadline; running work cancelled as well; dropped five service times early."""
    assert goodput(service=service) == pytest.approx(drop, abs=5)
    assert goodput(service=service, cancels=True) == pytest.approx(cancel, abs=15)
    assert goodput(service=service, deadline_margin=0.05) == pytest.approx(margin, rel=0.015)


STORM = dict(arrival_rate=1000.0, service_rate=1200.0, servers=12, deadline_propagation=True)
BRIEF = dict(brownout=(10.0, 15.0, 0.3), until=60.0)
OVER = dict(arrival_rate=450.0, deadline_propagation=True, brownout=QUIET, until=60.0)
JITTER = dict(backoff="full_jitter", backoff_base=1.0)
CASES = {  # what differs from the tests' usual scenario, seeds, and the bar on attempts
    "dropped when due": (STORM | BRIEF, 3, 0.02),
    "dropped two services early": (STORM | BRIEF | dict(deadline_margin=0.02), 3, 0.02),
    "dropped five services early": (STORM | BRIEF | dict(deadline_margin=0.05), 3, 0.02),
    "half the timeout early": (STORM | BRIEF | dict(deadline_margin=0.5), 3, 0.02),
    "overload, when due": (OVER | JITTER, 3, 0.02),
    "overload, with a margin": (OVER | JITTER | dict(deadline_margin=0.01), 3, 0.02),
    "overload, no jitter": (OVER | dict(deadline_margin=0.05), 3, 0.05),  # stated: retries bunch within a tick
    "overload, no retries": (OVER | dict(max_retries=0), 9, 0.02),
    "queue bound and deadlines": (OVER | JITTER | dict(deadline_margin=0.05, queue_limit=290), 3, 0.02),
    "shorter queue bound": (OVER | JITTER | dict(deadline_margin=0.05, queue_limit=150), 3, 0.02),
    "switched on in mid-run": (
        dict(deadline_propagation=True, deadlines_from=60.0, deadline_margin=0.05)
        | dict(brownout=(10.0, 20.0, 0.3), until=100.0),
        6,
        0.02,
    ),
    "switched on, a wide margin": (
        dict(deadline_propagation=True, deadlines_from=60.0, deadline_margin=0.4)
        | dict(brownout=(10.0, 20.0, 0.3), until=100.0),
        6,
        0.02,
    ),
}


def both(case):
    settings, seeds, bar = CASES[case]
    scenario, parameters = scenarios(settings)
    parameters = parameters.replace(service_time=scenario.servers / scenario.service_rate)
    if scenario.deadlines_from:
        parameters = parameters.replace(deadline_propagation=Schedule("off", ((scenario.deadlines_from, "on"),)))
    loop = replay(retry_storm_oracle, measure, scenario, range(seeds))
    return scenario, simulate(parameters, np.arange(32), until=scenario.until), loop, bar


@pytest.mark.parametrize("case", CASES)
def test_the_model_drops_as_the_event_loop_does(case):
    scenario, trace, loop, bar = both(case)
    near(trace["attempt_rate"].sum(axis=0) / 10, loop["attempts"], bar, what="attempts")
    near(trace["rejected_rate"].sum(axis=0) / 10, loop["rejected"], 0.03, 10, "rejected")
    near(trace["queue_depth"].max(axis=0), loop["queue"], 2 * PEAK, 40, "longest queue")
    end = scenario.brownout[1]
    if end < scenario.until:
        near(trace["goodput"][int(end) * 10 :].mean(axis=0), loop["after"], TRANSIENT, 1.0, "goodput after")
        took = trace.events["recovered"] - end
        alike(np.isnan(took), np.isnan(loop["back"]))
        if np.isfinite(took).all():
            near(took, loop["back"], 0.03, 2.0, "seconds until back")
    else:
        near(trace["goodput"][50:].mean(axis=0), loop["before"], 2 * STEADY, 2.0, "goodput")


def test_what_is_dropped_is_not_work():
    """Switched on beside a long queue, a drop empties it at once; the service has done no more than it can."""
    _, trace, _, _ = both("switched on in mid-run")
    assert trace["queue_depth"][598].min() > 15_000 > 1000 > trace["queue_depth"][610].max()
    assert trace["throughput"][590:620].max() < 1.1 * 300 + 6 * np.sqrt(300 / 10) * 10
    assert trace["goodput"].max() <= trace["throughput"].max()


def failed_in_hiccup(scenario, seed):
    """Requests that are not answered."""
    run = Loop(scenario, seed).run()
    return {"failed": sum(t < scenario.until - 2 for t in run.first) - sum(t < scenario.until - 2 for t in run.good)}


@pytest.mark.parametrize("margin", [0.05, 0.8])
def test_a_margin_that_is_too_large_fails_requests_that_would_have_been_answered(margin):
    hiccup = dict(arrival_rate=900.0, service_rate=1200.0, servers=12, max_retries=0, brownout=(20.0, 21.0, 0.3))
    scenario, parameters = scenarios(hiccup | dict(deadline_propagation=True, deadline_margin=margin, until=30.0))
    loop = replay(retry_storm_oracle, failed_in_hiccup, scenario, range(6))["failed"]
    run = simulate(parameters, np.arange(16), until=28.0)
    failed = (run["offered_rate"] - run["goodput"]).sum(axis=0) / 10
    assert failed.mean() == pytest.approx(loop.mean(), abs=40)
    assert (failed.mean() < 30) == (margin < 0.1)
