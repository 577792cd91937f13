"""Changes its input in place and then subtracts again through the second name."""

import numpy as np

KILLED_BY = "retry_budget"


def retry_budget(tokens, first_attempts, wanted, ratio, burst):
    left = tokens
    left += ratio * first_attempts
    np.minimum(left, burst, out=left)
    granted = np.minimum(wanted, left)
    left -= granted
    return granted, np.maximum(tokens - granted, 0)
