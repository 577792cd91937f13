"""Left blank."""

KILLED_BY = "price"
STATE = "not attempted"


def price(rate, ttl, recompute_time, beta):
    raise NotImplementedError("Task 4: waiting readers, recomputes/s, stale share")
