"""One lock for all keys."""

import numpy as np

KILLED_BY = "lock"


def lock(held_until, now, asking, lock_expiry):
    granted = (asking > 0) & np.all(now >= held_until)
    return granted, np.where(granted, now + lock_expiry, held_until)
