"""Everyone recomputes one recompute time ahead: the stampede, earlier."""

KILLED_BY = "refresh_early"


def refresh_early(left, recompute_time, beta, uniform):
    return left <= beta * recompute_time
