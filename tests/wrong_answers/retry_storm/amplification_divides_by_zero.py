"""(1 - p**n) / (1 - p) without the case p = 1."""

import numpy as np

KILLED_BY = "amplification"


def amplification(failure_probability, max_retries, layers):
    p, factors = failure_probability, []
    for _ in range(layers):
        factors.append((1 - p ** (max_retries + 1)) / (1 - p))
        p = p ** (max_retries + 1)
    return np.cumprod(factors[::-1], axis=0)
