"""The busiest partition, without a look at its baseline."""

import numpy as np

KILLED_BY = "hot_key"


def hot_key(before, during, sample, homes):
    w0, w1 = (rates.mean(axis=0) / rates.mean(axis=0).sum() for rates in (before, during))
    partition = np.argmax(w1)
    keys, counts = np.unique(sample[homes == partition], return_counts=True)
    share = (w1[partition] - w0[partition]) / (1 - w0[partition])
    return partition, keys[np.argmax(counts)], share
