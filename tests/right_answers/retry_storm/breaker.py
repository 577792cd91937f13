"""Right answers to `breaker` of another style than the solution's."""

import numpy as np


def chosen(state, age, failed, calls, threshold, min_calls, open_time):
    """Rules in a table."""
    share = np.divide(failed, calls, out=np.zeros_like(failed), where=calls > 0)
    seen = calls >= min_calls
    rules = [(state == 1) & (age >= open_time), (state != 1) & seen & (share >= threshold), (state == 2) & seen]
    return np.select(rules, [2, 1, 0], state)
