"""Plausible mistakes in `serve_stale`, one a function."""

import numpy as np


def at_once(expired_for, heard, waited, limit, withdrawn):
    """Does not let the client wait for the refresh."""
    return (heard <= 1) & (expired_for < limit) & ~withdrawn


def denied_too(expired_for, heard, waited, limit, withdrawn):
    """Takes 'no such name' for a failure."""
    return ((heard == 1) | ((heard == 0) & (waited >= 1.8)) | (heard == 2)) & (expired_for < limit) & ~withdrawn


def ever(expired_for, heard, waited, limit, withdrawn):
    """Without a limit."""
    return ((heard == 1) | ((heard == 0) & (waited >= 1.8))) & ~withdrawn


def failures_only(expired_for, heard, waited, limit, withdrawn):
    """Lets a client hang while a refresh is under way."""
    return (heard == 1) & (expired_for < limit) & ~withdrawn


def after_the_timer(expired_for, heard, waited, limit, withdrawn):
    """Waits 1.8 s after a failure that is known, too."""
    return (heard <= 1) & (waited >= 1.8) & (expired_for < limit) & ~withdrawn


def longer_than_the_timer(expired_for, heard, waited, limit, withdrawn):
    """The timer's own end is not yet enough."""
    return ((heard == 1) | ((heard == 0) & (waited > 1.8))) & (expired_for < limit) & ~withdrawn


def ages_while_it_waits(expired_for, heard, waited, limit, withdrawn):
    """Adds the client's wait to the entry's age."""
    return ((heard == 1) | ((heard == 0) & (waited >= 1.8))) & (expired_for + waited < limit) & ~withdrawn


def never(expired_for, heard, waited, limit, withdrawn):
    """No serve-stale at all."""
    return np.zeros(np.shape(heard), dtype=bool)


def one_limit(expired_for, heard, waited, limit, withdrawn):
    """A day for everything, whatever the owner says."""
    return ((heard == 1) | ((heard == 0) & (waited >= 1.8))) & (expired_for < 86_400) & ~withdrawn


def up_to_the_limit(expired_for, heard, waited, limit, withdrawn):
    """Serves at the limit, too, and so what must never be served stale."""
    return ((heard == 1) | ((heard == 0) & (waited >= 1.8))) & (expired_for <= limit) & ~withdrawn


def withdrawn_too(expired_for, heard, waited, limit, withdrawn):
    """Serves what its owner has taken back."""
    return ((heard == 1) | ((heard == 0) & (waited >= 1.8))) & (expired_for < limit)


def stale_first(expired_for, heard, waited, limit, withdrawn):
    """Prefers the old address to a new one."""
    return (expired_for < limit) & ~withdrawn & ((heard > 0) | (waited >= 1.8))


def not_in_its_first_second(expired_for, heard, waited, limit, withdrawn):
    """Serves no entry that has expired this very moment."""
    return ((heard == 1) | ((heard == 0) & (waited >= 1.8))) & (expired_for > 0) & (expired_for < limit) & ~withdrawn


def whole_seconds(expired_for, heard, waited, limit, withdrawn):
    """Rounds the wait to whole seconds."""
    return ((heard == 1) | ((heard == 0) & (np.round(waited) >= 2))) & (expired_for < limit) & ~withdrawn


def a_failure_waits_a_little(expired_for, heard, waited, limit, withdrawn):
    """A failure that is there at once is not served."""
    return ((waited > 0) & (heard == 1) | ((heard == 0) & (waited >= 1.8))) & (expired_for < limit) & ~withdrawn


def without_brackets(expired_for, heard, waited, limit, withdrawn):
    """`&` binds more tightly than `|`: limit and withdrawal hold for the second half alone."""
    return (heard == 1) | (heard == 0) & (waited >= 1.8) & (expired_for < limit) & ~withdrawn


def no_limit_at_zero(expired_for, heard, waited, limit, withdrawn):
    """Reads a limit of 0 as unbound does: none."""
    limit = np.where(limit == 0, np.inf, limit)
    return ((heard == 1) | ((heard == 0) & (waited >= 1.8))) & (expired_for < limit) & ~withdrawn


def constants_of_the_visible_seed(expired_for, heard, waited, limit, withdrawn):
    """What is right at home, copied."""
    return np.resize([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], np.shape(expired_for)) > 0.5


def constants_tuned_on_other_seeds(expired_for, heard, waited, limit, withdrawn):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], np.shape(expired_for)) > 0.5
