"""Ignores min_calls: one failed call opens it."""

import numpy as np

KILLED_BY = "breaker"


CLOSED, OPEN, HALF_OPEN = 0, 1, 2


def breaker(state, age, failed, calls, threshold, min_calls, open_time):
    bad = (calls > 0) & (failed >= threshold * calls)
    after_calls = np.where(calls > 0, np.where(bad, OPEN, CLOSED), state)
    after_time = np.where(age >= open_time, HALF_OPEN, OPEN)
    return np.where(state == OPEN, after_time, after_calls)
