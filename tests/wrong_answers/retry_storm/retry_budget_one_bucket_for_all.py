"""One bucket for all clients: the busy pay with the tokens of the quiet."""

import numpy as np

KILLED_BY = "retry_budget"


def retry_budget(tokens, first_attempts, wanted, ratio, burst):
    tokens = np.minimum(tokens + ratio * first_attempts, burst)
    share = np.minimum(tokens.sum() / np.maximum(wanted.sum(), 1e-9), 1)
    return wanted * share, np.maximum(tokens - wanted * share, 0)
