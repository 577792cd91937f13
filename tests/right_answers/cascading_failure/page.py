"""Right answers to `page` of another style than the solution's."""

import numpy as np


def by_refusal(state, room, optional, probe):
    """What may not be called, rather than what may."""
    refused = (room == 0) | (state == 1) | ((state == 2) & ~probe)
    fails = (refused & ~optional).any(axis=0)
    return np.select([fails + 0 * state == 1, refused], [2, 1], 0)
