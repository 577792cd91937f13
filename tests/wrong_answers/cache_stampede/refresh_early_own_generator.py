"""Draws its own chance."""

import numpy as np

KILLED_BY = "refresh_early"
CHANCE = np.random.default_rng(0)


def refresh_early(left, recompute_time, beta, uniform):
    own = CHANCE.random(np.shape(left))
    return left <= -beta * recompute_time * np.log1p(-own)
