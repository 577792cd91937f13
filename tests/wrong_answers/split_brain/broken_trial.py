"""Plausible mistakes in `broken_trial`, one a function."""

import numpy as np

_held = lambda weights, part: np.stack([np.where(part == p, weights, 0).sum(axis=1) for p in range(3)])  # noqa: E731
_first = lambda found: int(found.argmax()) if found.any() else -1  # noqa: E731


def one_half_is_enough(weights, part):
    """Finds the first trial in which some part holds half."""
    return _first((2 * _held(weights, part) >= weights.sum()).any(axis=0))


def heads(weights, part):
    """Counts nodes, not weights."""
    held = np.stack([(part == p).sum(axis=1) for p in range(3)])
    return _first((2 * held >= part.shape[1]).sum(axis=0) > 1)


def more_than_half(weights, part):
    """Tries the rule that is right, and finds nothing."""
    return _first((2 * _held(weights, part) > weights.sum()).sum(axis=0) > 1)


def the_last(weights, part):
    """Finds the last, not the first."""
    twice = (2 * _held(weights, part) >= weights.sum()).sum(axis=0) > 1
    return int(np.flatnonzero(twice)[-1]) if twice.any() else -1


def first_of_none(weights, part):
    """Says 0 where there is none."""
    return int(((2 * _held(weights, part) >= weights.sum()).sum(axis=0) > 1).argmax())


def how_many(weights, part):
    """Counts the trials."""
    return int(((2 * _held(weights, part) >= weights.sum()).sum(axis=0) > 1).sum()) or -1


def counts_from_one(weights, part):
    """Counts trials from one."""
    found = _first((2 * _held(weights, part) >= weights.sum()).sum(axis=0) > 1)
    return found + 1 if found >= 0 else -1


def no_majority(weights, part):
    """Finds the first trial in which no part has more than half."""
    return _first((2 * _held(weights, part) <= weights.sum()).all(axis=0))


def half_rounded_down(weights, part):
    """Two of five for half."""
    return _first((_held(weights, part) >= weights.sum() // 2).sum(axis=0) > 1)


def zero_is_none(weights, part):
    """Takes the very first trial for none, by `or`."""
    return int(((2 * _held(weights, part) >= weights.sum()).sum(axis=0) > 1).argmax()) or -1


def constants_of_the_visible_seed(weights, part):
    """What is right at home, copied."""
    return 0


def constants_tuned_on_other_seeds(weights, part):
    """The median of what is right on seven other seeds, copied."""
    return 42
