"""Right answers to `fix` of another style than the solution's."""

import numpy as np


def by_trying(load, capacity, degradation, max_retries, margin):
    """Budgets from none to all, a thousandth at a time; the last that leaves the margin."""
    b = np.arange(0, 8, 0.001)[:, None]
    fits = (capacity * (1 - degradation) / (1 + b) >= margin * load) & (b <= max_retries)
    found = fits.any(axis=0)
    budget = np.where(fits, b, 0).max(axis=0)
    return budget, np.where(found, capacity * (1 - degradation) / (1 + budget), 0)


def fleet_by_fleet(load, capacity, degradation, max_retries, margin):
    """A loop."""

    def one(load, capacity, degradation, max_retries, margin):
        left = capacity * (1 - degradation)
        if left < margin * load:
            return 0.0, 0.0
        budget = min(left / margin / load - 1, max_retries)
        return budget, left / (1 + budget)

    return np.vectorize(one, otypes=[float, float])(load, capacity, degradation, max_retries, margin)


def in_hundredths(load, capacity, degradation, max_retries, margin):
    """Rounds down to two decimals: within what may be taken away."""
    left = capacity * (1 - degradation)
    budget = np.minimum(left / (margin * load) - 1, max_retries)
    able = budget >= 0
    budget = np.where(able, np.floor(100 * budget) / 100, 0)
    return budget, np.where(able, left / (1 + budget), 0)
