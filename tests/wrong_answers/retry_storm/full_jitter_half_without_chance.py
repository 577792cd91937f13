"""The mean of full jitter, without the chance in it."""

import numpy as np

KILLED_BY = "full_jitter"


def full_jitter(retry, base, cap, uniform):
    return 0.5 * np.minimum(cap, base * 2.0**retry)
