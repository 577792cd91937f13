"""Still held in the very moment at which it lapses."""

import numpy as np

KILLED_BY = "lock"


def lock(held_until, now, asking, lock_expiry):
    granted = (asking > 0) & (now > held_until)
    return granted, np.where(granted, now + lock_expiry, held_until)
