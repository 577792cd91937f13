"""One recompute a cycle, whether coalesced or not."""

import numpy as np

KILLED_BY = "freshest_ttl"


def freshest_ttl(rate, recompute_time, budget, coalesced):
    return np.maximum(1 / budget - 1 / rate - recompute_time, 0)
