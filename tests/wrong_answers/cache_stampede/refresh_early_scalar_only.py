"""An if on an array."""

import numpy as np

KILLED_BY = "refresh_early"
STATE = "crashed"


def refresh_early(left, recompute_time, beta, uniform):
    if left <= 0:
        return True
    return left <= -beta * recompute_time * np.log1p(-uniform)
