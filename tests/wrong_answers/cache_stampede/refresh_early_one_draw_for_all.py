"""One draw for all readers."""

import numpy as np

KILLED_BY = "refresh_early"


def refresh_early(left, recompute_time, beta, uniform):
    return left <= -beta * recompute_time * np.log1p(-np.ravel(uniform)[0]) + 0 * uniform
