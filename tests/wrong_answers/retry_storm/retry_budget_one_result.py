"""Returns what is granted and forgets the tokens."""

import numpy as np

KILLED_BY = "retry_budget"


def retry_budget(tokens, first_attempts, wanted, ratio, burst):
    return np.minimum(wanted, np.minimum(tokens + ratio * first_attempts, burst))
