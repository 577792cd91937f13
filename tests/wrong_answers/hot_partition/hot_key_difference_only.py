"""Forgets that the rest of the partition shrinks to 1 - s of itself."""

import numpy as np

KILLED_BY = "hot_key"


def hot_key(before, during, sample, homes):
    w0, w1 = (rates.mean(axis=0) / rates.mean(axis=0).sum() for rates in (before, during))
    partition = np.argmax(w1 - w0)
    keys, counts = np.unique(sample[homes == partition], return_counts=True)
    return partition, keys[np.argmax(counts)], w1[partition] - w0[partition]
