"""Left blank."""

KILLED_BY = "doubling"
STATE = "not attempted"


def doubling(partitions, viral_share, seed):
    raise NotImplementedError("Task 2: the share of the hot key's requests that fail")
