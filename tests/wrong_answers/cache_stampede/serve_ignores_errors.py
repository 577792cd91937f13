"""stale_while_revalidate alone."""

import numpy as np

KILLED_BY = "serve"


def serve(age, ttl, stale_while_revalidate, stale_if_error, failed):
    return np.where(age < ttl, 0, np.where(age < ttl + stale_while_revalidate, 1, 2))
