"""Over-fixed: an hour keeps any origin idle."""

import numpy as np

KILLED_BY = "freshest_ttl"


def freshest_ttl(rate, recompute_time, budget, coalesced):
    return np.where(budget >= rate, 0.0, 3600.0)
