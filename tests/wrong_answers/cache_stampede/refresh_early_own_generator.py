"""Draws its own chance."""

import numpy as np

KILLED_BY = "refresh_early"


def refresh_early(left, recompute_time, beta, uniform):
    own = np.random.default_rng().random(np.shape(left))
    return left <= -beta * recompute_time * np.log1p(-own)
