"""Plausible mistakes in `shed`, one a function."""

import numpy as np


def over_fixed(offered, capacity):
    """Refuses everything as soon as it is too much."""
    return np.where(offered.sum(axis=0) <= capacity, offered, 0)


def in_proportion(offered, capacity):
    """Every class gives up the same share."""
    return offered * np.minimum(1, capacity / offered.sum(axis=0))


def whole_classes(offered, capacity):
    """A class is let in whole or not at all."""
    return np.where(np.cumsum(offered, axis=0) <= capacity, offered, 0)


def from_the_top(offered, capacity):
    """Refuses the most critical first."""
    before = np.cumsum(offered[::-1], axis=0)[::-1] - offered
    return np.clip(capacity - before, 0, offered)


def the_least_alone(offered, capacity):
    """Takes everything from the last class, and then no more."""
    last = np.clip(capacity - offered[:-1].sum(axis=0), 0, offered[-1])
    return np.concatenate([offered[:-1], last[None]])


def smallest_first(offered, capacity):
    """Serves the smallest class first."""
    order = np.argsort(offered, axis=0)
    ranked = np.take_along_axis(offered, order, axis=0)
    got = np.clip(capacity - (np.cumsum(ranked, axis=0) - ranked), 0, ranked)
    found = np.zeros_like(offered)
    np.put_along_axis(found, order, got, axis=0)
    return found


def below_nothing(offered, capacity):
    """No end at zero."""
    return np.minimum(capacity - (np.cumsum(offered, axis=0) - offered), offered)


def nothing_is_refused(offered, capacity):
    """Lets everybody in."""
    return offered


def constants_of_the_visible_seed(offered, capacity):
    """What is right at home, copied."""
    return np.resize(
        [141, 59, 42, 0, 87, 18.7, 127, 31.5, 166, 109, 0, 23, 0, 43, 0, 27.1, 0, 0, 148, 0, 32, 0, 0, 0], offered.shape
    )


def constants_tuned_on_other_seeds(offered, capacity):
    """The median of what is right on seven other seeds, copied."""
    return np.resize(
        [85, 132, 78, 109, 59, 62, 96, 99, 88, 44, 0, 43, 104, 53, 95, 107, 43, 34, 27, 0, 0, 0, 0, 76.9], offered.shape
    )
