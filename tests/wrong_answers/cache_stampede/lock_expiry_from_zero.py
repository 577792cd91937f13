"""Holds until lock_expiry on the clock, not from now."""

import numpy as np

KILLED_BY = "lock"


def lock(held_until, now, asking, lock_expiry):
    granted = (asking > 0) & (now >= held_until)
    return granted, np.where(granted, lock_expiry, held_until)
