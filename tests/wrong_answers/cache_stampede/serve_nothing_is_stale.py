"""Serves an entry that is not there, when the recompute failed."""

import numpy as np

KILLED_BY = "serve"


def serve(age, ttl, stale_while_revalidate, stale_if_error, failed):
    window = np.where(failed, np.maximum(stale_while_revalidate, stale_if_error), stale_while_revalidate)
    stale = (age < ttl + window) | (failed & np.isinf(age))
    return np.where(age < ttl, 0, np.where(stale, 1, 2))
