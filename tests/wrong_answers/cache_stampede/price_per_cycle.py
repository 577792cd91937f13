"""Recomputes per cycle, not per second."""

import numpy as np

KILLED_BY = "price"


def price(rate, ttl, recompute_time, beta):
    crowd = 1 + rate * recompute_time
    return crowd, np.exp(1 / beta), crowd / (crowd + rate * ttl)
