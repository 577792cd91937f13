"""Plausible mistakes in `serve`, one a function."""

import numpy as np

#: The rest are wrong; these stop with an error.
CRASHES = ("scalar_only",)


def calls_stale_fresh(age, ttl, stale_while_revalidate, stale_if_error, failed):
    """Passes stale answers off as fresh."""
    window = np.where(failed, np.maximum(stale_while_revalidate, stale_if_error), stale_while_revalidate)
    return np.where(age < ttl + window, 0, 2)


def codes_swapped(age, ttl, stale_while_revalidate, stale_if_error, failed):
    """STALE and WAIT swapped."""
    window = np.where(failed, np.maximum(stale_while_revalidate, stale_if_error), stale_while_revalidate)
    return np.where(age < ttl, 0, np.where(age < ttl + window, 2, 1))


def error_window_always(age, ttl, stale_while_revalidate, stale_if_error, failed):
    """stale_if_error without an error."""
    window = np.maximum(stale_while_revalidate, stale_if_error)
    return np.where(age < ttl, 0, np.where(age < ttl + window, 1, 2))


def error_window_only(age, ttl, stale_while_revalidate, stale_if_error, failed):
    """When the recompute failed, only stale_if_error counts."""
    window = np.where(failed, stale_if_error, stale_while_revalidate)
    return np.where(age < ttl, 0, np.where(age < ttl + window, 1, 2))


def ignores_errors(age, ttl, stale_while_revalidate, stale_if_error, failed):
    """stale_while_revalidate alone."""
    return np.where(age < ttl, 0, np.where(age < ttl + stale_while_revalidate, 1, 2))


def no_stale(age, ttl, stale_while_revalidate, stale_if_error, failed):
    """Never stale."""
    return np.where(age < ttl, 0, 2)


def nothing_is_stale(age, ttl, stale_while_revalidate, stale_if_error, failed):
    """Serves an entry that is not there, when the recompute failed."""
    window = np.where(failed, np.maximum(stale_while_revalidate, stale_if_error), stale_while_revalidate)
    stale = (age < ttl + window) | (failed & np.isinf(age))
    return np.where(age < ttl, 0, np.where(stale, 1, 2))


def nothing_when_failed(age, ttl, stale_while_revalidate, stale_if_error, failed):
    """A failed recompute makes readers wait."""
    stale = (age < ttl + stale_while_revalidate) & ~np.asarray(failed, dtype=bool)
    return np.where(age < ttl, 0, np.where(stale, 1, 2))


def scalar_only(age, ttl, stale_while_revalidate, stale_if_error, failed):
    """An if on an array."""
    if age < ttl:
        return 0
    return 1 if age < ttl + stale_while_revalidate else 2


def stale_for_ever(age, ttl, stale_while_revalidate, stale_if_error, failed):
    """Over-fixed: any entry will do."""
    return np.where(age < ttl, 0, np.where(np.isfinite(age), 1, 2))


def true_or_false(age, ttl, stale_while_revalidate, stale_if_error, failed):
    """Says whether it may be served, not how."""
    return age < ttl + stale_while_revalidate


def windows_added_up(age, ttl, stale_while_revalidate, stale_if_error, failed):
    """One window after the other."""
    window = stale_while_revalidate + np.where(failed, stale_if_error, 0)
    return np.where(age < ttl, 0, np.where(age < ttl + window, 1, 2))


def windows_from_the_fill(age, ttl, stale_while_revalidate, stale_if_error, failed):
    """Both windows counted from the fill, not from the expiry."""
    window = np.where(failed, np.maximum(stale_while_revalidate, stale_if_error), stale_while_revalidate)
    return np.where(age < ttl, 0, np.where(age < window, 1, 2))


def failed_is_never_fresh(age, ttl, stale_while_revalidate, stale_if_error, failed):
    """Takes an entry for stale once a recompute has failed, however young it is."""
    window = np.where(failed, np.maximum(stale_while_revalidate, stale_if_error), stale_while_revalidate)
    return np.where((age < ttl) & ~failed, 0, np.where(age < ttl + window, 1, 2))


def constants_of_the_visible_seed(age, ttl, stale_while_revalidate, stale_if_error, failed):
    """What is right at home, copied."""
    return np.resize([0, 0, 0, 0, 0, 0, 0, 0], np.shape(age))


def constants_tuned_on_other_seeds(age, ttl, stale_while_revalidate, stale_if_error, failed):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([0, 0, 0, 0, 0, 0, 0, 0], np.shape(age))
