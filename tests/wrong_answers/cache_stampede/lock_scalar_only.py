"""An if on an array."""

KILLED_BY = "lock"
STATE = "crashed"


def lock(held_until, now, asking, lock_expiry):
    if asking > 0 and now >= held_until:
        return 1.0, now + lock_expiry
    return 0.0, held_until
