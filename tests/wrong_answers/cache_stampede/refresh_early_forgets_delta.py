"""Without the recompute time: right for 1 s only."""

import numpy as np

KILLED_BY = "refresh_early"


def refresh_early(left, recompute_time, beta, uniform):
    return left <= -beta * np.log1p(-uniform)
