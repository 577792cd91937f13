"""A logarithm to base 10."""

import numpy as np

KILLED_BY = "refresh_early"


def refresh_early(left, recompute_time, beta, uniform):
    return left <= -beta * recompute_time * np.log10(1 - uniform)
