"""Takes every key for one that nobody coalesces."""

import numpy as np

KILLED_BY = "freshest_ttl"


def freshest_ttl(rate, recompute_time, budget, coalesced):
    return np.maximum((1 + rate * recompute_time) / budget - 1 / rate - recompute_time, 0)
