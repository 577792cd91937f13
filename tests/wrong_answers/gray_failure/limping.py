"""Plausible mistakes in `limping`, one a function."""

import numpy as np

_p = lambda counts, edges, q: edges[(counts.cumsum(-1) >= q * counts.sum(-1, keepdims=True)).argmax(-1)]  # noqa: E731


def the_highest_p99(counts, edges):
    """Always accuses somebody."""
    return _p(counts, edges, 0.99).argmax(axis=1)


def no_minimum(counts, edges):
    """Judges a host by a few hundred calls."""
    p99 = _p(counts, edges, 0.99)
    bad = p99 > 3 * _p(counts.sum(axis=1, keepdims=True) - counts, edges, 0.99)
    return np.where(bad.any(axis=1), bad.argmax(axis=1), -1)


def by_the_median(counts, edges):
    """Compares medians, which the limping host shares with its peers."""
    half = _p(counts, edges, 0.5)
    bad = half > 3 * np.median(half, axis=1, keepdims=True)
    return np.where(bad.any(axis=1), bad.argmax(axis=1), -1)


def above_the_fleets_mean_p99(counts, edges):
    """Averages percentiles: with one very slow host in ten the mean is a third of its p99 already."""
    p99 = _p(counts, edges, 0.99)
    bad = (counts.sum(-1) >= 1000) & (p99 > 3 * p99.mean(axis=1, keepdims=True))
    return np.where(bad.any(axis=1), bad.argmax(axis=1), -1)


def a_fixed_limit(counts, edges):
    """A p99 above 0.1 s, whatever the fleet."""
    bad = (counts.sum(-1) >= 1000) & (_p(counts, edges, 0.99) > 0.1)
    return np.where(bad.any(axis=1), bad.argmax(axis=1), -1)


def over_fixed(counts, edges):
    """A host that is a little slower than the rest."""
    bad = (counts.sum(-1) >= 1000) & (_p(counts, edges, 0.99) >= _p(counts.sum(1, keepdims=True) - counts, edges, 0.99))
    return np.where(bad.any(axis=1), bad.argmax(axis=1), -1)


def most_calls(counts, edges):
    """Counts slow calls instead of their share."""
    slow = (counts * (edges > 0.1)).sum(axis=-1)
    return np.where(slow.max(axis=1) > 50, slow.argmax(axis=1), -1)


def one_too_many(counts, edges):
    """Counts hosts from one."""
    p99 = _p(counts, edges, 0.99)
    bad = (counts.sum(-1) >= 1000) & (p99 > 3 * _p(counts.sum(axis=1, keepdims=True) - counts, edges, 0.99))
    return np.where(bad.any(axis=1), bad.argmax(axis=1) + 1, -1)


def constants_of_the_visible_seed(counts, edges):
    """What is right at home, copied."""
    return np.resize([8, -1, 8, -1, 5, -1, -1, 0, 2, 7, -1, -1], len(counts))


def constants_tuned_on_other_seeds(counts, edges):
    """What is right on another seed, copied."""
    return np.resize([-1, -1, 2, 1, -1, 4, 2, -1, -1, 4, 3, -1], len(counts))
