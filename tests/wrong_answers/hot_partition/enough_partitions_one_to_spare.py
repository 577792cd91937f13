"""One more than needed, to be safe."""

import numpy as np

KILLED_BY = "enough_partitions"


def enough_partitions(arrival_rate, key_share, partition_capacity, target):
    room = target * partition_capacity - key_share * arrival_rate
    fewest = np.ceil((1 - key_share) * arrival_rate / np.maximum(room, 1e-9)) + 1
    return np.where(room > 0, fewest, 0)
