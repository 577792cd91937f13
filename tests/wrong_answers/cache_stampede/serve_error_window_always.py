"""stale_if_error without an error."""

import numpy as np

KILLED_BY = "serve"


def serve(age, ttl, stale_while_revalidate, stale_if_error, failed):
    window = np.maximum(stale_while_revalidate, stale_if_error)
    return np.where(age < ttl, 0, np.where(age < ttl + window, 1, 2))
