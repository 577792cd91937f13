"""2**retry in whole numbers: it overflows at 63 retries."""

import numpy as np

KILLED_BY = "full_jitter"


def full_jitter(retry, base, cap, uniform):
    return uniform * np.minimum(cap, base * np.int64(2) ** retry)
