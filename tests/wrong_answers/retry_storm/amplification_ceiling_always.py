"""The ceiling (1 + r)**k at any failure probability."""

import numpy as np

KILLED_BY = "amplification"


def amplification(failure_probability, max_retries, layers):
    depth = np.arange(1, layers + 1)[:, None]
    return (1.0 + max_retries) ** depth + 0 * failure_probability
