"""Right answers to `shed` of another style than the solution's."""

import numpy as np


def class_by_class(offered, capacity):
    """Hands out what is left, one class after the other."""
    left, admitted = np.array(capacity, dtype=float), []
    for wants in offered:
        admitted.append(np.minimum(wants, left))
        left = left - admitted[-1]
    return np.array(admitted)
