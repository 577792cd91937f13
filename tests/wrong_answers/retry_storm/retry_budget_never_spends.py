"""Grants from the bucket but takes nothing out."""

import numpy as np

KILLED_BY = "retry_budget"


def retry_budget(tokens, first_attempts, wanted, ratio, burst):
    tokens = np.minimum(tokens + ratio * first_attempts, burst)
    return np.minimum(wanted, tokens), tokens
