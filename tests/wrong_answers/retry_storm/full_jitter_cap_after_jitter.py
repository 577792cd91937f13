"""Caps after the draw: late retries pile up at the cap."""

import numpy as np

KILLED_BY = "full_jitter"


def full_jitter(retry, base, cap, uniform):
    return np.minimum(cap, uniform * base * 2.0**retry)
