"""Never refilled: the burst is all there ever is."""

import numpy as np

KILLED_BY = "retry_budget"


def retry_budget(tokens, first_attempts, wanted, ratio, burst):
    granted = np.minimum(wanted, tokens)
    return granted, tokens - granted
