"""The ceiling grows by one base a retry instead of doubling."""

import numpy as np

KILLED_BY = "full_jitter"


def full_jitter(retry, base, cap, uniform):
    return uniform * np.minimum(cap, base * (retry + 1.0))
