"""Over-fixed: stale answers for an hour, just in case."""

KILLED_BY = "objectives"


def objectives(arrival_rate, recompute_time, max_age, load):
    return 1 / load, 0, 2 * recompute_time, 3600.0
