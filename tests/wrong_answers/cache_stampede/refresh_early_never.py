"""A plain TTL."""

KILLED_BY = "refresh_early"


def refresh_early(left, recompute_time, beta, uniform):
    return left <= 0
