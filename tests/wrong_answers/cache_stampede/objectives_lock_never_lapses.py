"""Over-fixed: a lock without expiry, and a holder that dies."""

KILLED_BY = "objectives"


def objectives(arrival_rate, recompute_time, max_age, load):
    window = 3.5 * recompute_time
    return max_age - window, 0, 1e6, window
