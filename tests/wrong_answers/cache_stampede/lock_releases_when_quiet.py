"""A lock is dropped when nobody asks."""

import numpy as np

KILLED_BY = "lock"


def lock(held_until, now, asking, lock_expiry):
    granted = (asking > 0) & (now >= held_until)
    return granted, np.where(granted, now + lock_expiry, np.where(asking > 0, held_until, -np.inf))
