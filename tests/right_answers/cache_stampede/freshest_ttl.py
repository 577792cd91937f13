"""Right answers to `freshest_ttl` of another style than the solution's."""

import numpy as np


def a_little_cautious(rate, recompute_time, budget, coalesced):
    """A little cautious."""
    size = np.where(coalesced, 1, 1 + rate * recompute_time)
    return 1.05 * np.maximum(size / budget - 1 / rate - recompute_time, 0)
