"""XFetch instead of a stale window: whoever refreshes waits."""

KILLED_BY = "objectives"


def objectives(arrival_rate, recompute_time, max_age, load):
    return max_age - 2 * recompute_time, 1, 2 * recompute_time, 0
