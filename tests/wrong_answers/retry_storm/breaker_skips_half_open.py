"""Closes as soon as the time is over, without a probe."""

import numpy as np

KILLED_BY = "breaker"


CLOSED, OPEN, HALF_OPEN = 0, 1, 2


def breaker(state, age, failed, calls, threshold, min_calls, open_time):
    judged, bad = calls >= min_calls, failed >= threshold * calls
    after_calls = np.where(judged & bad, OPEN, CLOSED)
    after_time = np.where(age >= open_time, CLOSED, OPEN)
    return np.where(state == OPEN, after_time, after_calls)
