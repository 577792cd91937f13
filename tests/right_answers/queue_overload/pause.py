"""Right answers to `pause` of another style than the solution's."""

import numpy as np


def all_or_nobody(wait, deadline, delay):
    """A switch, with more than the delay left on both sides."""
    return np.where(wait > 0.5 * deadline, 1.0, 0.0)


def three_steps(wait, deadline, delay):
    """A third, two thirds, all."""
    part = wait / deadline
    return ((part > 0.3).astype(float) + (part > 0.45) + (part > 0.6)) / 3


def knows_the_delay(wait, deadline, delay):
    """Stops early enough that what is under way still fits."""
    return np.clip((wait - 1.05 * delay) / (deadline - 2.6 * delay), 0, 1)
