"""Plausible mistakes in `plan_queue`, one a function."""

import numpy as np

fewest = lambda fits: np.where(fits.any(axis=0), fits.argmax(axis=0) + 1, 0)  # noqa: E731
tried = lambda rate: np.arange(1, 65).reshape(-1, *[1] * np.ndim(rate))  # noqa: E731
terms = lambda load: np.cumprod(load / tried(load), axis=0)  # noqa: E731
blocked = lambda load: terms(load) / (1 + np.cumsum(terms(load), axis=0))  # noqa: E731
busy = lambda load: blocked(load) / np.maximum(1 - load / tried(load) * (1 - blocked(load)), 1e-12)  # noqa: E731
spare = lambda rate, mu: np.maximum(tried(rate) * mu - rate, 1e-9)  # noqa: E731
longer = lambda rate, mu, wait: busy(rate / mu) * np.exp(-spare(rate, mu) * wait)  # noqa: E731
short = lambda rate, mu, wait, q: (longer(rate, mu, wait) <= 1 - q) & (tried(rate) > rate / mu)  # noqa: E731
right = lambda rate, mu, wait, q, deadline, most: fewest(short(rate, mu, wait, q) & (tried(rate) <= most))  # noqa: E731


def by_utilisation(arrival_rate, service_rate, wait, quantile, deadline, partitions):
    """As many as the load needs: on an ordinary day the queue never empties."""
    count = np.floor(arrival_rate / service_rate) + 1
    count = np.where(count <= partitions, count, 0)
    return count, 0.9 * count * service_rate * deadline


def by_the_mean(arrival_rate, service_rate, wait, quantile, deadline, partitions):
    """Keeps the mean wait inside what the quantile was to keep."""
    n = tried(arrival_rate)
    mean = busy(arrival_rate / service_rate) / spare(arrival_rate, service_rate)
    count = fewest((mean <= wait) & (n > arrival_rate / service_rate) & (n <= partitions))
    return count, 0.9 * count * service_rate * deadline


def by_one_server(arrival_rate, service_rate, wait, quantile, deadline, partitions):
    """Treats consumers as one fast server: pooled, but never waiting for the slowest."""
    n = tried(arrival_rate)
    load = arrival_rate / service_rate / n
    waits = load * np.exp(-spare(arrival_rate, service_rate) * wait) <= 1 - quantile
    count = fewest(waits & (load < 1) & (n <= partitions))
    return count, 0.9 * count * service_rate * deadline


def beyond_the_partitions(arrival_rate, service_rate, wait, quantile, deadline, partitions):
    """Buys consumers that have no partition to read."""
    count = fewest(short(arrival_rate, service_rate, wait, quantile))
    return count, 0.9 * count * service_rate * deadline


def all_the_partitions(arrival_rate, service_rate, wait, quantile, deadline, partitions):
    """Over-fixed: a consumer for every partition, needed or not."""
    count = np.where(right(arrival_rate, service_rate, wait, quantile, deadline, partitions) > 0, partitions, 0)
    return count, 0.9 * count * service_rate * deadline


def bound_by_arrivals(arrival_rate, service_rate, wait, quantile, deadline, partitions):
    """Counts a deadline of arrivals, not of work: what is younger than that is in time only while nothing waits."""
    count = right(arrival_rate, service_rate, wait, quantile, deadline, partitions)
    return count, np.where(count > 0, 0.9 * arrival_rate * deadline, 0)


def bound_on_the_edge(arrival_rate, service_rate, wait, quantile, deadline, partitions):
    """The whole of a deadline's work: chance makes half of it late."""
    count = right(arrival_rate, service_rate, wait, quantile, deadline, partitions)
    return count, count * service_rate * deadline


def bound_of_one(arrival_rate, service_rate, wait, quantile, deadline, partitions):
    """Over-fixed: no message ever waits behind another."""
    count = right(arrival_rate, service_rate, wait, quantile, deadline, partitions)
    return count, np.where(count > 0, 1.0, 0.0)


def bound_by_memory(arrival_rate, service_rate, wait, quantile, deadline, partitions):
    """Nothing is lost as long as it fits: a million."""
    count = right(arrival_rate, service_rate, wait, quantile, deadline, partitions)
    return count, np.where(count > 0, 1e6, 0.0)


def constants_of_the_visible_seed(arrival_rate, service_rate, wait, quantile, deadline, partitions):
    """What is right at home, copied."""
    return np.resize([15, 19, 0, 5, 17, 27, 37, 0], np.shape(arrival_rate)), np.resize(
        [34465.5, 24111, 0, 5793.75, 28152, 30515.9, 48351.6, 0], np.shape(arrival_rate)
    )


def constants_tuned_on_other_seeds(arrival_rate, service_rate, wait, quantile, deadline, partitions):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([18, 28, 14, 0, 27, 28], np.shape(arrival_rate)), np.resize(
        [24256.3, 37778.4, 7529.76, 0, 19243.5, 26308.8], np.shape(arrival_rate)
    )
