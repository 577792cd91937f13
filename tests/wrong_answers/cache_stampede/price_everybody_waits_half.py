"""Mixes up how many wait with how long: the mean wait is half a recompute, the crowd is not."""

import numpy as np

KILLED_BY = "price"


def price(rate, ttl, recompute_time, beta):
    crowd = rate * recompute_time / 2
    lead = beta * recompute_time * (np.log(rate * beta * recompute_time) + 0.5772)
    return crowd, np.exp(1 / beta) / (ttl + recompute_time - lead), crowd / (crowd + rate * ttl)
