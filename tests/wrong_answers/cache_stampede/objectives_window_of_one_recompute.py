"""A window for the recompute, none for a holder that dies."""

KILLED_BY = "objectives"


def objectives(arrival_rate, recompute_time, max_age, load):
    window = 1.1 * recompute_time
    return max_age - window, 0, 2 * recompute_time, window
