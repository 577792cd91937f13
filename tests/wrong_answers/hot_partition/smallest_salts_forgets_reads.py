"""Spreads the reads as well, though each asks every sub-key."""

import numpy as np

KILLED_BY = "smallest_salts"


def smallest_salts(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    n = np.arange(1, 65)[:, None]
    load = rest_rate + hot_rate / n
    fits = (n <= partitions) & (capacity - load >= 4.6 / objective)
    salts = np.where(fits.any(axis=0), fits.argmax(axis=0) + 1, 0)
    return salts, np.where(salts > 0, write_share + (1 - write_share) * salts, 0)
