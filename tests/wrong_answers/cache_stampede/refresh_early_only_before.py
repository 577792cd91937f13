"""Early readers, and nobody once it has expired."""

import numpy as np

KILLED_BY = "refresh_early"


def refresh_early(left, recompute_time, beta, uniform):
    return (left > 0) & (left <= -beta * recompute_time * np.log1p(-uniform))
