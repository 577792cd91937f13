"""A short TTL: fresh, and too much for the origin."""

KILLED_BY = "objectives"


def objectives(arrival_rate, recompute_time, max_age, load):
    return 1 / load / 2, 0, 2 * recompute_time, max_age / 3
