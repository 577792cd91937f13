"""An if on an array."""

KILLED_BY = "freshest_ttl"
STATE = "crashed"


def freshest_ttl(rate, recompute_time, budget, coalesced):
    size = 1 if coalesced else 1 + rate * recompute_time
    return max(size / budget - 1 / rate - recompute_time, 0)
