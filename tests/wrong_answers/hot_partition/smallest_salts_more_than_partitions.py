"""Lets two sub-keys share a partition."""

import numpy as np

KILLED_BY = "smallest_salts"


def smallest_salts(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    n = np.arange(1, 65)[:, None]
    load = rest_rate + hot_rate * (write_share / n + 1 - write_share)
    fits = capacity - load >= 4.6 / objective
    salts = np.where(fits.any(axis=0), fits.argmax(axis=0) + 1, 0)
    return salts, np.where(salts > 0, write_share + (1 - write_share) * salts, 0)
