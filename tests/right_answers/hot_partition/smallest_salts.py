"""Right answers to `smallest_salts` of another style than the solution's."""

import numpy as np


def one_more_than_it_needs(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """One sub-key to spare is allowed, where there is a partition for it."""
    n = np.arange(1, 65)[:, None]
    load = rest_rate + hot_rate * (write_share / n + 1 - write_share)
    fits = (n <= partitions) & (capacity - load >= 4.6 / objective)
    salts = np.where(fits.any(axis=0), np.minimum(fits.argmax(axis=0) + 2, partitions), 0)
    return salts, np.where(salts > 0, write_share + (1 - write_share) * salts, 0)
