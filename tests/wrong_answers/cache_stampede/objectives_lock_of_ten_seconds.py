"""Ten seconds, the library's default."""

KILLED_BY = "objectives"


def objectives(arrival_rate, recompute_time, max_age, load):
    window = 3.5 * recompute_time
    return max_age - window, 0, 10.0, window
