"""Over-fixed: no retry is ever granted."""

import numpy as np

KILLED_BY = "retry_budget"


def retry_budget(tokens, first_attempts, wanted, ratio, burst):
    return 0 * wanted, np.minimum(tokens + ratio * first_attempts, burst)
