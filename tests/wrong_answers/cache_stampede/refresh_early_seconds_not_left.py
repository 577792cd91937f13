"""Compares with the time that has passed, as if left counted up."""

import numpy as np

KILLED_BY = "refresh_early"


def refresh_early(left, recompute_time, beta, uniform):
    return -left <= -beta * recompute_time * np.log1p(-uniform)
