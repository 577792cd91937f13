"""No stale answers: readers wait at each expiry."""

KILLED_BY = "objectives"


def objectives(arrival_rate, recompute_time, max_age, load):
    return max_age - recompute_time, 0, 2 * recompute_time, 0
