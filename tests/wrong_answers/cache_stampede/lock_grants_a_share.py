"""One in a thousand instead of one."""

import numpy as np

KILLED_BY = "lock"


def lock(held_until, now, asking, lock_expiry):
    granted = np.where(now >= held_until, np.ceil(asking / 1000), 0)
    return granted, np.where(granted > 0, now + lock_expiry, held_until)
