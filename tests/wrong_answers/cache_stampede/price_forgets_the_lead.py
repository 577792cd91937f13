"""A full TTL per cycle, as if nobody came early."""

import numpy as np

KILLED_BY = "price"


def price(rate, ttl, recompute_time, beta):
    crowd = 1 + rate * recompute_time
    return crowd, np.exp(1 / beta) / (ttl + recompute_time), crowd / (crowd + rate * ttl)
