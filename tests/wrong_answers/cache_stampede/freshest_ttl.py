"""Plausible mistakes in `freshest_ttl`, one a function."""

import numpy as np

#: The rest are wrong; these stop with an error.
CRASHES = ("scalar_only",)


def always_a_stampede(rate, recompute_time, budget, coalesced):
    """Takes every key for one that nobody coalesces."""
    return np.maximum((1 + rate * recompute_time) / budget - 1 / rate - recompute_time, 0)


def an_hour(rate, recompute_time, budget, coalesced):
    """Over-fixed: an hour keeps any origin idle."""
    return np.where(budget >= rate, 0.0, 3600.0)


def coalesced_backwards(rate, recompute_time, budget, coalesced):
    """The stampede where there is a lock."""
    size = np.where(coalesced, 1 + rate * recompute_time, 1)
    return np.maximum(size / budget - 1 / rate - recompute_time, 0)


def cycle_is_the_ttl(rate, recompute_time, budget, coalesced):
    """Takes the cycle for the TTL alone: longer than it must be, and never 0."""
    size = np.where(coalesced, 1, 1 + rate * recompute_time)
    return size / budget


def forgets_the_first_miss(rate, recompute_time, budget, coalesced):
    """λδ recomputes instead of 1 + λδ."""
    size = np.where(coalesced, 1, rate * recompute_time)
    return np.maximum(size / budget - 1 / rate - recompute_time, 0)


def forgets_the_recompute(rate, recompute_time, budget, coalesced):
    """Leaves the recompute out of the cycle."""
    size = np.where(coalesced, 1, 1 + rate * recompute_time)
    return np.maximum(size / budget - 1 / rate, 0)


def forgets_the_stampede(rate, recompute_time, budget, coalesced):
    """One recompute a cycle, whether coalesced or not."""
    return np.maximum(1 / budget - 1 / rate - recompute_time, 0)


def half(rate, recompute_time, budget, coalesced):
    """Half of what the origin needs: fresh, and too much for it."""
    size = np.where(coalesced, 1, 1 + rate * recompute_time)
    return np.maximum(size / budget - 1 / rate - recompute_time, 0) / 2


def negative(rate, recompute_time, budget, coalesced):
    """Without the floor at 0."""
    size = np.where(coalesced, 1, 1 + rate * recompute_time)
    return size / budget - 1 / rate - recompute_time


def scalar_only(rate, recompute_time, budget, coalesced):
    """An if on an array."""
    size = 1 if coalesced else 1 + rate * recompute_time
    return max(size / budget - 1 / rate - recompute_time, 0)


def thirty(rate, recompute_time, budget, coalesced):
    """Thirty seconds, like everywhere."""
    return 30.0 + 0 * rate


def twice(rate, recompute_time, budget, coalesced):
    """Twice what it must be, to be safe."""
    size = np.where(coalesced, 1, 1 + rate * recompute_time)
    return 2 * np.maximum(size / budget - 1 / rate - recompute_time, 0)


def upside_down(rate, recompute_time, budget, coalesced):
    """Size and budget swapped."""
    size = np.where(coalesced, 1, 1 + rate * recompute_time)
    return np.maximum(budget / size - 1 / rate - recompute_time, 0)


def forgets_the_next_reader(rate, recompute_time, budget, coalesced):
    """Leaves the wait for the next reader out of the cycle."""
    size = np.where(coalesced, 1, 1 + rate * recompute_time)
    return np.where(budget >= rate, 0, np.maximum(size / budget - recompute_time, 0))


def half_a_recompute(rate, recompute_time, budget, coalesced):
    """Counts half of the recompute, the mean wait for it, into the cycle."""
    size = np.where(coalesced, 1, 1 + rate * recompute_time)
    return np.where(budget >= rate, 0, np.maximum(size / budget - 1 / rate - recompute_time / 2, 0))


def constants_of_the_visible_seed(rate, recompute_time, budget, coalesced):
    """What is right at home, copied."""
    return np.resize([11.6, 2.37, 5.33, 23.1, 11.8, 10.3, 0, 13.5], np.shape(rate))


def constants_tuned_on_other_seeds(rate, recompute_time, budget, coalesced):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([14.5, 10.2, 6.91, 5.46, 12.5, 10.1, 13.1], np.shape(rate))
