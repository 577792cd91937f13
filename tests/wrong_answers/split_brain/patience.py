"""Plausible mistakes in `patience`, one a function."""

import numpy as np

_alarm = lambda p, m: (1 - p**m) / ((1 - p) * p**m)  # noqa: E731
_misses = lambda p, h, quiet: 1 + (h * _alarm(p, np.arange(1, 31)[:, None]) < quiet).sum(axis=0)  # noqa: E731


def an_hour(loss, heartbeat, clock_error, promotion, objective, quiet):
    """Over-fixed: a lease of an hour."""
    misses = _misses(loss, heartbeat, quiet)
    fits = misses * heartbeat * (1 + clock_error) / (1 - clock_error) + promotion <= objective
    return misses * fits, 3600.0 * fits


def clocks_are_right(loss, heartbeat, clock_error, promotion, objective, quiet):
    """Forgets that clocks err."""
    misses = _misses(loss, heartbeat, quiet)
    fits = misses * heartbeat + promotion <= objective
    return misses * fits, misses * heartbeat * fits


def promotion_is_free(loss, heartbeat, clock_error, promotion, objective, quiet):
    """Forgets that a promotion takes time."""
    misses = _misses(loss, heartbeat, quiet)
    fits = misses * heartbeat * (1 + clock_error) / (1 - clock_error) <= objective
    return misses * fits, misses * heartbeat * fits


def three_misses(loss, heartbeat, clock_error, promotion, objective, quiet):
    """Three misses, as everybody does."""
    misses = 3.0 + 0 * loss
    fits = misses * heartbeat * (1 + clock_error) / (1 - clock_error) + promotion <= objective
    return misses * fits, misses * heartbeat * fits


def one_too_few(loss, heartbeat, clock_error, promotion, objective, quiet):
    """Loses count by one: an alarm ten times as often."""
    misses = _misses(loss, heartbeat, quiet)
    fits = misses * heartbeat * (1 + clock_error) / (1 - clock_error) + promotion <= objective
    return (misses - 1) * fits, misses * heartbeat * fits


def independent_powers(loss, heartbeat, clock_error, promotion, objective, quiet):
    """Asks for quiet heartbeats in place of quiet seconds, and for twice as many to be safe."""
    m = np.arange(1, 31)[:, None]
    misses = 2 * (1 + (1 / loss**m < quiet).sum(axis=0))
    fits = misses * heartbeat * (1 + clock_error) / (1 - clock_error) + promotion <= objective
    return misses * fits, misses * heartbeat * fits


def short_lease(loss, heartbeat, clock_error, promotion, objective, quiet):
    """A lease of one heartbeat: the first lost answer ends a reign."""
    misses = _misses(loss, heartbeat, quiet)
    fits = misses * heartbeat * (1 + clock_error) / (1 - clock_error) + promotion <= objective
    return misses * fits, heartbeat * fits


def always_something(loss, heartbeat, clock_error, promotion, objective, quiet):
    """Gives its best where nothing is good enough."""
    misses = _misses(loss, heartbeat, quiet)
    return misses, misses * heartbeat


def whole_objective(loss, heartbeat, clock_error, promotion, objective, quiet):
    """Gives the lease all the time there is, promotion and clocks included."""
    misses = _misses(loss, heartbeat, quiet)
    fits = misses * heartbeat * (1 + clock_error) / (1 - clock_error) + promotion <= objective
    return misses * fits, objective * fits


def successors_clock_alone(loss, heartbeat, clock_error, promotion, objective, quiet):
    """Knows that the successor's clock errs, and takes the holder's for right."""
    misses = _misses(loss, heartbeat, quiet)
    fits = misses * heartbeat * (1 + clock_error) + promotion <= objective
    return misses * fits, misses * heartbeat * fits


def holders_clock_alone(loss, heartbeat, clock_error, promotion, objective, quiet):
    """Knows that the holder's clock errs, and takes the successor's for right."""
    misses = _misses(loss, heartbeat, quiet)
    fits = misses * heartbeat / (1 - clock_error) + promotion <= objective
    return misses * fits, misses * heartbeat * fits


def shorter_formula(loss, heartbeat, clock_error, promotion, objective, quiet):
    """Over-fixed: a false alarm each h / p^m seconds, and where that is just too often, nothing will do."""
    misses = 1 + (heartbeat / loss ** np.arange(1, 31)[:, None] < quiet).sum(axis=0)
    fits = misses * heartbeat * (1 + clock_error) / (1 - clock_error) + promotion <= objective
    return misses * fits, misses * heartbeat * fits


def never_after_one(loss, heartbeat, clock_error, promotion, objective, quiet):
    """Over-fixed: two misses at least, also where one is enough and there is no time for two."""
    misses = np.maximum(2, _misses(loss, heartbeat, quiet))
    fits = misses * heartbeat * (1 + clock_error) / (1 - clock_error) + promotion <= objective
    return misses * fits, misses * heartbeat * fits


def waits_for_both(loss, heartbeat, clock_error, promotion, objective, quiet):
    """Waits for the misses, and then for the whole lease, which has run since the last heartbeat."""
    misses = _misses(loss, heartbeat, quiet)
    lease = misses * heartbeat
    fits = lease + lease * (1 + clock_error) / (1 - clock_error) + promotion <= objective
    return misses * fits, lease * fits


def constants_of_the_visible_seed(loss, heartbeat, clock_error, promotion, objective, quiet):
    """What is right at home, copied."""
    return np.resize([0, 0, 0, 2, 0, 1, 4], np.shape(loss)), np.resize([0, 0, 0, 3.6, 0, 2.1, 4], np.shape(loss))


def constants_tuned_on_other_seeds(loss, heartbeat, clock_error, promotion, objective, quiet):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([0, 1, 0, 1, 1, 0], np.shape(loss)), np.resize([0, 0.9, 0, 2.2, 1, 0], np.shape(loss))
