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


def _limps(counts, edges, q=0.99, least=1000, times=3.0, others=None):
    """The rule, with other numbers or another p99 of the others."""
    rest = _p(counts.sum(axis=1, keepdims=True) - counts, edges, q) if others is None else others
    bad = (counts.sum(-1) >= least) & (_p(counts, edges, q) > times * rest)
    return np.where(bad.any(axis=1), bad.argmax(axis=1), -1)


def five_hundred_calls(counts, edges):
    """Judges a host by 500 calls."""
    return _limps(counts, edges, least=500)


def more_than_a_thousand(counts, edges):
    """Does not judge a host that had just 1,000 calls."""
    return _limps(counts, edges, least=1001)


def at_least_three_times(counts, edges):
    """Accuses a host with just three times the others' p99."""
    return _limps(counts, edges, times=3 - 1e-9)


def twice(counts, edges):
    """Accuses a host with more than twice the others' p99."""
    return _limps(counts, edges, times=2)


def one_in_fifty(counts, edges):
    """Compares p98s."""
    return _limps(counts, edges, q=0.98)


def one_in_two_hundred(counts, edges):
    """Compares p99.5s."""
    return _limps(counts, edges, q=0.995)


def itself_among_them(counts, edges):
    """Compares with the whole fleet: a host with many slow calls is measured against itself."""
    return _limps(counts, edges, others=_p(counts.sum(axis=1, keepdims=True), edges, 0.99))


def mean_p99_of_the_others(counts, edges):
    """Averages percentiles: a host with 200 calls has the worst of them."""
    p99 = _p(counts, edges, 0.99)
    return _limps(counts, edges, others=(p99.sum(axis=1, keepdims=True) - p99) / (p99.shape[1] - 1))


def mean_p99_by_calls(counts, edges):
    """Averages percentiles, each by its host's calls."""
    p99, calls = _p(counts, edges, 0.99), counts.sum(-1)
    spent = p99 * calls
    others = (spent.sum(axis=1, keepdims=True) - spent) / (calls.sum(axis=1, keepdims=True) - calls)
    return _limps(counts, edges, others=others)


def median_p99(counts, edges):
    """Compares with the median host, which has a part of the calls."""
    return _limps(counts, edges, others=np.median(_p(counts, edges, 0.99), axis=1, keepdims=True))


def every_host_alike(counts, edges):
    """Adds shares for counts: a host with 200 calls weighs as much as one with 20,000."""
    share = counts / counts.sum(axis=-1, keepdims=True)
    return _limps(counts, edges, others=_p(share.sum(axis=1, keepdims=True) - share, edges, 0.99))


def constants_of_the_visible_seed(counts, edges):
    """What is right at home, copied."""
    return np.resize([5, -1, 2, -1, 0, -1, -1, 3, 8, 8, -1, -1, -1, -1], len(counts))


def constants_tuned_on_other_seeds(counts, edges):
    """What is right on another seed, copied."""
    return np.resize([5, 4, -1, -1, -1, 3, -1, 4, -1, 4, -1, 1, -1, -1], len(counts))
