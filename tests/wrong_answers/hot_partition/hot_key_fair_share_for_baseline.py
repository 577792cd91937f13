"""Takes 1/P for what the partition had, which unequal keys belie."""

import numpy as np

KILLED_BY = "hot_key"


def hot_key(before, during, sample, homes):
    w1 = during.mean(axis=0) / during.mean(axis=0).sum()
    partition, fair = np.argmax(w1), 1 / len(w1)
    keys, counts = np.unique(sample[homes == partition], return_counts=True)
    return partition, keys[np.argmax(counts)], (w1[partition] - fair) / (1 - fair)
