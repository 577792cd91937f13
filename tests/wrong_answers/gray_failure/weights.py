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


def _shared(latency, errors, calls, penalty, cost=None, stranger=None):
    """The rule, with another cost, or another one for hosts without calls."""
    share = errors / np.maximum(calls, 1)
    cost = (1 - share) * latency + share * penalty[:, None] if cost is None else cost
    cost = np.where(calls > 0, cost, np.nan)
    mean = np.nanmean(cost, axis=1, keepdims=True) if stranger is None else stranger(cost)
    return _even(1 / np.where(calls > 0, cost, mean))


def penalty_on_top(latency, errors, calls, penalty):
    """Takes every call for a good one, and adds the penalty of those that failed."""
    share = errors / np.maximum(calls, 1)
    return _shared(latency, errors, calls, penalty, cost=latency + share * penalty[:, None])


def mean_of_all_calls(latency, errors, calls, penalty):
    """A stranger costs what a call costs on average: busy hosts count more."""
    mean = lambda cost: np.nansum(cost * calls, axis=1, keepdims=True) / calls.sum(axis=1, keepdims=True)  # noqa: E731
    return _shared(latency, errors, calls, penalty, stranger=mean)


def mean_latency(latency, errors, calls, penalty):
    """A stranger costs the others' mean latency: their errors are forgotten."""
    mean = np.nanmean(np.where(calls > 0, latency, np.nan), axis=1, keepdims=True)
    return _shared(latency, errors, calls, penalty, stranger=lambda cost: mean)


def mean_share(latency, errors, calls, penalty):
    """A stranger gets the mean share, not what the mean cost is worth."""
    mean = lambda cost: 1 / np.nanmean(1 / cost, axis=1, keepdims=True)  # noqa: E731
    return _shared(latency, errors, calls, penalty, stranger=mean)


def one_stranger(latency, errors, calls, penalty):
    """Divides by all hosts but one, however many had no calls."""
    mean = lambda cost: np.nansum(cost, axis=1, keepdims=True) / (cost.shape[1] - 1)  # noqa: E731
    return _shared(latency, errors, calls, penalty, stranger=mean)


def mean_of_the_faultless(latency, errors, calls, penalty):
    """A stranger costs what hosts without an error do."""
    mean = lambda cost: np.nanmean(np.where(errors > 0, np.nan, cost), axis=1, keepdims=True)  # noqa: E731
    return _shared(latency, errors, calls, penalty, stranger=mean)


def the_mean_penalty(latency, errors, calls, penalty):
    """One penalty for all fleets."""
    return _shared(latency, errors, calls, np.full(len(penalty), penalty.mean()))


def constants_of_the_visible_seed(latency, errors, calls, penalty):
    """The first row that is right at home, copied."""
    row = [0.05, 0.056, 0.056, 0.07, 0.22, 0.165, 0.03, 0.055, 0.125, 0.055, 0.044, 0.039, 0.035]
    return _even(np.resize(row, latency.shape))


def constants_tuned_on_other_seeds(latency, errors, calls, penalty):
    """A row that is right on another seed, copied."""
    return _even(np.resize([0.136, 0.077, 0.055, 0.099, 0.059, 0.036, 0.089], latency.shape))
