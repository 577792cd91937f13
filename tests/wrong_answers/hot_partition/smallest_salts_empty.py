"""Left blank."""

KILLED_BY = "smallest_salts"
STATE = "not attempted"


def smallest_salts(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    raise NotImplementedError("Task 4: salts, cost")
