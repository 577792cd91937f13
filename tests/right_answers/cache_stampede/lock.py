"""Right answers to `lock` of another style than the solution's."""

import numpy as np


def multiplied(held_until, now, asking, lock_expiry):
    """Products in place of choices."""
    free = (held_until <= now) * np.minimum(asking, 1.0)
    return free, free * (now + lock_expiry) + np.where(free, 0.0, held_until)


def written_into_its_input(held_until, now, asking, lock_expiry):
    """In place, on its own copy."""
    granted = (asking > 0) & ~(now < held_until)
    held_until[granted] = (now + lock_expiry)[granted]
    return granted, held_until
