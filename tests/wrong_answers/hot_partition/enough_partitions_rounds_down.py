"""Rounds to the nearest whole number."""

import numpy as np

KILLED_BY = "enough_partitions"


def enough_partitions(arrival_rate, key_share, partition_capacity, target):
    room = target * partition_capacity - key_share * arrival_rate
    fewest = np.round((1 - key_share) * arrival_rate / np.maximum(room, 1e-9))
    return np.where(room > 0, np.maximum(fewest, 1), 0)
