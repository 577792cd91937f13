"""Right answers to `enough_partitions` of another style than the solution's."""

import numpy as np

from course_lib.theory import hashing


def tried_one_by_one(arrival_rate, key_share, partition_capacity, target):
    """Tries every number."""
    counts = np.arange(1, 2000).reshape(-1, *[1] * np.ndim(arrival_rate))
    fits = hashing.hot_share(key_share, counts) * arrival_rate <= target * partition_capacity
    return fits.any(axis=0) * (fits.argmax(axis=0) + 1)
