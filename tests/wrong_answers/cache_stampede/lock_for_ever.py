"""Over-fixed: a lock that never lapses, so that a dead holder's key stays dead."""

import numpy as np

KILLED_BY = "lock"


def lock(held_until, now, asking, lock_expiry):
    granted = (asking > 0) & np.isneginf(held_until)
    return granted, np.where(granted, np.inf, held_until)
