"""Equal jitter: never less than half the ceiling."""

import numpy as np

KILLED_BY = "full_jitter"


def full_jitter(retry, base, cap, uniform):
    return (0.5 + 0.5 * uniform) * np.minimum(cap, base * 2.0**retry)
