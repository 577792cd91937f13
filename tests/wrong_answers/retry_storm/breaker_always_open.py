"""Over-fixed: open from the start, so nothing can overload."""

KILLED_BY = "breaker"


CLOSED, OPEN, HALF_OPEN = 0, 1, 2


def breaker(state, age, failed, calls, threshold, min_calls, open_time):
    return OPEN + 0 * state
