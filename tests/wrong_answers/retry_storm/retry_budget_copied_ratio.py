"""The lab's 10 % and 20 tokens, copied instead of passed."""

import numpy as np

KILLED_BY = "retry_budget"


def retry_budget(tokens, first_attempts, wanted, ratio, burst):
    tokens = np.minimum(tokens + 0.1 * first_attempts, 20)
    granted = np.minimum(wanted, tokens)
    return granted, tokens - granted
