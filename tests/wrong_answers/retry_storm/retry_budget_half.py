"""Over-fixed: only half of the tokens earn their place."""

import numpy as np

KILLED_BY = "retry_budget"


def retry_budget(tokens, first_attempts, wanted, ratio, burst):
    tokens = np.minimum(tokens + 0.5 * ratio * first_attempts, burst)
    granted = np.minimum(wanted, tokens)
    return granted, tokens - granted
