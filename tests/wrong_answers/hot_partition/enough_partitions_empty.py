"""Left blank."""

KILLED_BY = "enough_partitions"
STATE = "not attempted"


def enough_partitions(arrival_rate, key_share, partition_capacity, target):
    raise NotImplementedError("Graded cell: return the fewest partitions")
