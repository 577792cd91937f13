"""Plausible mistakes in `bulkheads`, one a function."""

import numpy as np


def even_parts(rate, latency, workers):
    """The pool in even parts."""
    need = np.ceil(2 * rate * latency)
    part = np.floor(workers / len(rate)) + 0 * rate
    return np.where(need.sum(axis=0) <= workers, part, 0)


def just_enough(rate, latency, workers):
    """What a good day holds, without room for chance."""
    need = np.ceil(rate * latency)
    return np.where(np.ceil(2 * rate * latency).sum(axis=0) <= workers, need, 0)


def over_fixed(rate, latency, workers):
    """One call at a time: nothing can ever hang much."""
    return np.ones_like(rate)


def whole_pool(rate, latency, workers):
    """No bulkhead: each may take everything."""
    return np.floor(workers) + 0 * rate


def by_rate(rate, latency, workers):
    """In proportion to the calls, however long they take."""
    fits = np.ceil(2 * rate * latency).sum(axis=0) <= workers
    return np.where(fits, np.floor(workers * rate / rate.sum(axis=0)), 0)


def all_of_the_rest(rate, latency, workers):
    """What the good day of the others leaves, without their room."""
    need = rate * latency
    fits = np.ceil(2 * need).sum(axis=0) <= workers
    return np.where(fits, np.floor(workers - (need.sum(axis=0) - need)), 0)


def too_small_all_the_same(rate, latency, workers):
    """Gives sizes where the pool is too small."""
    return np.ceil(2 * rate * latency)


def squeezed(rate, latency, workers):
    """Scales down where the pool is too small."""
    need = np.ceil(2 * rate * latency)
    return np.floor(need * np.minimum(1, workers / need.sum(axis=0)))


def fractions(rate, latency, workers):
    """Parts of a worker."""
    need = 2 * rate * latency
    return np.where(np.ceil(need).sum(axis=0) <= workers, need, 0)


def constants_of_the_visible_seed(rate, latency, workers):
    """What is right at home, copied."""
    return np.resize([0, 2, 0, 6, 5, 10, 0, 15, 0, 18, 0, 14, 13, 4, 0, 40, 0, 2, 0, 8, 1, 13, 0, 11], rate.shape)


def constants_tuned_on_other_seeds(rate, latency, workers):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([0, 5, 2, 4, 0, 0, 10, 10, 6, 9, 1, 1, 0, 4, 1, 2, 3, 3, 6, 0], rate.shape)
