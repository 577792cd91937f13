"""Right answers to `plan` of another style than the solution's."""

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
