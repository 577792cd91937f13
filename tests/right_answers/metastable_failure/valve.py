"""Right answers to `valve` of another style than the solution's."""

import numpy as np


def a_trickle_and_a_ramp(admitted, failing, attempts, load, hidden, capacity):
    """A third of the hidden capacity meanwhile, then up by a twentieth a second while there is room."""
    room = attempts < 0.7 * capacity
    return np.where(failing > 0.2, 0.3 * hidden / load, np.where(room, np.minimum(admitted + 1 / 20, 1), admitted))


def by_what_is_left(admitted, failing, attempts, load, hidden, capacity):
    """Fleet by fleet; waits until hardly a retry is under way, then opens."""

    def one(admitted, failing, attempts, load, capacity):
        if failing > 0.3:
            return 0.0
        if attempts < 0.65 * capacity:
            return min(1.0, admitted + 0.08)
        return admitted

    return np.vectorize(one, otypes=[float])(admitted, failing, attempts, load, capacity)


def waits_and_opens(admitted, failing, attempts, load, hidden, capacity):
    """Shut until hardly an attempt is left, and then open: by then the retries have run out."""
    quiet = (failing < 0.05) & (attempts < 0.3 * capacity)
    return np.where(failing > 0.5, 0, np.where((admitted == 1) | quiet, 1, admitted))
