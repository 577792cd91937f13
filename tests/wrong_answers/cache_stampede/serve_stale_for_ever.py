"""Over-fixed: any entry will do."""

import numpy as np

KILLED_BY = "serve"


def serve(age, ttl, stale_while_revalidate, stale_if_error, failed):
    return np.where(age < ttl, 0, np.where(np.isfinite(age), 1, 2))
