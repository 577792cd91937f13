"""Left blank."""

KILLED_BY = "refresh_early"
STATE = "not attempted"


def refresh_early(left, recompute_time, beta, uniform):
    raise NotImplementedError("Task 2: which readers recompute early")
