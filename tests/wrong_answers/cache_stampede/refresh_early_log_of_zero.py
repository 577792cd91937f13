"""log(0) at beta = 0 is no number, and the entry never refreshed."""

import numpy as np

KILLED_BY = "refresh_early"


def refresh_early(left, recompute_time, beta, uniform):
    return left <= -beta * recompute_time * np.log(uniform)
