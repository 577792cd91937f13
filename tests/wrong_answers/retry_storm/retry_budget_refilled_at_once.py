"""Full again at every step, whatever was earned."""

import numpy as np

KILLED_BY = "retry_budget"


def retry_budget(tokens, first_attempts, wanted, ratio, burst):
    granted = np.minimum(wanted, burst)
    return granted, burst - granted
