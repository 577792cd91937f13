"""Returns who is let through, and not the lock."""

KILLED_BY = "lock"


def lock(held_until, now, asking, lock_expiry):
    return (asking > 0) & (now >= held_until)
