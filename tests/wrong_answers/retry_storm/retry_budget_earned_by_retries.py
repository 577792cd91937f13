"""Wrong base: the retries that are wanted earn the tokens."""

import numpy as np

KILLED_BY = "retry_budget"


def retry_budget(tokens, first_attempts, wanted, ratio, burst):
    tokens = np.minimum(tokens + ratio * wanted, burst)
    granted = np.minimum(wanted, tokens)
    return granted, tokens - granted
