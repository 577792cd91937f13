"""Over-fixed: beta so large that every reader recomputes."""

KILLED_BY = "objectives"


def objectives(arrival_rate, recompute_time, max_age, load):
    window = 3.5 * recompute_time
    return max_age - window, 20.0, 2 * recompute_time, window
