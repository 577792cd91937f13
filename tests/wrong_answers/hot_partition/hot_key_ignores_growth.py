"""Compares rates, though the total has grown."""

import numpy as np

KILLED_BY = "hot_key"


def hot_key(before, during, sample, homes):
    r0, r1 = before.mean(axis=0), during.mean(axis=0)
    partition = np.argmax(r1 - r0)
    keys, counts = np.unique(sample[homes == partition], return_counts=True)
    return partition, keys[np.argmax(counts)], (r1[partition] - r0[partition]) / r1.sum()
