"""Spreads all the load and adds the key on top."""

import numpy as np

KILLED_BY = "enough_partitions"


def enough_partitions(arrival_rate, key_share, partition_capacity, target):
    room = target * partition_capacity - key_share * arrival_rate
    return np.where(room > 0, np.ceil(arrival_rate / np.maximum(room, 1e-9)), 0)
