"""The stampede where there is a lock."""

import numpy as np

KILLED_BY = "freshest_ttl"


def freshest_ttl(rate, recompute_time, budget, coalesced):
    size = np.where(coalesced, 1 + rate * recompute_time, 1)
    return np.maximum(size / budget - 1 / rate - recompute_time, 0)
