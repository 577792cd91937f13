"""A number where none is enough."""

import numpy as np

KILLED_BY = "enough_partitions"


def enough_partitions(arrival_rate, key_share, partition_capacity, target):
    room = np.maximum(target * partition_capacity - key_share * arrival_rate, 1.0)
    return np.ceil((1 - key_share) * arrival_rate / room)
