"""exp(beta), the wrong way round."""

import numpy as np

KILLED_BY = "price"


def price(rate, ttl, recompute_time, beta):
    crowd = 1 + rate * recompute_time
    lead = beta * recompute_time * (np.log(rate * beta * recompute_time) + 0.5772)
    return crowd, np.exp(beta) / (ttl + recompute_time - lead), crowd / (crowd + rate * ttl)
