"""The whole age in the TTL, none left for a recompute."""

KILLED_BY = "objectives"


def objectives(arrival_rate, recompute_time, max_age, load):
    return max_age, 0, 2 * recompute_time, 3.5 * recompute_time
