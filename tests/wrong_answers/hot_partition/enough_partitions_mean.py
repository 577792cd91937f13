"""Looks at the mean alone: total load over capacity."""

import numpy as np

KILLED_BY = "enough_partitions"


def enough_partitions(arrival_rate, key_share, partition_capacity, target):
    return np.ceil(arrival_rate / (target * partition_capacity))
