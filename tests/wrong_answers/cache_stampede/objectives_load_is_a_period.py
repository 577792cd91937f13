"""Takes load for seconds between recomputes."""

KILLED_BY = "objectives"


def objectives(arrival_rate, recompute_time, max_age, load):
    return load, 0, 2 * recompute_time, 3.5 * recompute_time
