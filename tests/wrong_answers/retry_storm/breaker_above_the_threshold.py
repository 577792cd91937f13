"""Opens only above the threshold."""

import numpy as np

KILLED_BY = "breaker"


CLOSED, OPEN, HALF_OPEN = 0, 1, 2


def breaker(state, age, failed, calls, threshold, min_calls, open_time):
    judged, bad = calls >= min_calls, failed > threshold * calls
    after_calls = np.where(judged, np.where(bad, OPEN, CLOSED), state)
    after_time = np.where(age >= open_time, HALF_OPEN, OPEN)
    return np.where(state == OPEN, after_time, after_calls)
