"""Left blank."""

KILLED_BY = "hot_key"
STATE = "not attempted"


def hot_key(before, during, sample, homes):
    raise NotImplementedError("Task 1: partition, key, share")
