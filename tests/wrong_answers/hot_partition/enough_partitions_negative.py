"""The formula without its condition: negative where no number is enough."""

import numpy as np

KILLED_BY = "enough_partitions"


def enough_partitions(arrival_rate, key_share, partition_capacity, target):
    room = target * partition_capacity - key_share * arrival_rate
    return np.ceil((1 - key_share) * arrival_rate / room)
