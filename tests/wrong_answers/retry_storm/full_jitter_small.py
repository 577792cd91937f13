"""A little jitter: plus or minus 10 %."""

import numpy as np

KILLED_BY = "full_jitter"


def full_jitter(retry, base, cap, uniform):
    return (0.9 + 0.2 * uniform) * np.minimum(cap, base * 2.0**retry)
