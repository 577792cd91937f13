"""Queues' closed forms by other means: sums of probabilities, counting, and small runs one customer at a time."""

import math

import numpy as np
import pytest

from course_lib.theory import queueing


def customers(rate, servers, service, count, seed):
    """Waits of customers in a FIFO queue with several servers (Kiefer and Wolfowitz, one after the other)."""
    rng = np.random.default_rng(seed)
    arrivals, work = np.cumsum(rng.exponential(1 / rate, count)), service(rng, count)
    free, waits = np.zeros(servers), np.zeros(count)
    for i in range(count):
        first = free.argmin()
        begins = max(arrivals[i], free[first])
        waits[i], free[first] = begins - arrivals[i], begins + work[i]
    return waits[count // 10 :]


def exponential(rng, count):
    return rng.exponential(1.0, count)


@pytest.mark.parametrize(("load", "servers"), [(0.5, 1), (0.9, 1), (8.0, 10), (3.2, 4), (30.0, 33)])
def test_erlang_is_the_sum_of_the_states_in_which_all_are_busy(load, servers):
    weights = [load**k / math.factorial(k) for k in range(servers)]
    tail = load**servers / math.factorial(servers) * servers / (servers - load)
    assert queueing.erlang_c(load, 1.0, servers) == pytest.approx(tail / (sum(weights) + tail))


def test_erlang_holds_for_many_servers_and_at_the_edges():
    assert queueing.erlang_c(990.0, 1.0, 1000).item() < 1 and np.isfinite(queueing.erlang_c(5000.0, 1.0, 5100))
    assert queueing.erlang_c([0.0, 10.0, 12.0], 1.0, 10).tolist() == [0.0, 1.0, 1.0]
    assert queueing.wait_mean(12, 1, 10) == math.inf == queueing.wait_quantile(0.5, 10, 1, 10)


@pytest.mark.parametrize(("rate", "servers"), [(0.8, 1), (3.2, 4)])
def test_waits_are_those_of_customers_one_after_the_other(rate, servers):
    waits = np.concatenate([customers(rate, servers, exponential, 60_000, seed) for seed in range(2)])
    assert waits.mean() == pytest.approx(queueing.wait_mean(rate, 1.0, servers).item(), rel=0.06)
    for quantile in (0.5, 0.9, 0.99):
        expected = queueing.wait_quantile(quantile, rate, 1.0, servers).item()
        assert np.quantile(waits, quantile) == pytest.approx(expected, rel=0.08, abs=0.02)


def test_pooling_shortens_the_wait_sixteen_fold():
    """95 % busy: a hundred servers in one queue wait 0.10 service times, ten wait 1.65."""
    few, many = queueing.wait_mean(9.5, 1, 10).item(), queueing.wait_mean(95, 1, 100).item()
    assert (round(few, 2), round(many, 2), round(few / many)) == (1.65, 0.10, 16)


@pytest.mark.parametrize("variation", [0.0, 1.0, 2.0])
def test_variable_service_waits_longer(variation):
    shape = {0.0: lambda rng, n: np.ones(n), 1.0: exponential}
    hyper = lambda rng, n: rng.gamma(1 / variation**2, variation**2, n)  # noqa: E731
    waits = customers(0.7, 1, shape.get(variation, hyper), 60_000, 5)
    assert waits.mean() == pytest.approx(queueing.general_wait(0.7, 1.0, variation).item(), rel=0.12)


@pytest.mark.parametrize("rho", [0.0, 0.3, 1.0, 1.5, 40.0])
@pytest.mark.parametrize("room", [1, 10, 400])
def test_blocking_is_the_share_of_time_in_the_full_state(rho, room):
    states = np.array([(rho / max(rho, 1)) ** k * max(rho, 1.0) ** (k - room) for k in range(room + 1)])
    assert queueing.blocking(rho, room) == pytest.approx((states[-1] / states.sum()).item(), abs=1e-12)


def test_an_overload_counted_message_by_message():
    """mu 1000, lambda 1200, deadline 1 s: the first doomed arrival at 5 s, its late answer at 6 s."""
    arrivals = np.arange(20_000) / 1200.0
    answers = np.maximum(arrivals, 0) * 0 + np.arange(1, 20_001) / 1000.0
    late = answers - arrivals > 1.0
    assert arrivals[late.argmax()] == pytest.approx(queueing.first_doomed(1200, 1000, 1.0).item(), rel=0.01)
    assert answers[late.argmax()] == pytest.approx(6.0, rel=0.01)
    assert late[late.argmax() :].all(), "from then on every answer is late"


def test_a_queue_that_never_overloads_never_dooms_or_fills():
    assert queueing.first_doomed(900, 1000, 1.0) == math.inf
    assert queueing.time_to_full(100, 1000, 900, 1000) == math.inf
    assert queueing.overload_drain([0.0, 5.0], 1000, 1000).tolist() == [0.0, math.inf]


def test_shedding_fills_the_service_with_work_and_rejections():
    rate, cost = np.linspace(1000, 9999, 50), 0.1
    kept = queueing.shed_goodput(rate, 1000, cost)
    np.testing.assert_allclose(kept + cost * (rate - kept), 1000)


def test_redeliveries_counted():
    assert queueing.redelivered_work(100, 0.1, 4) == pytest.approx(90 + 10 * 4)
