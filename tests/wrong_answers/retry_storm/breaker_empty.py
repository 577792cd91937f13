"""Left blank."""

KILLED_BY = "breaker"
STATE = "not attempted"


CLOSED, OPEN, HALF_OPEN = 0, 1, 2


def breaker(state, age, failed, calls, threshold, min_calls, open_time):
    raise NotImplementedError("Task 4: closed, open, half-open")
