"""Who gets how many calls from a balancer that counts them, against an event loop at the lesson's own size."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from course_lib.lessons import gray_failure as lesson
from course_lib.models.gray_failure import Parameters, simulate
from tests.models import gray_balance_oracle
from tests.models.agreement import STEADY, near
from tests.models.event_loops import replay
from tests.models.gray_balance_oracle import Scenario, impaired_share

RUNS, CALLS, BEFORE = 10, 200_000, 100_000
LONG = 400_000  # before, where calls count for a second and more: what was sent to empty hosts comes back in waves


def drawn(balancer, number, seed=10):
    """Scenarios drawn over the whole range of the panel's sliders that decide about the share."""
    draw, found = np.random.default_rng(seed), {}
    values = {control.name: control.values for control in lesson.PANEL.controls if getattr(control, "values", ())}
    for place in range(number):
        fault = str(draw.choice(list(lesson.FAULTS)))
        impaired = int(draw.choice([n for n in values["impaired_hosts"] if 0 < n < 40]))
        slow, penalty = round(float(draw.integers(1, 21)) / 20, 2), float(draw.choice(values["error_penalty"]))
        found[f"{balancer} {place}"] = Scenario(balancer, fault, impaired, slow_fraction=slow, error_penalty=penalty)
    return found


#: Two slow hosts meet twelve times a second, and get their calls then: it takes many runs to see 1 % of these.
MEET = "the better of two, two of forty count an error for a second"
TEN = dict(hosts=10, impaired_hosts=1, request_rate=25.0)
CASES = {
    "two of forty fail at once": Scenario(),
    "one of forty fails at once": Scenario(impaired_hosts=1),
    "one of six fails at once, of few calls": Scenario(hosts=6, impaired_hosts=1, request_rate=2.5),
    "two of forty limp": Scenario(fault="limping"),
    "one of ten fails at once": Scenario(**TEN),
    "one of ten fails at once, of more calls": Scenario(**TEN | dict(request_rate=100.0)),
    "one of ten limps": Scenario(fault="limping", **TEN),
    "the better of two, two of forty fail at once": Scenario(balancer="two_choices"),
    MEET: Scenario(balancer="two_choices", error_penalty=1.0),
    **drawn("least_outstanding", 10),
    **drawn("two_choices", 10),
}


def share(scenario, number):
    """Of the calls of one run."""
    slow = scenario.fault in ("limping", "lossy") or scenario.error_penalty >= 1.0
    return {"share": impaired_share(scenario, int(number), CALLS, LONG if slow else BEFORE)}


def tens(scenario, number):
    """Of the calls of ten runs."""
    return {"share": float(np.mean([share(scenario, seed)["share"] for seed in range(10 * number, 10 * number + 10)]))}


def of_model(scenario):
    """The same of the model, where no host is ever full."""
    always = dict(fault_start=0.0, fault_duration=1e4, workers=10_000, check_interval=600.0)
    trace = simulate(Parameters(**dataclasses.asdict(scenario), **always), until=260.0)  # first calls gather, and again
    return trace["impaired_share"][-1]


@pytest.mark.parametrize("case", CASES)
def test_shares_out_calls_as_the_event_loop_does(case):
    runs = replay(
        gray_balance_oracle, *((tens, CASES[case], range(30)) if case == MEET else (share, CASES[case], range(RUNS)))
    )
    near(of_model(CASES[case]), runs["share"], STEADY, what=case)
