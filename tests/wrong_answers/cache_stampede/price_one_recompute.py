"""One recompute a cycle with XFetch."""

import numpy as np

KILLED_BY = "price"


def price(rate, ttl, recompute_time, beta):
    crowd = 1 + rate * recompute_time
    lead = beta * recompute_time * (np.log(rate * beta * recompute_time) + 0.5772)
    return crowd, 1 / (ttl + recompute_time - lead), crowd / (crowd + rate * ttl)
