"""Grants all or nothing: the last tokens are of no use to anyone."""

import numpy as np

KILLED_BY = "retry_budget"


def retry_budget(tokens, first_attempts, wanted, ratio, burst):
    tokens = np.minimum(tokens + ratio * first_attempts, burst)
    granted = np.where(wanted <= tokens, wanted, 0)
    return granted, tokens - granted
