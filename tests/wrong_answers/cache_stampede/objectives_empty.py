"""Left blank."""

KILLED_BY = "objectives"
STATE = "not attempted"


def objectives(arrival_rate, recompute_time, max_age, load):
    raise NotImplementedError("Task 5: ttl, beta, lock_expiry, stale_while_revalidate")
