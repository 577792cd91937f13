"""Bottom first: the layers in the wrong order."""

import numpy as np

KILLED_BY = "amplification"


def amplification(failure_probability, max_retries, layers):
    p, factors = failure_probability, []
    for _ in range(layers):
        factors.append(sum(p**n for n in range(max_retries + 1)))
        p = p ** (max_retries + 1)
    return np.cumprod(factors, axis=0)
