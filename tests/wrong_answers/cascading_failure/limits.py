"""Plausible mistakes in `limits`, one a function."""

import numpy as np


def no_retries(arrival_rate, healthy_time, slow_rate, query_time, timeout, workers):
    """Retries nowhere: a lost reply is a failed user."""
    low, high = arrival_rate * healthy_time, slow_rate * (timeout - query_time)
    return np.sqrt(low * high) / workers, 0 * workers


def over_fixed(arrival_rate, healthy_time, slow_rate, query_time, timeout, workers):
    """Sheds from a few requests on."""
    return np.maximum(0.3 * arrival_rate * healthy_time / workers, 0.01), np.ones_like(workers)


def just_a_good_day(arrival_rate, healthy_time, slow_rate, query_time, timeout, workers):
    """Exactly what a good day holds on average."""
    return arrival_rate * healthy_time / workers, np.ones_like(workers)


def nearly_off(arrival_rate, healthy_time, slow_rate, query_time, timeout, workers):
    """Sheds from nine tenths of the workers on."""
    return 0 * workers + 0.9, np.ones_like(workers)


def half(arrival_rate, healthy_time, slow_rate, query_time, timeout, workers):
    """Half of the workers, whatever the database can do."""
    return 0 * workers + 0.5, np.ones_like(workers)


def by_healthy_rate(arrival_rate, healthy_time, slow_rate, query_time, timeout, workers):
    """What the database could answer in time on a good day."""
    return np.minimum(0.9 * arrival_rate * 1.4 * timeout / workers, 0.99), np.ones_like(workers)


def twice_in_time(arrival_rate, healthy_time, slow_rate, query_time, timeout, workers):
    """Twice what can be answered in time."""
    return np.minimum(2 * slow_rate * timeout / workers, 0.99), np.ones_like(workers)


def a_count(arrival_rate, healthy_time, slow_rate, query_time, timeout, workers):
    """A number of requests, not a share of the workers."""
    return np.sqrt(arrival_rate * healthy_time * slow_rate * timeout), np.ones_like(workers)


def off(arrival_rate, healthy_time, slow_rate, query_time, timeout, workers):
    """Never sheds."""
    return np.ones_like(workers), np.ones_like(workers)


def ninety_as_in_the_lesson(arrival_rate, healthy_time, slow_rate, query_time, timeout, workers):
    """The lesson's ninety requests, whatever the load."""
    return 90.0 / workers, np.ones_like(workers)


def constants_of_the_visible_seed(arrival_rate, healthy_time, slow_rate, query_time, timeout, workers):
    """What is right at home, copied."""
    return np.resize([0.120842, 0.0607858, 0.216694, 0.619543, 0.215716], workers.shape), np.resize(
        [1, 1, 1, 1, 1], workers.shape
    )


def constants_tuned_on_other_seeds(arrival_rate, healthy_time, slow_rate, query_time, timeout, workers):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([0.198111, 0.184968, 0.21738, 0.177364, 0.164013], workers.shape), np.resize(
        [1, 1, 1, 1, 1], workers.shape
    )
