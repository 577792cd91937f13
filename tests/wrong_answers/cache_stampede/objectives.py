"""Plausible mistakes in `objectives`, one a function."""

import numpy as np

#: The rest are wrong; these stop with an error.
CRASHES = ("scalar_only",)


def beta_twenty(arrival_rate, recompute_time, max_age, load):
    """Over-fixed: beta so large that every reader recomputes."""
    window = 3.5 * recompute_time
    return max_age - window, 20.0, 2 * recompute_time, window


def copied_constants(arrival_rate, recompute_time, max_age, load):
    """The lab's own key, copied."""
    return 24.0, 0, 2.0, 4.0


def early_refresh_only(arrival_rate, recompute_time, max_age, load):
    """XFetch instead of a stale window: whoever refreshes waits."""
    return max_age - 2 * recompute_time, 1, 2 * recompute_time, 0


def fresh_at_any_price(arrival_rate, recompute_time, max_age, load):
    """A short TTL: fresh, and too much for the origin."""
    return 1 / load / 2, 0, 2 * recompute_time, max_age / 3


def load_is_a_period(arrival_rate, recompute_time, max_age, load):
    """Takes load for seconds between recomputes."""
    return load, 0, 2 * recompute_time, 3.5 * recompute_time


def lock_never_lapses(arrival_rate, recompute_time, max_age, load):
    """Over-fixed: a lock without expiry, and a holder that dies."""
    window = 3.5 * recompute_time
    return max_age - window, 0, 1e6, window


def lock_of_ten_seconds(arrival_rate, recompute_time, max_age, load):
    """Ten seconds, the library's default."""
    window = 3.5 * recompute_time
    return max_age - window, 0, 10.0, window


def lock_too_short(arrival_rate, recompute_time, max_age, load):
    """A lock that lapses before the recompute is back."""
    window = 3 * recompute_time
    return 1 / load + 0 * window, 0, 0.4 * recompute_time, window


def no_stale_window(arrival_rate, recompute_time, max_age, load):
    """No stale answers: readers wait at each expiry."""
    return max_age - recompute_time, 0, 2 * recompute_time, 0


def scalar_only(arrival_rate, recompute_time, max_age, load):
    """An if on an array."""
    window = 3.5 * recompute_time
    if max_age > 30:
        window = 5.0
    return max_age - window, 0, 2 * recompute_time, window


def stale_for_an_hour(arrival_rate, recompute_time, max_age, load):
    """Over-fixed: stale answers for an hour, just in case."""
    return 1 / load, 0, 2 * recompute_time, 3600.0


def three_results(arrival_rate, recompute_time, max_age, load):
    """Forgets beta."""
    return max_age - 3.5 * recompute_time, 2 * recompute_time, 3.5 * recompute_time


def ttl_is_max_age(arrival_rate, recompute_time, max_age, load):
    """The whole age in the TTL, none left for a recompute."""
    return max_age, 0, 2 * recompute_time, 3.5 * recompute_time


def window_of_one_recompute(arrival_rate, recompute_time, max_age, load):
    """A window for the recompute, none for a holder that dies."""
    window = 1.1 * recompute_time
    return max_age - window, 0, 2 * recompute_time, window


def lock_in_the_cycle(arrival_rate, recompute_time, max_age, load):
    """Counts the lock's expiry into the cycle, which ends when the recompute is back."""
    ttl = 1 / load - 2 * recompute_time
    return ttl, 0, 2 * recompute_time, max_age - ttl


def constants_of_the_visible_seed(arrival_rate, recompute_time, max_age, load):
    """What is right at home, copied."""
    return (
        np.resize([26.3, 17.3, 32.6, 8.8, 9.16, 14.1], np.shape(arrival_rate)),
        0,
        np.resize([3, 2, 4, 1, 1, 2], np.shape(arrival_rate)),
        np.resize([5.25, 3.5, 7, 1.75, 1.75, 3.5], np.shape(arrival_rate)),
    )


def constants_tuned_on_other_seeds(arrival_rate, recompute_time, max_age, load):
    """The median of what is right on seven other seeds, copied."""
    return (
        np.resize([14.3, 23.9, 20.6, 14.6, 19.1], np.shape(arrival_rate)),
        0,
        np.resize([2, 3, 2, 2, 2], np.shape(arrival_rate)),
        np.resize([3.5, 5.25, 3.5, 3.5, 3.5], np.shape(arrival_rate)),
    )
