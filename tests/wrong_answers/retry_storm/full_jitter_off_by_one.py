"""Off by one: the first retry is counted as the second."""

import numpy as np

KILLED_BY = "full_jitter"


def full_jitter(retry, base, cap, uniform):
    return uniform * np.minimum(cap, base * 2.0 ** (retry + 1))
