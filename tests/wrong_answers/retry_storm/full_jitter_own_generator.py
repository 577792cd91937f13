"""Draws for itself: nobody can repeat the run."""

import numpy as np

KILLED_BY = "full_jitter"
CHANCE = np.random.default_rng(0)  # seeded here, so that docs/kill-table.md comes out the same each time


def full_jitter(retry, base, cap, uniform):
    return CHANCE.random(len(retry)) * np.minimum(cap, base * 2.0**retry)
