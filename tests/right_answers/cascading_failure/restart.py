"""Right answers to `restart` of another style than the solution's."""

import numpy as np


def in_replicas(replicas, utilisation, cold, warmup, age):
    """Counts in warm replicas: how many there are, and how many the load needs."""
    needs = replicas * utilisation
    able = replicas * np.clip(cold + age / warmup - cold * age / warmup, 0, 1)
    return np.clip(able / needs, 0, 1), replicas - np.ceil(needs - 1e-9)


def rounded_down(replicas, utilisation, cold, warmup, age):
    """The spare part of the fleet, rounded down as it comes; whole numbers."""
    warm = np.where(age < warmup, cold + (1 - cold) * age / warmup, 1)
    return np.minimum(1, warm / utilisation), (replicas * (1 - utilisation)).astype(int)
