"""The lab's limits, copied instead of passed."""

import numpy as np

KILLED_BY = "breaker"


CLOSED, OPEN, HALF_OPEN = 0, 1, 2


def breaker(state, age, failed, calls, threshold, min_calls, open_time):
    judged, bad = calls >= 10, failed >= 0.7 * calls
    after_calls = np.where(judged, np.where(bad, OPEN, CLOSED), state)
    return np.where(state == OPEN, np.where(age >= 5.0, HALF_OPEN, OPEN), after_calls)
