"""Not vectorised: the built-in min cannot compare arrays."""

KILLED_BY = "full_jitter"
STATE = "crashed"


def full_jitter(retry, base, cap, uniform):
    return uniform * min(cap, base * 2.0**retry)
