"""A failed recompute makes readers wait."""

import numpy as np

KILLED_BY = "serve"


def serve(age, ttl, stale_while_revalidate, stale_if_error, failed):
    stale = (age < ttl + stale_while_revalidate) & ~np.asarray(failed, dtype=bool)
    return np.where(age < ttl, 0, np.where(stale, 1, 2))
