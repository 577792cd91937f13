"""Forgets the stale share."""

import numpy as np

KILLED_BY = "price"


def price(rate, ttl, recompute_time, beta):
    return 1 + rate * recompute_time, np.exp(1 / beta) / (ttl + recompute_time)
