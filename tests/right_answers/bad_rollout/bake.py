"""Right answers to `bake` of another style than the solution's."""

from statistics import NormalDist

import numpy as np


def pooled(rate, share, usual, worse, false_alarm, power, looks, level):
    """The textbook's form, with the variance pooled under the null hypothesis; one canary after the other."""
    told = np.broadcast_arrays(*np.atleast_1d(rate, share, usual, worse, false_alarm, power, looks, level))
    found = []
    for r, s, p0, p1, a, b, k, at in zip(*(part.tolist() for part in told), strict=True):
        mean = (p0 + p1) / 2
        first = NormalDist().inv_cdf(1 - a / k) * (2 * mean * (1 - mean)) ** 0.5
        second = NormalDist().inv_cdf(b) * (p0 * (1 - p0) + p1 * (1 - p1)) ** 0.5
        n = ((first + second) / (p1 - p0)) ** 2
        found.append((n, n / (r * s), at > a / k * (1 + 1e-9)))
    requests, seconds, spoiled = np.array(found).T
    if np.ndim(rate):
        return requests, seconds, spoiled == 1
    return float(requests[0]), float(seconds[0]), bool(spoiled[0])


def by_symmetry(rate, share, usual, worse, false_alarm, power, looks, level):
    """The quantile of the false alarms from below, a list of results."""
    z = np.vectorize(NormalDist().inv_cdf)
    both = usual + worse - usual**2 - worse**2
    n = np.floor((z(power) - z(false_alarm / looks)) ** 2 * both / (usual - worse) ** 2) + 1
    return [np.asarray(n), np.asarray(n / rate / share), np.asarray(looks * level - false_alarm > 1e-12)]
