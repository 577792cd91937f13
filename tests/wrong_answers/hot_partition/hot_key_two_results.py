"""Forgets the key."""

import numpy as np

KILLED_BY = "hot_key"


def hot_key(before, during, sample, homes):
    w0, w1 = (rates.mean(axis=0) / rates.mean(axis=0).sum() for rates in (before, during))
    partition = np.argmax(w1 - w0)
    return partition, (w1[partition] - w0[partition]) / (1 - w0[partition])
