"""Lets one through at a time and forgets to note it."""

KILLED_BY = "lock"


def lock(held_until, now, asking, lock_expiry):
    granted = (asking > 0) & (now >= held_until)
    return granted, held_until
