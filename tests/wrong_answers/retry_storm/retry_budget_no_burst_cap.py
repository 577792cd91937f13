"""No cap: quiet hours save up for a storm without limit."""

import numpy as np

KILLED_BY = "retry_budget"


def retry_budget(tokens, first_attempts, wanted, ratio, burst):
    tokens = tokens + ratio * first_attempts
    granted = np.minimum(wanted, tokens)
    return granted, tokens - granted
