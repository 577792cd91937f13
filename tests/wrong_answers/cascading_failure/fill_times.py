"""Plausible mistakes in `fill_times`, one a function."""

import numpy as np


def no_way_out(workers, held, arrival_rate, capacity, patience):
    """Forgets that the database still answers."""
    fills = (arrival_rate > capacity) & (arrival_rate * patience >= workers)
    return np.where(fills, (workers - held) / arrival_rate, np.inf)


def from_empty(workers, held, arrival_rate, capacity, patience):
    """As if no worker were held on a good day."""
    extra = arrival_rate - capacity
    fills = (extra > 0) & (arrival_rate * patience >= workers)
    return np.where(fills, workers / np.where(extra > 0, extra, 1), np.inf)


def always_fills(workers, held, arrival_rate, capacity, patience):
    """Forgets that callers give up."""
    extra = arrival_rate - capacity
    return np.where(extra > 0, (workers - held) / np.where(extra > 0, extra, 1), np.inf)


def never_fills(workers, held, arrival_rate, capacity, patience):
    """Patience times what comes too much, as the most that can wait."""
    extra = arrival_rate - capacity
    fills = (extra > 0) & (extra * patience >= workers)
    return np.where(fills, (workers - held) / np.where(extra > 0, extra, 1), np.inf)


def by_patience(workers, held, arrival_rate, capacity, patience):
    """Full when the first caller gives up."""
    fills = (arrival_rate > capacity) & (arrival_rate * patience >= workers)
    return np.where(fills, patience, np.inf)


def in_no_time(workers, held, arrival_rate, capacity, patience):
    """A negative or huge time where there is no end."""
    return (workers - held) / (arrival_rate - capacity + 1e-9)


def what_the_database_holds(workers, held, arrival_rate, capacity, patience):
    """Little's law with the database's rate."""
    extra = arrival_rate - capacity
    fills = (extra > 0) & (capacity * patience >= workers)
    return np.where(fills, (workers - held) / np.where(extra > 0, extra, 1), np.inf)


def larger_by_what_is_held(workers, held, arrival_rate, capacity, patience):
    """Holds the workers that are free against what patience allows, not all of them."""
    extra = arrival_rate - capacity
    fills = (extra > 0) & (arrival_rate * patience >= workers - held)
    return np.where(fills, (workers - held) / np.where(extra > 0, extra, 1), np.inf)


def not_if_just_as_large(workers, held, arrival_rate, capacity, patience):
    """Never fills a pool that is just as large as what patience allows."""
    extra = arrival_rate - capacity
    fills = (extra > 0) & (arrival_rate * patience > workers)
    return np.where(fills, (workers - held) / np.where(extra > 0, extra, 1), np.inf)


def constants_of_the_visible_seed(workers, held, arrival_rate, capacity, patience):
    """What is right at home, copied."""
    return np.resize(
        [np.inf, 21.1875, 16.7742, np.inf, np.inf, 63.7273, 12.5098, np.inf, np.inf, np.inf, 2.47222], workers.shape
    )


def constants_tuned_on_other_seeds(workers, held, arrival_rate, capacity, patience):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([np.inf, np.inf, 44.6923, np.inf, np.inf, np.inf, np.inf, np.inf], workers.shape)
