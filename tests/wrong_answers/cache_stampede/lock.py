"""Plausible mistakes in `lock`, one a function."""

import numpy as np

#: The rest are wrong; these stop with an error.
CRASHES = ("scalar_only",)


def backwards(held_until, now, asking, lock_expiry):
    """Lets readers through while it is held."""
    granted = (asking > 0) & (now < held_until)
    return granted, np.where(granted, now + lock_expiry, held_until)


def expiry_from_zero(held_until, now, asking, lock_expiry):
    """Holds until lock_expiry on the clock, not from now."""
    granted = (asking > 0) & (now >= held_until)
    return granted, np.where(granted, lock_expiry, held_until)


def expiry_ignored(held_until, now, asking, lock_expiry):
    """Held for ten seconds, whatever lock_expiry says."""
    granted = (asking > 0) & (now >= held_until)
    return granted, np.where(granted, now + 10.0, held_until)


def for_ever(held_until, now, asking, lock_expiry):
    """Over-fixed: a lock that never lapses, so that a dead holder's key stays dead."""
    granted = (asking > 0) & np.isneginf(held_until)
    return granted, np.where(granted, np.inf, held_until)


def grants_a_share(held_until, now, asking, lock_expiry):
    """One in a thousand instead of one."""
    granted = np.where(now >= held_until, np.ceil(asking / 1000), 0)
    return granted, np.where(granted > 0, now + lock_expiry, held_until)


def lapses_too_late(held_until, now, asking, lock_expiry):
    """Compares with > where the time has come at >=, and adds the expiry twice."""
    granted = (asking > 0) & (now > held_until + lock_expiry)
    return granted, np.where(granted, now + lock_expiry, held_until)


def lets_all_through(held_until, now, asking, lock_expiry):
    """No lock at all."""
    return asking, held_until


def never_reopens(held_until, now, asking, lock_expiry):
    """Only a key that was never locked is free."""
    granted = (asking > 0) & (held_until < 0)
    return granted, np.where(granted, now + lock_expiry, held_until)


def never_taken(held_until, now, asking, lock_expiry):
    """Lets one through at a time and forgets to note it."""
    granted = (asking > 0) & (now >= held_until)
    return granted, held_until


def one_for_all_keys(held_until, now, asking, lock_expiry):
    """One lock for all keys."""
    granted = (asking > 0) & np.all(now >= held_until)
    return granted, np.where(granted, now + lock_expiry, held_until)


def one_result(held_until, now, asking, lock_expiry):
    """Returns who is let through, and not the lock."""
    return (asking > 0) & (now >= held_until)


def releases_when_quiet(held_until, now, asking, lock_expiry):
    """A lock is dropped when nobody asks."""
    granted = (asking > 0) & (now >= held_until)
    return granted, np.where(granted, now + lock_expiry, np.where(asking > 0, held_until, -np.inf))


def renewed_by_waiters(held_until, now, asking, lock_expiry):
    """Everybody who asks pushes the expiry on: while there are readers it never lapses."""
    granted = (asking > 0) & (now >= held_until)
    return granted, np.where(asking > 0, now + lock_expiry, held_until)


def scalar_only(held_until, now, asking, lock_expiry):
    """An if on an array."""
    if asking > 0 and now >= held_until:
        return 1.0, now + lock_expiry
    return 0.0, held_until


def strictly_later(held_until, now, asking, lock_expiry):
    """Still held in the very moment at which it lapses."""
    granted = (asking > 0) & (now > held_until)
    return granted, np.where(granted, now + lock_expiry, held_until)


def taken_by_nobody(held_until, now, asking, lock_expiry):
    """Taken even where nobody asks."""
    granted = now >= held_until
    return granted, np.where(granted, now + lock_expiry, held_until)


def not_for_one(held_until, now, asking, lock_expiry):
    """A reader who asks alone gets nothing: compares with 1."""
    granted = (asking > 1) & (now >= held_until)
    return granted, np.where(granted, now + lock_expiry, held_until)


def constants_of_the_visible_seed(held_until, now, asking, lock_expiry):
    """What is right at home, copied."""
    return (
        np.resize([True, True, True, True, True, True, True, True], np.shape(held_until)),
        np.resize([57.2, 56.1, 17.7, 39.5, 104.0, 25.3, 97.8, 106.0], np.shape(held_until)),
    )


def constants_tuned_on_other_seeds(held_until, now, asking, lock_expiry):
    """The median of what is right on seven other seeds, copied."""
    return (
        np.resize([True, True, True, True, True, True, True, True], np.shape(held_until)),
        np.resize([71.8, 63.8, 56.6, 73.7, 71.3, 62.2, 81.0, 86.9], np.shape(held_until)),
    )
