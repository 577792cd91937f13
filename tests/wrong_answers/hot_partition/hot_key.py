"""Plausible mistakes in `hot_key`, one a function."""

import numpy as np


def busiest(before, during, sample, homes):
    """The busiest partition, without a look at its baseline."""
    w0, w1 = (rates.mean(axis=0) / rates.mean(axis=0).sum() for rates in (before, during))
    partition = np.argmax(w1)
    keys, counts = np.unique(sample[homes == partition], return_counts=True)
    share = (w1[partition] - w0[partition]) / (1 - w0[partition])
    return partition, keys[np.argmax(counts)], share


def constants(before, during, sample, homes):
    """The lab's own numbers, copied."""
    return 24, 518_849, 0.1


def difference_only(before, during, sample, homes):
    """Forgets that the rest of the partition shrinks to 1 - s of itself."""
    w0, w1 = (rates.mean(axis=0) / rates.mean(axis=0).sum() for rates in (before, during))
    partition = np.argmax(w1 - w0)
    keys, counts = np.unique(sample[homes == partition], return_counts=True)
    return partition, keys[np.argmax(counts)], w1[partition] - w0[partition]


def fair_share_for_baseline(before, during, sample, homes):
    """Takes 1/P for what the partition had, which unequal keys belie."""
    w1 = during.mean(axis=0) / during.mean(axis=0).sum()
    partition, fair = np.argmax(w1), 1 / len(w1)
    keys, counts = np.unique(sample[homes == partition], return_counts=True)
    return partition, keys[np.argmax(counts)], (w1[partition] - fair) / (1 - fair)


def from_the_sample(before, during, sample, homes):
    """The share from seven hundred sampled requests: too few."""
    w0, w1 = (rates.mean(axis=0) / rates.mean(axis=0).sum() for rates in (before, during))
    partition = np.argmax(w1 - w0)
    keys, counts = np.unique(sample[homes == partition], return_counts=True)
    return partition, keys[np.argmax(counts)], counts.max() / len(sample)


def ignores_growth(before, during, sample, homes):
    """Compares rates, though the total has grown."""
    r0, r1 = before.mean(axis=0), during.mean(axis=0)
    partition = np.argmax(r1 - r0)
    keys, counts = np.unique(sample[homes == partition], return_counts=True)
    return partition, keys[np.argmax(counts)], (r1[partition] - r0[partition]) / r1.sum()


def most_sampled(before, during, sample, homes):
    """The key sampled most often anywhere."""
    w0, w1 = (rates.mean(axis=0) / rates.mean(axis=0).sum() for rates in (before, during))
    partition = np.argmax(w1 - w0)
    keys, counts = np.unique(sample, return_counts=True)
    share = (w1[partition] - w0[partition]) / (1 - w0[partition])
    return partition, keys[np.argmax(counts)], share


def partition_share(before, during, sample, homes):
    """The partition's share for the key's."""
    w0, w1 = (rates.mean(axis=0) / rates.mean(axis=0).sum() for rates in (before, during))
    partition = np.argmax(w1 - w0)
    keys, counts = np.unique(sample[homes == partition], return_counts=True)
    return partition, keys[np.argmax(counts)], w1[partition]


def two_results(before, during, sample, homes):
    """Forgets the key."""
    w0, w1 = (rates.mean(axis=0) / rates.mean(axis=0).sum() for rates in (before, during))
    partition = np.argmax(w1 - w0)
    return partition, (w1[partition] - w0[partition]) / (1 - w0[partition])


def gained_most(before, during, sample, homes):
    """The partition that gained the most requests, though all have grown."""
    w0, w1 = (rates.mean(axis=0) / rates.mean(axis=0).sum() for rates in (before, during))
    partition = np.argmax(during.mean(axis=0) - before.mean(axis=0))
    keys, counts = np.unique(sample[homes == partition], return_counts=True)
    return partition, keys[np.argmax(counts)], (w1[partition] - w0[partition]) / (1 - w0[partition])


def constants_of_the_visible_seed(before, during, sample, homes):
    """What is right at home, copied."""
    return (9, 217151, 0.0552)


def constants_tuned_on_other_seeds(before, during, sample, homes):
    """The median of what is right on seven other seeds, copied."""
    return (7, 529597, 0.0523)
