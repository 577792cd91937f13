"""Right answers to `serve` of another style than the solution's."""

import numpy as np


def by_the_time_past(age, ttl, stale_while_revalidate, stale_if_error, failed):
    """Counts from the expiry."""
    past = age - ttl
    usable = (past < stale_while_revalidate) | (failed & (past < stale_if_error))
    return np.select([past < 0, usable], [0, 1], 2)
