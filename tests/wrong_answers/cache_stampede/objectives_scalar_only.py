"""An if on an array."""

KILLED_BY = "objectives"
STATE = "crashed"


def objectives(arrival_rate, recompute_time, max_age, load):
    window = 3.5 * recompute_time
    if max_age > 30:
        window = 5.0
    return max_age - window, 0, 2 * recompute_time, window
