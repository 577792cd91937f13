"""λδ recomputes instead of 1 + λδ."""

import numpy as np

KILLED_BY = "freshest_ttl"


def freshest_ttl(rate, recompute_time, budget, coalesced):
    size = np.where(coalesced, 1, rate * recompute_time)
    return np.maximum(size / budget - 1 / rate - recompute_time, 0)
