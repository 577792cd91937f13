"""The chain of three services against its contract, its closed form and an independent event loop."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.models.drills import retry_chain
from course_lib.models.drills.retry_chain import Parameters, calls_per_request, herd, lost_share, simulate
from course_lib.theory import retries
from tests.models import event_loops, retry_chain_oracle
from tests.models.retry_chain_oracle import Loop, Scenario

SHORT = dict(errors_start=5.0, errors_duration=5.0)
ENDLESS = dict(service_rate=1e6, queue_limit=np.inf, errors_start=0.0, errors_duration=1e5)
EVERYTHING = dict(backoff="full_jitter", budget="first_attempts", breaker="on")


# -- contract --------------------------------------------------------------------------------------------------------


def test_every_request_ends_once():
    """Answered, failed for good, or still under way: within a minute of calm nothing is under way."""
    run = simulate(Parameters(**SHORT, budget="first_attempts", layers=np.array([1, 3])), seed=1, until=60)
    ended = (run["goodput"] + run["failed_rate"]).sum(axis=0)
    assert ended == pytest.approx(run["offered_rate"].sum(axis=0), rel=2e-3)
    assert (run["goodput"] >= 0).all() and (run["failed_rate"] >= -1e-9).all()


# -- closed form -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("max_retries", [0, 1, 3])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_amplification_is_the_closed_form_while_capacity_lasts(max_retries, layers):
    p = np.array([0.0, 0.1, 0.5, 0.9, 1.0])
    parameters = Parameters(**ENDLESS, arrival_rate=1000.0, error_share=p, max_retries=max_retries, layers=layers)
    measured = calls_per_request(simulate(parameters, seed=5, until=40), 10, 40)
    closed = np.ones((3, 5))
    closed[3 - layers :] = retries.chain_amplification(p, max_retries, layers)
    np.testing.assert_allclose(measured, closed, rtol=0.02)


def test_a_half_doubles_the_load_and_a_whole_is_sixty_four_times():
    parameters = Parameters(**ENDLESS, arrival_rate=1000.0, error_share=np.array([0.5, 1.0]))
    half, whole = calls_per_request(simulate(parameters, seed=1, until=40), 10, 40).T
    np.testing.assert_allclose(half, [1.0, 1.067, 2.0], rtol=0.02)
    np.testing.assert_allclose(whole, [4, 16, 64], rtol=0.02)


def test_a_budget_at_each_layer_is_a_power():
    """While everything fails each of the three layers spends all it earns: (1 + b)^3."""
    ratio = np.array([0.05, 0.1, 0.2])
    bucket = dict(budget="first_attempts", budget_ratio=ratio, budget_burst=100.0)
    parameters = Parameters(**ENDLESS, arrival_rate=1000.0, error_share=1.0, **bucket)
    measured = calls_per_request(simulate(parameters, seed=1, until=60), 10, 60)[-1]
    np.testing.assert_allclose(measured, (1 + ratio) ** 3, rtol=0.02)


# -- independent event loop ------------------------------------------------------------------------------------------

SCENARIOS = {
    "naive": {},
    "no retries": dict(max_retries=0),
    "one layer": dict(layers=1),
    "one retry, little load": dict(max_retries=1, arrival_rate=60.0),
    "budget, three layers": dict(budget_ratio=0.1),
    "budget, one layer": dict(budget_ratio=0.3, layers=1),
}


SPANS = ((0, 10, 0.02), (25, 40, 0.05), (60, 90, 0.03))
UNTIL = 90.0


def seen_by_the_loop(scenario: Scenario, seed: int) -> dict:
    """A run's offered and answered requests and each service's calls in each span, and whether it never recovered."""
    event = Loop(scenario, seed).run()
    times = {"offered": event.offered, "good": event.good, **event.calls}
    counts = {name: [event.count(when, *span[:2]) for span in SPANS] for name, when in times.items()}
    return counts | {"never": float(np.isnan(event.recovered(40.0, UNTIL)))}


#: What they have of their own, another scenario has, too.
WEEKLY = {"budget, one layer", "one layer"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.weekly] if name in WEEKLY else []) for name in SCENARIOS]
)
def test_the_model_agrees_with_an_event_loop(name):
    """Means over seeds: calls and answers before, during and after the errors within 2, 5 and 3 %."""
    settings = SCENARIOS[name]
    scenario = Scenario(until=UNTIL, errors=(10.0, 40.0, 0.5), **settings)
    live = name == "one retry, little load"
    events = event_loops.replay(retry_chain_oracle, seen_by_the_loop, scenario, range(6), live=live)
    own = dict(settings) | (dict(budget="first_attempts") if "budget_ratio" in settings else {})
    parameters = Parameters(errors_start=10.0, errors_duration=30.0, **own)
    run = simulate(parameters, seed=np.arange(16), until=UNTIL)
    for span, (start, end, near) in enumerate(SPANS):
        offered = events["offered"][:, span].sum()
        for row, service in enumerate(retry_chain.SERVICES):
            seen = events[service][:, span].sum() / offered
            assert calls_per_request(run, start, end)[row].mean() == pytest.approx(seen, rel=near), (service, start)
        lost = 1 - events["good"][:, span].sum() / offered
        assert lost_share(run, start, end).mean() == pytest.approx(lost, abs=0.015), start
    assert np.isnan(run.events["recovered"]).mean() == pytest.approx(events["never"].mean(), abs=0.1)


# -- the story the lab tells -----------------------------------------------------------------------------------------


def test_naive_retries_outlive_the_errors_and_reach_the_ceiling():
    run = simulate(Parameters(), seed=np.arange(8), until=150)
    assert np.isnan(run.events["recovered"]).all()
    np.testing.assert_allclose(calls_per_request(run, 100, 150).mean(axis=1), [4, 16, 64], rtol=0.02)


def test_jitter_alone_does_not_bring_it_back_and_budget_or_breaker_do():
    ways = dict(
        backoff=np.array(["full_jitter", "none", "none"]),
        budget=np.array(["none", "first_attempts", "none"]),
        breaker=np.array(["off", "off", "on"]),
    )
    recovered = simulate(Parameters(**ways), seed=np.arange(8)[:, None], until=120).events["recovered"] - 60
    assert np.isnan(recovered[:, 0]).all()
    assert (recovered[:, 1:] <= 12).all()


def test_the_numbers_in_the_lab_text():
    """Requests lost while inventory errs, and calls per request: what the lab's text says, for its seed and others."""
    ways = dict(
        max_retries=np.array([0, 3, 3, 3, 3]),
        backoff=np.array(["none", "none", "full_jitter", "none", "none"]),
        budget=np.array(["none", "none", "none", "first_attempts", "none"]),
        breaker=np.array(["off", "off", "off", "off", "on"]),
    )
    run = simulate(Parameters(**ways), seed=np.arange(8)[:, None], until=120)
    lost = lost_share(run, 30, 60)
    np.testing.assert_allclose(lost.mean(axis=0), [0.50, 0.81, 0.81, 0.33, 0.63], atol=0.015)
    assert lost[7, 4] == pytest.approx(0.63, abs=0.005)  # the lab's own seed
    assert (lost_share(run, 90, 120)[:, 1] > 0.999).all()
    calls = calls_per_request(run, 30, 36)[-1, :, 1]
    assert (calls > 1.5).all() and (calls < 2.1).all()
    assert calls_per_request(run, 90, 120)[-1, 7, 1] == pytest.approx(64, rel=0.01)
    assert calls_per_request(run, 33, 60)[-1, :, 3].mean() == pytest.approx(1.33, abs=0.03)


def test_the_sweet_spot_ends_where_the_budget_no_longer_fits():
    """Lost requests fall with the ratio up to (1 + b)^k = service_rate / arrival_rate = 1.5, and jump behind it."""
    for layers, ratio in ((1, [0.0, 0.2, 0.4, 0.7]), (3, [0.0, 0.05, 0.1, 0.25])):
        bucket = dict(budget="first_attempts", budget_ratio=np.array(ratio), layers=layers)
        run = simulate(Parameters(**bucket), seed=np.arange(4)[:, None], until=90)
        lost = lost_share(run, 30, 90).mean(axis=0)
        assert lost[0] > lost[1] > lost[2] and lost[3] > 0.6


def test_policies_from_outside_replace_the_models_own():
    asked = []

    def nothing(tokens, first_attempts, wanted, ratio, burst):
        asked.append((tokens.shape, first_attempts.shape, wanted.shape))
        return 0 * wanted, tokens

    parameters = Parameters(**SHORT, budget="first_attempts")
    run = simulate(parameters, seed=np.arange(2), until=12, retry_budget=nothing)
    assert set(asked) == {((3, 2),) * 3} and len(asked) == 120
    assert calls_per_request(run, 0, 12) == pytest.approx(1.0)
    with pytest.raises(TypeError, match="budgets"):
        simulate(parameters, until=1, budgets=nothing)


def test_a_policy_cannot_grant_more_than_is_wanted():
    budgeted = Parameters(**SHORT, budget="first_attempts")
    greedy = simulate(budgeted, until=12, retry_budget=lambda t, f, wanted, r, b: (wanted + 9, t))
    free = simulate(Parameters(**SHORT), until=12)
    np.testing.assert_array_equal(greedy["inventory_rate"], free["inventory_rate"])


def test_the_herd_comes_back_at_once_without_jitter_and_spread_with_it():
    still = herd(lambda retry, base, cap, uniform: np.minimum(cap, base * 2.0**retry))
    spread = np.stack([herd(retry_chain.jittered, seed) for seed in range(20)])
    assert still[10:].max() == 1000
    assert (spread[:, 10:].max(axis=1) < 200).all()
    assert (spread[:, 10:].sum(axis=1) >= 1000).all()
