"""A lead uniform up to beta recompute times, not exponential."""

KILLED_BY = "refresh_early"


def refresh_early(left, recompute_time, beta, uniform):
    return left <= beta * recompute_time * uniform
