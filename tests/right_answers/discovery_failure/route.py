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


def in_lists(known, healthy, threshold):
    """A list of lists."""
    rows = []
    for mine, well, least in zip(known.tolist(), healthy.tolist(), threshold.tolist(), strict=True):
        good = [a and b for a, b in zip(mine, well, strict=True)]
        used = good if any(good) and sum(good) / sum(mine) >= least else mine
        rows.append([one / max(sum(used), 1) for one in used])
    return rows
