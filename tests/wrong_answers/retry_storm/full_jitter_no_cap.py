"""No cap: the ceiling doubles for ever."""

KILLED_BY = "full_jitter"


def full_jitter(retry, base, cap, uniform):
    return uniform * base * 2.0**retry
