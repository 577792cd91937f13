"""When the recompute failed, only stale_if_error counts."""

import numpy as np

KILLED_BY = "serve"


def serve(age, ttl, stale_while_revalidate, stale_if_error, failed):
    window = np.where(failed, stale_if_error, stale_while_revalidate)
    return np.where(age < ttl, 0, np.where(age < ttl + window, 1, 2))
