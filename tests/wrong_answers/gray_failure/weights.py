"""Plausible mistakes in `weights`, one a function."""

import numpy as np

_even = lambda pull: pull / pull.sum(axis=1, keepdims=True)  # noqa: E731


def the_fastest(latency, errors, calls, penalty):
    """By speed alone: the sinkhole takes it all."""
    return _even(1 / np.maximum(latency, 1e-4))


def round_robin(latency, errors, calls, penalty):
    """Each the same."""
    return np.full(latency.shape, 1 / latency.shape[1])


def over_fixed(latency, errors, calls, penalty):
    """Never again a host that had an error."""
    return _even(np.where((errors > 0) | (calls == 0), 0.0, 1 / np.maximum(latency, 1e-4)))


def without_strangers(latency, errors, calls, penalty):
    """A host without calls gets none, and so never will."""
    share = errors / np.maximum(calls, 1)
    cost = (1 - share) * latency + share * penalty[:, None]
    return _even(np.where(calls > 0, 1 / np.maximum(cost, 1e-9), 0.0))


def errors_for_latency(latency, errors, calls, penalty):
    """Adds the penalty once, whatever the share of errors."""
    cost = np.where(calls > 0, latency, np.nan)
    cost = np.where(calls > 0, cost, np.nanmean(cost, axis=1, keepdims=True))
    return _even(1 / (cost + (errors > 0) * penalty[:, None]))


def good_share_times_speed(latency, errors, calls, penalty):
    """Pays a host by its good answers a second, and takes no penalty."""
    good = 1 - errors / np.maximum(calls, 1)
    cost = np.where(calls > 0, latency, np.nan)
    cost = np.where(calls > 0, cost, np.nanmean(cost, axis=1, keepdims=True))
    return _even(good / cost)


def by_number_of_errors(latency, errors, calls, penalty):
    """Counts errors instead of their share."""
    cost = np.where(calls > 0, latency + errors * penalty[:, None], np.nan)
    cost = np.where(calls > 0, cost, np.nanmean(cost, axis=1, keepdims=True))
    return _even(1 / cost)


def not_shared_out(latency, errors, calls, penalty):
    """Forgets to divide by the sum."""
    share = errors / np.maximum(calls, 1)
    cost = (1 - share) * latency + share * penalty[:, None]
    return 1 / np.maximum(cost, 1e-3)


def in_proportion_to_cost(latency, errors, calls, penalty):
    """The wrong way up: the slow get most."""
    share = errors / np.maximum(calls, 1)
    return _even((1 - share) * latency + share * penalty[:, None])


def constants_of_the_visible_seed(latency, errors, calls, penalty):
    """The first row that is right at home, copied."""
    row = [0.052, 0.058, 0.058, 0.072, 0.228, 0.171, 0.031, 0.052, 0.129, 0.028, 0.046, 0.04, 0.036]
    return _even(np.resize(row, latency.shape))


def constants_tuned_on_other_seeds(latency, errors, calls, penalty):
    """A row that is right on another seed, copied."""
    return _even(np.resize([0.136, 0.077, 0.055, 0.099, 0.059, 0.036, 0.089], latency.shape))
