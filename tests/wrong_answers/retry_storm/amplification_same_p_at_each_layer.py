"""Every layer is given the bottom's failure probability."""

import numpy as np

KILLED_BY = "amplification"


def amplification(failure_probability, max_retries, layers):
    factor = sum(failure_probability**n for n in range(max_retries + 1))
    return np.cumprod([factor] * layers, axis=0)
