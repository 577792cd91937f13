"""Right answers to `hot_key` of another style than the solution's."""

import numpy as np


def risen_by_a_factor(before, during, sample, homes):
    """By the factor a partition rose."""
    had, has = before.sum(axis=0) / before.sum(), during.sum(axis=0) / during.sum()
    p = int(np.argmax(has / had))
    here = list(sample[homes == p])
    return p, max(set(here), key=here.count), 1 - (1 - has[p]) / (1 - had[p])


def against_the_others(before, during, sample, homes):
    """Everybody else shrinks by 1 - s: what the others have left tells it as well."""
    had, has = before.sum(axis=0) / before.sum(), during.sum(axis=0) / during.sum()
    p = np.argmax(has - had)
    keys, counts = np.unique(sample[homes == p], return_counts=True)
    return np.array([p, keys[counts.argmax()], 1 - np.delete(has, p).sum() / np.delete(had, p).sum()])
