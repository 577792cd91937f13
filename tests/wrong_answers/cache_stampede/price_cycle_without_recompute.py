"""A cycle that ends when the entry is asked for, not when it is filled."""

import numpy as np

KILLED_BY = "price"


def price(rate, ttl, recompute_time, beta):
    crowd = 1 + rate * recompute_time
    lead = beta * recompute_time * (np.log(rate * beta * recompute_time) + 0.5772)
    return crowd, np.exp(1 / beta) / (ttl - lead), crowd / (crowd + rate * ttl)
