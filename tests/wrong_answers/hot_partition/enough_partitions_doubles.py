"""Doubles until it fits: up to twice too many."""

import numpy as np

KILLED_BY = "enough_partitions"


def enough_partitions(arrival_rate, key_share, partition_capacity, target):
    counts = 2.0 ** np.arange(10)[:, None]
    fits = (key_share + (1 - key_share) / counts) * arrival_rate <= target * partition_capacity
    return np.where(fits.any(axis=0), 2 ** fits.argmax(axis=0), 0)
