"""One fleet at a time."""

import numpy as np

KILLED_BY = "enough_partitions"
STATE = "crashed"


def enough_partitions(arrival_rate, key_share, partition_capacity, target):
    room = target * partition_capacity - key_share * arrival_rate
    return int(np.ceil((1 - key_share) * arrival_rate / room)) if room > 0 else 0
