"""Right answers to `route` of another style than the solution's."""

import numpy as np


def client_by_client(known, healthy, threshold):
    """A loop over clients."""
    weights = np.zeros(known.shape)
    for row, mine, well, least in zip(weights, known, healthy, threshold, strict=True):
        good = mine & well
        used = mine if good.sum() < least * mine.sum() or not good.any() else good
        row[used] = 1 / max(used.sum(), 1)
    return weights
