"""Both windows counted from the fill, not from the expiry."""

import numpy as np

KILLED_BY = "serve"


def serve(age, ttl, stale_while_revalidate, stale_if_error, failed):
    window = np.where(failed, np.maximum(stale_while_revalidate, stale_if_error), stale_while_revalidate)
    return np.where(age < ttl, 0, np.where(age < window, 1, 2))
