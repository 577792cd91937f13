"""Right answers to `broken_trial` of another style than the solution's."""

import numpy as np


def a_loop(weights, part):
    """One trial after the other."""
    for trial, where in enumerate(part):
        if sum(2 * weights[where == p].sum() >= weights.sum() for p in (0, 1, 2)) > 1:
            return trial
    return -1


def exact_halves(weights, part):
    """Two parts of at least half are two of exactly half: the rest is empty or weighs nothing."""
    held = np.stack([(part == p) @ weights for p in range(3)])
    places = np.flatnonzero((2 * held == weights.sum()).sum(axis=0) == 2)
    return places[0] if places.size else -1
