"""Right answers to `windows` of another style than the solution's."""

import numpy as np


def by_budget(error_ratio, slo, long, burn, left, react):
    """In shares of the month's budget: a window spends the same until it fires, however bad it is."""
    month = 30 * 86_400
    actual = np.asarray(error_ratio) / (1 - slo)
    fires = actual > burn
    spent = burn * long / month + react * actual / month
    return [np.where(fires, burn * long / actual, -1.0), np.asarray(fires & (left >= spent), float)]


def one_by_one(error_ratio, slo, long, burn, left, react):
    """A loop over plain numbers."""
    told = np.broadcast_arrays(*np.atleast_1d(error_ratio, slo, long, burn, left, react))
    found = []
    for e, s, w, b, rest, people in zip(*(part.tolist() for part in told), strict=True):
        limit = b * (1 - s)
        if e <= limit:
            found.append((-1.0, 0.0))
            continue
        seconds = w * limit / e
        found.append((seconds, float((seconds + people) * e / (1 - s) <= rest * 2_592_000)))
    seconds, in_time = np.array(found).T
    return (seconds, in_time) if np.ndim(error_ratio) else (float(seconds[0]), float(in_time[0]))
