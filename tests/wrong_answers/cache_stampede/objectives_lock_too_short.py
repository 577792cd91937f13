"""A lock that lapses before the recompute is back."""

KILLED_BY = "objectives"


def objectives(arrival_rate, recompute_time, max_age, load):
    window = 3 * recompute_time
    return 1 / load + 0 * window, 0, 0.4 * recompute_time, window
