"""Plausible mistakes in `windows`, one a function."""

import numpy as np

MONTH = 30 * 86_400


def _judged(fires, seconds, error_ratio, slo, left, react):
    """Seconds, and whether some budget is left once somebody has acted."""
    seconds = np.where(fires, seconds, -1)
    return seconds, fires & ((seconds + react) * error_ratio <= left * (1 - slo) * MONTH)


def waits_for_the_window(error_ratio, slo, long, burn, left, react):
    """Fires when the window is full."""
    fires = error_ratio > burn * (1 - slo)
    return _judged(fires, long + 0 * error_ratio, error_ratio, slo, left, react)


def always_fires(error_ratio, slo, long, burn, left, react):
    """Forgets that a window has a limit."""
    fires = error_ratio > 0
    return _judged(fires, long * burn * (1 - slo) / error_ratio, error_ratio, slo, left, react)


def burn_is_the_ratio(error_ratio, slo, long, burn, left, react):
    """Takes a burn of 1 for all requests."""
    fires = error_ratio > burn / 1000
    return _judged(fires, long * burn / 1000 / error_ratio, error_ratio, slo, left, react)


def people_are_quick(error_ratio, slo, long, burn, left, react):
    """Leaves out the time until somebody acts."""
    limit = burn * (1 - slo)
    return _judged(error_ratio > limit, long * limit / error_ratio, error_ratio, slo, left, 0)


def in_time_if_it_fires(error_ratio, slo, long, burn, left, react):
    """Takes every page for one in time."""
    fires = error_ratio > burn * (1 - slo)
    return np.where(fires, long * burn * (1 - slo) / error_ratio, -1), fires


def the_whole_budget(error_ratio, slo, long, burn, left, react):
    """Believes that all of the month's budget is left."""
    limit = burn * (1 - slo)
    return _judged(error_ratio > limit, long * limit / error_ratio, error_ratio, slo, 1, react)


def a_week(error_ratio, slo, long, burn, left, react):
    """Takes the budget's period for a week."""
    limit = burn * (1 - slo)
    return _judged(error_ratio > limit, long * limit / error_ratio, error_ratio, slo, left * 7 / 30, react)


def short_window(error_ratio, slo, long, burn, left, react):
    """Fires with the short window, a twelfth of the long one."""
    limit = burn * (1 - slo)
    return _judged(error_ratio > limit, long / 12 * limit / error_ratio, error_ratio, slo, left, react)


def minutes(error_ratio, slo, long, burn, left, react):
    """Returns minutes."""
    limit = burn * (1 - slo)
    seconds, in_time = _judged(error_ratio > limit, long * limit / error_ratio, error_ratio, slo, left, react)
    return np.where(seconds > 0, seconds / 60, -1), in_time


def never(error_ratio, slo, long, burn, left, react):
    """Says that no alert ever pages."""
    return np.full(np.shape(error_ratio), -1.0), np.zeros(np.shape(error_ratio), bool)


def four_weeks(error_ratio, slo, long, burn, left, react):
    """Takes the budget's period for four weeks."""
    limit = burn * (1 - slo)
    return _judged(error_ratio > limit, long * limit / error_ratio, error_ratio, slo, left * 28 / 30, react)


def all_fail_until_they_are_done(error_ratio, slo, long, burn, left, react):
    """Reckons as if all requests failed from the page on."""
    limit = burn * (1 - slo)
    return _judged(error_ratio > limit, long * limit / error_ratio, error_ratio, slo, left, react / error_ratio)


def constants_of_the_visible_seed(error_ratio, slo, long, burn, left, react):
    """What is right at home, copied."""
    shape = np.shape(error_ratio)
    seconds = [2378.7728, 2960.2933, -1.0, 46.404, 14952.9148, 2206.5542, -1.0, 7537.9304]
    return np.resize(seconds, shape), np.resize([1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0], shape)


def constants_tuned_on_other_seeds(error_ratio, slo, long, burn, left, react):
    """The median of what is right on seven other seeds, copied."""
    shape = np.shape(error_ratio)
    seconds = [1286.474, 136.584, -1.0, 3395.614, 2677.112, 1399.589, 1604.441]
    return np.resize(seconds, shape), np.resize([0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0], shape)
