"""Wrong base: all attempts earn, so a storm pays for itself."""

import numpy as np

KILLED_BY = "retry_budget"


def retry_budget(tokens, first_attempts, wanted, ratio, burst):
    tokens = np.minimum(tokens + ratio * (first_attempts + wanted), burst)
    granted = np.minimum(wanted, tokens)
    return granted, tokens - granted
