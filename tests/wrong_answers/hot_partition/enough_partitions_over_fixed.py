"""The most partitions the model has, always."""

import numpy as np

KILLED_BY = "enough_partitions"


def enough_partitions(arrival_rate, key_share, partition_capacity, target):
    return np.full(np.shape(arrival_rate), 512)
