"""Right answers to `price` of another style than the solution's."""

import numpy as np


def without_the_holder(rate, ttl, recompute_time, beta):
    """Without the reader who fills: one in a thousand."""
    lead = beta * recompute_time * (np.log(rate * beta * recompute_time) + np.euler_gamma)
    share = recompute_time / (ttl + recompute_time)
    return rate * recompute_time, np.exp(1 / beta) / (ttl + recompute_time - lead), share
