"""Plausible mistakes in `doubling`, one a function."""

import numpy as np

from course_lib.models.hot_partition import Parameters, simulate


def all_requests(partitions, viral_share, seed):
    """Everybody's errors: the mean hides the hot key's."""
    drill = Parameters(partitions=partitions, viral_share=viral_share, viral_start=0.0)
    return simulate(drill, seed, until=120)["error_ratio"][60:].mean(axis=0)


def answered(partitions, viral_share, seed):
    """The share answered, not the share that fails."""
    drill = Parameters(partitions=partitions, viral_share=viral_share, viral_start=0.0)
    return 1 - simulate(drill, seed, until=120)["hot_error_ratio"][60:].mean(axis=0)


def attempts(partitions, viral_share, seed):
    """The share of attempts throttled: retries count as if they were requests."""
    drill = Parameters(partitions=partitions, viral_share=viral_share, viral_start=0.0)
    return simulate(drill, seed, until=120)["hot_throttled_share"][60:].mean(axis=0)


def fixed_share(partitions, viral_share, seed):
    """The lab's share, whatever is asked."""
    drill = Parameters(partitions=partitions, viral_share=0.1, viral_start=0.0)
    return simulate(drill, seed, until=120)["hot_error_ratio"][60:].mean(axis=0)


def from_the_start(partitions, viral_share, seed):
    """Averages over the quiet beginning as well."""
    drill = Parameters(partitions=partitions, viral_share=viral_share)
    return simulate(drill, seed, until=120)["hot_error_ratio"].mean(axis=0)


def neighbours(partitions, viral_share, seed):
    """The errors of all other keys."""
    drill = Parameters(partitions=partitions, viral_share=viral_share, viral_start=0.0)
    return simulate(drill, seed, until=120)["rest_error_ratio"][60:].mean(axis=0)


def over_time(partitions, viral_share, seed):
    """One number a second instead of one a partition count."""
    drill = Parameters(partitions=partitions, viral_share=viral_share, viral_start=0.0)
    return simulate(drill, seed, until=120)["hot_error_ratio"][60:].mean(axis=1)


def salted(partitions, viral_share, seed):
    """Sweeps salts and partitions together: another experiment."""
    drill = Parameters(partitions=partitions, viral_share=viral_share, viral_start=0.0, salts=16)
    return simulate(drill, seed, until=120)["hot_error_ratio"][60:].mean(axis=0)


def wishful(partitions, viral_share, seed):
    """What one would like: each doubling halves the failures."""
    drill = Parameters(partitions=partitions, viral_share=viral_share, viral_start=0.0)
    first = simulate(drill, seed, until=120)["hot_error_ratio"][60:].mean(axis=0)[0]
    return first * partitions[0] / partitions


def seed_of_the_lab(partitions, viral_share, seed):
    """The lab's seed, whatever is asked."""
    drill = Parameters(partitions=partitions, viral_share=viral_share, viral_start=0.0)
    return simulate(drill, 7, until=120)["hot_error_ratio"][60:].mean(axis=0)


def constants_of_the_visible_seed(partitions, viral_share, seed):
    """What is right at home, copied."""
    return np.resize([0.751, 0.853, 0.788], np.shape(partitions))


def constants_tuned_on_other_seeds(partitions, viral_share, seed):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([0.799, 0.792, 0.842], np.shape(partitions))
