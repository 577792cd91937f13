"""Plausible mistakes in `pause`, one a function."""

import numpy as np


def never(wait, deadline, delay):
    """Does nothing."""
    return 0.0 * wait


def at_the_first_message(wait, deadline, delay):
    """Over-fixed: all stop as soon as anything waits, and the consumers idle while nobody knows it."""
    return np.where(wait > 0.05 * deadline, 1.0, 0.0)


def at_the_deadline(wait, deadline, delay):
    """All stop when it is too late."""
    return np.where(wait >= deadline, 1.0, 0.0)


def always_half(wait, deadline, delay):
    """Half of the producers pause for good: enough for this burst, and for every quiet day."""
    return 0.5 + 0.0 * wait


def upside_down(wait, deadline, delay):
    """Pauses those who could send, and lets all send into a full queue."""
    return np.clip(1 - wait / deadline, 0, 1)


def by_the_clock(wait, deadline, delay):
    """Two seconds of work, whatever the deadline and the delay."""
    return np.where(wait > 2.0, 1.0, 0.0)


def too_gentle(wait, deadline, delay):
    """A share that reaches a half only at the deadline."""
    return np.clip(wait / deadline - 0.1, 0, 0.45)


def percent(wait, deadline, delay):
    """Counts in per cent."""
    return 100 * np.clip((wait - 0.25 * deadline) / (0.45 * deadline), 0, 1)


def constants_of_the_visible_seed(wait, deadline, delay):
    """What is right at home, copied."""
    return np.resize([0.1, 0.1, 0.1, 0.1, 0.1], np.shape(wait))


def constants_tuned_on_other_seeds(wait, deadline, delay):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([0.1, 0.1, 0.1, 0.1, 0.1, 0.1], np.shape(wait))
