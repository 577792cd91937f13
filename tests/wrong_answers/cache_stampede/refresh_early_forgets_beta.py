"""Without beta."""

import numpy as np

KILLED_BY = "refresh_early"


def refresh_early(left, recompute_time, beta, uniform):
    return left <= -recompute_time * np.log1p(-uniform)
