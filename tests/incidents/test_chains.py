"""Chains of models: what the first shows drives the second, one way, and the second is late by one reading."""

import numpy as np
import pytest

from course_lib.incidents import chains, scenario
from course_lib.incidents.drawing import drawn
from course_lib.incidents.drill import SIZES
from course_lib.incidents.system import system
from course_lib.models import hot_partition, retry_storm
from course_lib.models.schedule import Schedule

HOT = {"cart.viral_share": Schedule(0.0, ((60.0, 0.15),))}


def run(name, values, until=200.0, members=1):
    return system(name).run(values, np.zeros(members, dtype=int), until)


def test_the_first_model_is_the_model_alone():
    _, seen = run("cart_gateway", HOT)
    settings = chains.CHAINS["cart_gateway"].stages["cart"][1]
    own = {**settings, "viral_share": HOT["cart.viral_share"]}
    alone = hot_partition.simulate(hot_partition.Parameters(**own), [0], until=200.0)
    assert np.array_equal(seen["cart.error_ratio"], alone["error_ratio"])


def test_the_second_model_gets_what_the_link_says_of_the_first():
    """Driven by hand with the capacity that the link's arithmetic gives, it does the same."""
    _, seen = run("cart_gateway", HOT)
    settings = chains.CHAINS["cart_gateway"].stages["cart"][1]
    cart = hot_partition.simulate(
        hot_partition.Parameters(**{**settings, "viral_share": HOT["cart.viral_share"]}), [0], until=200.0
    )
    read = {
        name: cart[name].reshape(-1, 5, 1).mean(axis=1) for name in ("throttled_share", "longest_queue", "error_ratio")
    }
    first = {name: cart[name][:1] for name in read}
    held = {name: np.concatenate([first[name], values])[:20] for name, values in read.items()}
    capacity = 120 / (0.1 + 0.25 * held["throttled_share"] * held["longest_queue"] / 1000)
    arrivals = 900 * (1 + 2 * held["error_ratio"])
    over_time = lambda values: Schedule(values[0], tuple((10.0 * k, values[k]) for k in range(1, 20)))  # noqa: E731
    own = dict(chains.CHAINS["cart_gateway"].stages["gateway"][1])
    own |= {"service_rate": over_time(capacity), "arrival_rate": over_time(arrivals)}
    gateway = retry_storm.simulate(retry_storm.Parameters(**own), [chains.APART], until=200.0)
    due = gateway["goodput"].reshape(-1, 4, 1).mean(axis=1)
    assert np.allclose(seen["gateway.goodput"], due, rtol=1e-6)
    assert seen["gateway.goodput"][-10:].mean() < 0.5 * seen["gateway.goodput"][:10].mean()


@pytest.mark.parametrize("name", chains.CHAINS)
def test_a_batch_of_chains_is_bit_for_bit_each_alone(name):
    levers = chains.CHAINS[name].levers
    lever = next(one for one, made in levers.items() if made.by == "operator")
    values = np.array([levers[lever].value, levers[lever].value * 0.5])
    _, both = run(name, {lever: Schedule(levers[lever].value, ((50.0, values),))}, members=2)
    for member, value in enumerate(values):
        _, one = run(name, {lever: Schedule(levers[lever].value, ((50.0, np.array([value])),))})
        for signal in system(name).signals:
            assert np.array_equal(both[signal][:, member], one[signal][:, 0], equal_nan=True), signal


@pytest.mark.parametrize("name", chains.CHAINS)
def test_what_a_chain_shows_depends_on_the_past_alone(name):
    lever, made = next((one, made) for one, made in chains.CHAINS[name].levers.items() if made.by == "operator")
    time, before = run(name, {lever: made.value})
    _, after = run(name, {lever: Schedule(made.value, ((120.0, made.value * 0.3),))})
    for signal in system(name).signals:
        past = time <= 120.0
        assert np.array_equal(before[signal][past], after[signal][past], equal_nan=True), signal


def test_a_link_is_no_parameter_that_a_scenario_sets():
    assert "gateway.service_rate" not in system("cart_gateway").fields
    assert {"gateway.users", "cart.salts"} <= set(system("cart_gateway").fields)


@pytest.mark.parametrize("size", SIZES)
def test_one_drill_in_three_has_nothing_behind_it(size):
    every = [drawn(seed, size) for seed in range(600)]
    assert {one.id for one in every} == {name for name in scenario.names() if size in scenario.load(name).sizes}
    assert sum(one.noop for one in every) == pytest.approx(200, abs=45)  # four standard deviations


def test_the_course_has_what_it_says_it_has():
    every = [scenario.load(name) for name in scenario.names()]
    assert sum(not one.noop and len(one.modes) == 2 for one in every) >= 4
    assert "half a year ago" in scenario.load("peak_sunday").runbook_reviewed
