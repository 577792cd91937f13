"""Over-fixed: as many sub-keys as partitions, so reads ask them all."""

KILLED_BY = "smallest_salts"


def smallest_salts(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    return partitions, write_share + (1 - write_share) * partitions
