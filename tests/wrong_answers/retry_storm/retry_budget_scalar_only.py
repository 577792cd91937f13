"""Not vectorised: the built-in min cannot compare arrays."""

KILLED_BY = "retry_budget"
STATE = "crashed"


def retry_budget(tokens, first_attempts, wanted, ratio, burst):
    tokens = min(tokens + ratio * first_attempts, burst)
    granted = min(wanted, tokens)
    return granted, tokens - granted
