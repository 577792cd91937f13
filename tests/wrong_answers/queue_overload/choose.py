"""Plausible mistakes in `choose`, one a function."""

import numpy as np

solved = lambda rate, d, mu, age, r: np.ceil(rate * d * (1 - r) / (mu * (d + 0.9 * age)))  # noqa: E731
fewest = lambda rate, d, mu, most, age, r: np.where(  # noqa: E731
    solved(rate, d, mu, age, r) > most, 0, np.maximum(solved(rate, d, mu, age, r), 1)
)


def no_queue_at_all(burst_rate, burst_duration, service_rate, partitions, objective, refused):
    """Over-fixed: a bound of one message, and the consumers that the settings would need with a queue."""
    count = fewest(burst_rate, burst_duration, service_rate, partitions, objective, refused)
    return count, np.where(count > 0, 1.0, 0.0)


def without_a_bound(burst_rate, burst_duration, service_rate, partitions, objective, refused):
    """The right number of consumers, and room for everything."""
    count = fewest(burst_rate, burst_duration, service_rate, partitions, objective, refused)
    return count, np.where(count > 0, 1e9, 0.0)


def for_the_peak(burst_rate, burst_duration, service_rate, partitions, objective, refused):
    """Over-fixed: consumers for the whole burst, so that nobody is ever refused."""
    count = fewest(burst_rate, burst_duration, service_rate, partitions, objective, refused)
    many = np.where(count > 0, np.minimum(np.ceil(burst_rate / service_rate), partitions), 0)
    return many, 0.9 * many * service_rate * objective


def all_the_partitions(burst_rate, burst_duration, service_rate, partitions, objective, refused):
    """Over-fixed: a consumer for each partition."""
    count = fewest(burst_rate, burst_duration, service_rate, partitions, objective, refused)
    return np.where(count > 0, partitions, 0), np.where(count > 0, 0.9 * partitions * service_rate * objective, 0)


def beyond_the_partitions(burst_rate, burst_duration, service_rate, partitions, objective, refused):
    """Hopes that consumers without a partition help."""
    count = fewest(burst_rate, burst_duration, service_rate, np.inf, objective, refused)
    return count, 0.9 * count * service_rate * objective


def bound_of_the_burst(burst_rate, burst_duration, service_rate, partitions, objective, refused):
    """Room for a deadline of *arrivals*: the last of them waits longer."""
    count = fewest(burst_rate, burst_duration, service_rate, partitions, objective, refused)
    return count, np.where(count > 0, burst_rate * objective, 0)


def one_too_few(burst_rate, burst_duration, service_rate, partitions, objective, refused):
    """Rounds down: a little too much is refused."""
    count = fewest(burst_rate, burst_duration, service_rate, partitions, objective, refused)
    fewer = np.maximum(count - 2, 0)
    return fewer, 0.9 * fewer * service_rate * objective


def twice_the_objective(burst_rate, burst_duration, service_rate, partitions, objective, refused):
    """Bounds the wait by two objectives: one to wait, one to be safe."""
    count = fewest(burst_rate, burst_duration, service_rate, partitions, objective, refused)
    return count, 2 * count * service_rate * objective


def a_bound_for_none(burst_rate, burst_duration, service_rate, partitions, objective, refused):
    """Says that no number will do, and sets a bound all the same."""
    count = solved(burst_rate, burst_duration, service_rate, objective, refused)
    return np.where(count > partitions, 0, count), 0.9 * count * service_rate * objective


def to_the_nearest(burst_rate, burst_duration, service_rate, partitions, objective, refused):
    """Rounds down where that is nearer: a little too much is refused."""
    work = service_rate * (burst_duration + 0.9 * objective)
    count = np.round(burst_rate * burst_duration * (1 - refused) / work)
    count = np.where(count > partitions, 0, count)
    return count, 0.9 * count * service_rate * objective


def share_of_what_is_done(burst_rate, burst_duration, service_rate, partitions, objective, refused):
    """Refuses a share of what is done, not of what was sent: over-fixed."""
    work = service_rate * (burst_duration + 0.9 * objective)
    count = np.ceil(burst_rate * burst_duration / (1 + refused) / work)
    count = np.where(count > partitions, 0, count)
    return count, 0.9 * count * service_rate * objective


def constants_of_the_visible_seed(burst_rate, burst_duration, service_rate, partitions, objective, refused):
    """What is right at home, copied."""
    return np.resize([10, 15, 30, 0, 14, 25, 14, 20, 31], np.shape(burst_rate)), np.resize(
        [4968, 11880, 24192, 0, 12726, 30037.5, 12726, 41400, 25444.8], np.shape(burst_rate)
    )


def constants_tuned_on_other_seeds(burst_rate, burst_duration, service_rate, partitions, objective, refused):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([26, 21, 22, 25, 16, 9], np.shape(burst_rate)), np.resize(
        [24420, 18430, 19660, 19120, 15840, 5005], np.shape(burst_rate)
    )
