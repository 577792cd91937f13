"""Right answers to `refresh_early` of another style than the solution's."""

import numpy as np


def by_probability(left, recompute_time, beta, uniform):
    """The chance compared with the draw."""
    chance = np.exp(-np.maximum(left, 0) / np.maximum(beta * recompute_time, 1e-12))
    return uniform < np.where(left <= 0, 1.0, chance)


def by_the_logarithm_of_what_may_be_zero(left, recompute_time, beta, uniform):
    """The logarithm of the draw itself."""
    lead = -beta * recompute_time * np.log(np.maximum(uniform, 1e-300))
    return (lead >= left).astype(int)
