"""Right answers to `plan` of another style than the solution's."""

import math
from statistics import NormalDist

import numpy as np


def a_share_of_the_alarms(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """Splits the false alarms evenly, and bakes as long as may be."""
    cells = 1 + np.floor(1 / exposure - 1e-9)
    return [cells, np.floor(delivery / 60) * 60, spurious / metrics]


def service_by_service(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """One service after the other, Poisson variances, a minute to spare."""
    found = []
    told = (rate, usual, worse, onset, exposure, metrics, spurious, power)
    for r, p0, p1, slow, most, g, a, b in zip(*(part.tolist() for part in told), strict=True):
        cells = -int(-1 // most)
        alarm = a / g
        z = NormalDist().inv_cdf(1 - alarm) + NormalDist().inv_cdf(b)
        bake = max(z * z * (p0 + p1) / (p1 - p0) ** 2 * cells / r, slow + 120)
        found.append((cells, min(60 * np.ceil(bake / 60), delivery[len(found)]), alarm))
    return tuple(np.array(found).T)


def with_the_pooled_form(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """Counts cells up; the textbook's form, with the variance pooled under the null hypothesis; lists."""
    cells, bakes, alarms, quantile = [], [], [], NormalDist().inv_cdf
    told = (rate, usual, worse, onset, exposure, metrics, spurious, power)
    for r, p0, p1, slow, most, g, s, b in zip(*(part.tolist() for part in told), strict=True):
        alarms.append(-math.expm1(math.log1p(-s) / g))
        cells.append(next(c for c in range(1, 1001) if 1 / c <= most))
        mean = (p0 + p1) / 2
        first = quantile(1 - alarms[-1]) * math.sqrt(2 * mean * (1 - mean))
        n = math.ceil(((first + quantile(b) * math.sqrt(p0 * (1 - p0) + p1 * (1 - p1))) / (p1 - p0)) ** 2)
        bakes.append(60 * math.ceil(max(n / (r / cells[-1]), slow + 120) / 60))
    return cells, bakes, alarms
