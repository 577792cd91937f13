"""Not vectorised: `if` cannot ask an array."""

KILLED_BY = "breaker"
STATE = "crashed"


CLOSED, OPEN, HALF_OPEN = 0, 1, 2


def breaker(state, age, failed, calls, threshold, min_calls, open_time):
    if state == OPEN:
        return HALF_OPEN if age >= open_time else OPEN
    if calls < min_calls:
        return state
    return OPEN if failed >= threshold * calls else CLOSED
