"""The lab's own numbers, copied."""

KILLED_BY = "price"


def price(rate, ttl, recompute_time, beta):
    return 1001.0, 0.116, 0.0323
