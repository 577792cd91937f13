"""Grants all while there is a token left, and goes into debt."""

import numpy as np

KILLED_BY = "retry_budget"


def retry_budget(tokens, first_attempts, wanted, ratio, burst):
    tokens = np.minimum(tokens + ratio * first_attempts, burst)
    granted = np.where(tokens > 0, wanted, 0)
    return granted, tokens - granted
