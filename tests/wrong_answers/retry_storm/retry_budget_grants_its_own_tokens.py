"""In place: what is granted and what is left are the same array."""

import numpy as np

KILLED_BY = "retry_budget"


def retry_budget(tokens, first_attempts, wanted, ratio, burst):
    tokens = np.minimum(tokens + ratio * first_attempts, burst)
    granted = tokens
    np.minimum(granted, wanted, out=granted)
    tokens -= granted
    return granted, tokens
