"""Larger beta, later: the wrong way round."""

import numpy as np

KILLED_BY = "refresh_early"


def refresh_early(left, recompute_time, beta, uniform):
    return left <= -recompute_time / np.maximum(beta, 1e-12) * np.log1p(-uniform)
