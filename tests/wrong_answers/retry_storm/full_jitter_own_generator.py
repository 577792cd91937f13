"""Draws for itself: nobody can repeat the run."""

import numpy as np

KILLED_BY = "full_jitter"


def full_jitter(retry, base, cap, uniform):
    return np.random.default_rng().random(len(retry)) * np.minimum(cap, base * 2.0**retry)
