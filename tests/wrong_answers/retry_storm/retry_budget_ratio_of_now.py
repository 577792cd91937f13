"""No bucket: a share of this very moment's first attempts, nothing saved."""

import numpy as np

KILLED_BY = "retry_budget"


def retry_budget(tokens, first_attempts, wanted, ratio, burst):
    return np.minimum(wanted, ratio * first_attempts), tokens
