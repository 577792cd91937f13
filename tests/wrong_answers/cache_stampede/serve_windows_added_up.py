"""One window after the other."""

import numpy as np

KILLED_BY = "serve"


def serve(age, ttl, stale_while_revalidate, stale_if_error, failed):
    window = stale_while_revalidate + np.where(failed, stale_if_error, 0)
    return np.where(age < ttl, 0, np.where(age < ttl + window, 1, 2))
