"""Never stale."""

import numpy as np

KILLED_BY = "serve"


def serve(age, ttl, stale_while_revalidate, stale_if_error, failed):
    return np.where(age < ttl, 0, 2)
