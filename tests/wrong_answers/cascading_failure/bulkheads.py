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


def one_place_more(rate, latency, workers):
    """Rounds down and adds one: a place too many where the need is a whole number."""
    need = np.floor(2 * rate * latency) + 1
    return np.where(need.sum(axis=0) <= workers, need, 0)


def sum_before_rounding(rate, latency, workers):
    """Holds parts of workers against the pool."""
    need = 2 * rate * latency
    return np.where(need.sum(axis=0) <= workers, np.ceil(need), 0)


def rounded_before_doubling(rate, latency, workers):
    """Twice a good day's whole workers."""
    need = 2 * np.ceil(rate * latency)
    return np.where(need.sum(axis=0) <= workers, need, 0)


def constants_of_the_visible_seed(rate, latency, workers):
    """What is right at home, copied."""
    return np.resize([0, 22, 0, 95, 8, 20, 0, 1, 0, 6, 0, 4, 4, 1, 0, 59, 0, 56, 0, 20, 109, 1, 0, 34], rate.shape)


def constants_tuned_on_other_seeds(rate, latency, workers):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([2, 5, 1, 2, 0, 2, 2, 0, 2, 1, 1, 10, 0, 3, 16, 0, 2, 3, 23, 1], rate.shape)
