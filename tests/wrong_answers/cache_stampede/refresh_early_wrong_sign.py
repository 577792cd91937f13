"""The logarithm is negative; the minus is missing."""

import numpy as np

KILLED_BY = "refresh_early"


def refresh_early(left, recompute_time, beta, uniform):
    return left <= beta * recompute_time * np.log(1 - uniform)
