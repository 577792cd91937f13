"""Only a key that was never locked is free."""

import numpy as np

KILLED_BY = "lock"


def lock(held_until, now, asking, lock_expiry):
    granted = (asking > 0) & (held_until < 0)
    return granted, np.where(granted, now + lock_expiry, held_until)
