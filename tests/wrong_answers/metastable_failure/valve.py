"""Plausible mistakes in `valve`, one a function."""

import numpy as np


def always_open(admitted, failing, attempts, load, hidden, capacity):
    """Waits for it to heal by itself."""
    return np.ones(np.shape(load))


def restores_at_once(admitted, failing, attempts, load, hidden, capacity):
    """Opens wholly as soon as attempts no longer fail."""
    return np.where(failing > 0.2, 0.0, 1.0)


def for_ten_minutes(admitted, failing, attempts, load, hidden, capacity):
    """Shuts, and opens again in ten minutes."""
    return np.where(failing > 0.2, 0.0, np.minimum(admitted + 1 / 600, 1))


def a_tenth(admitted, failing, attempts, load, hidden, capacity):
    """Runs at a tenth of its load for ever."""
    return np.full(np.shape(load), 0.1)


def half_of_the_users(admitted, failing, attempts, load, hidden, capacity):
    """Turns half of the users away, which is more than the hidden capacity."""
    return np.where(failing > 0.2, 0.5, np.minimum(admitted + 0.05, 1))


def just_below_the_hidden(admitted, failing, attempts, load, hidden, capacity):
    """As many as the hidden capacity bears: it takes for ever."""
    return np.where(failing > 0.2, 0.97 * hidden / load, np.minimum(admitted + 0.05, 1))


def never_again(admitted, failing, attempts, load, hidden, capacity):
    """Goes on below the hidden capacity for good."""
    return np.minimum(0.9 * hidden / load, 1)


def by_the_capacity(admitted, failing, attempts, load, hidden, capacity):
    """Lets in what the workers can do, retries not counted."""
    return np.where(failing > 0.2, np.minimum(capacity / load, 1), np.minimum(admitted + 0.05, 1))


def a_percent_a_second(admitted, failing, attempts, load, hidden, capacity):
    """Opens too slowly."""
    return np.where(failing > 0.2, 0.0, np.minimum(admitted + 0.01, 1))


def at_the_first_late_one(admitted, failing, attempts, load, hidden, capacity):
    """Shuts at every late attempt."""
    return np.where(failing > 0.0, 0.0, np.minimum(admitted + 0.05, 1))


def fills_what_is_free(admitted, failing, attempts, load, hidden, capacity):
    """Lets in at once what the capacity has room for, by numbers that are seconds old."""
    return np.where(failing > 0.2, 0.0, np.clip((0.9 * capacity - (attempts - admitted * load)) / load, 0, 1))


def when_nearly_all_fail(admitted, failing, attempts, load, hidden, capacity):
    """Lets everybody in while six of ten attempts fail."""
    return np.where(failing > 0.6, 0.0, np.minimum(admitted + 0.05, 1))


def when_all_fail(admitted, failing, attempts, load, hidden, capacity):
    """Shuts only when nothing is answered at all."""
    return np.where(failing >= 1, 0.0, np.minimum(admitted + 0.05, 1))


def half_as_many(admitted, failing, attempts, load, hidden, capacity):
    """Halves what it lets in each second, and is for a second above what it may."""
    return np.where(failing > 0.5, admitted / 2, np.minimum(admitted + 0.05, 1))


def a_quarter_a_second(admitted, failing, attempts, load, hidden, capacity):
    """Opens in four seconds, before it can have seen what the first users did."""
    return np.where(failing > 0.5, 0.0, np.minimum(admitted + 0.25, 1))


def as_many_as_are_answered(admitted, failing, attempts, load, hidden, capacity):
    """One less the share that fails: without memory, up and down with it."""
    well = np.where(failing > 0.5, np.minimum(1 - failing, hidden / load), 1 - failing)
    return np.where(failing < 0.005, 1.0, well)


def until_nothing_fails(admitted, failing, attempts, load, hidden, capacity):
    """Opens only while not one attempt in a thousand fails."""
    return np.where(failing > 0.5, 0.0, np.where(failing > 0, admitted, np.minimum(admitted + 0.05, 1)))


def nineteen_of_twenty(admitted, failing, attempts, load, hidden, capacity):
    """Never opens wholly again."""
    return np.where(failing > 0.5, 0.0, np.where(admitted == 1, 1.0, np.minimum(admitted + 0.05, 0.95)))


def constants_of_the_visible_seed(admitted, failing, attempts, load, hidden, capacity):
    """What is right at home, copied."""
    return np.resize([0.0, 1.0, 0.0, 0.0, 0.55, 1.0], np.shape(admitted))


def constants_tuned_on_other_seeds(admitted, failing, attempts, load, hidden, capacity):
    """The median of what is right on other seeds, copied."""
    return np.full(np.shape(admitted), 0.3)
