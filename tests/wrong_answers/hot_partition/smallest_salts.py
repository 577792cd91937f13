"""Plausible mistakes in `smallest_salts`, one a function."""

import numpy as np

#: The rest are wrong; these stop with an error.
CRASHES = ("scalar_only",)


def always_16(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """The lesson's number, copied."""
    return np.full(hot_rate.shape, 16), write_share + (1 - write_share) * 16


def cost_of_all_reads(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """States the lookups per read for the operations per request."""
    n = np.arange(1, 65)[:, None]
    load = rest_rate + hot_rate * (write_share / n + 1 - write_share)
    fits = (n <= partitions) & (capacity - load >= 4.6 / objective)
    salts = np.where(fits.any(axis=0), fits.argmax(axis=0) + 1, 0)
    return salts, np.where(salts > 0, salts, 0)


def doubled(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """Twice what is needed, to be safe."""
    n = np.arange(1, 65)[:, None]
    load = rest_rate + hot_rate * (write_share / n + 1 - write_share)
    fits = (n <= partitions) & (capacity - load >= 4.6 / objective)
    salts = 2 * np.where(fits.any(axis=0), fits.argmax(axis=0) + 1, 0)
    return salts, np.where(salts > 0, write_share + (1 - write_share) * salts, 0)


def fastest(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """The number with the least load, not the smallest that meets the objective."""
    n = np.arange(1, 65)[:, None]
    load = rest_rate + hot_rate * (write_share / n + 1 - write_share)
    fits = (n <= partitions) & (capacity - load >= 4.6 / objective)
    salts = np.where(fits.any(axis=0), np.where(n <= partitions, load, np.inf).argmin(axis=0) + 1, 0)
    return salts, np.where(salts > 0, write_share + (1 - write_share) * salts, 0)


def forgets_reads(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """Spreads the reads as well, though each asks every sub-key."""
    n = np.arange(1, 65)[:, None]
    load = rest_rate + hot_rate / n
    fits = (n <= partitions) & (capacity - load >= 4.6 / objective)
    salts = np.where(fits.any(axis=0), fits.argmax(axis=0) + 1, 0)
    return salts, np.where(salts > 0, write_share + (1 - write_share) * salts, 0)


def forgets_the_rest(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """The hot key alone on its partitions."""
    n = np.arange(1, 65)[:, None]
    load = hot_rate * (write_share / n + 1 - write_share)
    fits = (n <= partitions) & (capacity - load >= 4.6 / objective)
    salts = np.where(fits.any(axis=0), fits.argmax(axis=0) + 1, 0)
    return salts, np.where(salts > 0, write_share + (1 - write_share) * salts, 0)


def free_of_charge(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """States no read cost: one lookup, as before."""
    n = np.arange(1, 65)[:, None]
    load = rest_rate + hot_rate * (write_share / n + 1 - write_share)
    fits = (n <= partitions) & (capacity - load >= 4.6 / objective)
    salts = np.where(fits.any(axis=0), fits.argmax(axis=0) + 1, 0)
    return salts, np.where(salts > 0, 1.0 + 0 * salts, 0)


def imbalance_formula(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """Writes alone, against the capacity: forgets reads and the objective."""
    salts = np.ceil(hot_rate / (capacity - rest_rate))
    return salts, write_share + (1 - write_share) * salts


def just_fits(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """Fills the partition to the brim: it is not overloaded, and slow."""
    n = np.arange(1, 65)[:, None]
    load = rest_rate + hot_rate * (write_share / n + 1 - write_share)
    fits = (n <= partitions) & (load < capacity)
    salts = np.where(fits.any(axis=0), fits.argmax(axis=0) + 1, 0)
    return salts, np.where(salts > 0, write_share + (1 - write_share) * salts, 0)


def more_than_partitions(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """Lets two sub-keys share a partition."""
    n = np.arange(1, 65)[:, None]
    load = rest_rate + hot_rate * (write_share / n + 1 - write_share)
    fits = capacity - load >= 4.6 / objective
    salts = np.where(fits.any(axis=0), fits.argmax(axis=0) + 1, 0)
    return salts, np.where(salts > 0, write_share + (1 - write_share) * salts, 0)


def never_zero(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """One sub-key where no number meets the objective."""
    n = np.arange(1, 65)[:, None]
    load = rest_rate + hot_rate * (write_share / n + 1 - write_share)
    fits = (n <= partitions) & (capacity - load >= 4.6 / objective)
    salts = fits.argmax(axis=0) + 1
    return salts, np.where(salts > 0, write_share + (1 - write_share) * salts, 0)


def one_per_partition(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """Over-fixed: as many sub-keys as partitions, so reads ask them all."""
    return partitions, write_share + (1 - write_share) * partitions


def only_salts(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """Forgets the cost."""
    n = np.arange(1, 65)[:, None]
    load = rest_rate + hot_rate * (write_share / n + 1 - write_share)
    fits = (n <= partitions) & (capacity - load >= 4.6 / objective)
    salts = np.where(fits.any(axis=0), fits.argmax(axis=0) + 1, 0)
    return salts


def scalar_only(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """One service at a time."""
    for n in range(1, int(partitions) + 1):
        if capacity - rest_rate - hot_rate * (write_share / n + 1 - write_share) >= 4.6 / objective:
            return n, write_share + (1 - write_share) * n
    return 0, 0


def fewer_than_partitions(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """Leaves a partition without a sub-key, though all are needed."""
    n = np.arange(1, 65)[:, None]
    load = rest_rate + hot_rate * (write_share / n + 1 - write_share)
    fits = (n < partitions) & (capacity - load >= 4.6 / objective)
    salts = np.where(fits.any(axis=0), fits.argmax(axis=0) + 1, 0)
    return salts, np.where(salts > 0, write_share + (1 - write_share) * salts, 0)


def none_for_one(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """Says 0 where one is enough: a whole key is one sub-key."""
    n = np.arange(1, 65)[:, None]
    load = rest_rate + hot_rate * (write_share / n + 1 - write_share)
    fits = (n <= partitions) & (capacity - load >= 4.6 / objective)
    salts = np.where(fits.any(axis=0), fits.argmax(axis=0) + 1, 0)
    return np.where(salts > 1, salts, 0), np.where(salts > 1, write_share + (1 - write_share) * salts, 0)


def one_shared(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """Off by one: lets one partition hold two sub-keys."""
    n = np.arange(1, 65)[:, None]
    load = rest_rate + hot_rate * (write_share / n + 1 - write_share)
    fits = (n <= partitions + 1) & (capacity - load >= 4.6 / objective)
    salts = np.where(fits.any(axis=0), fits.argmax(axis=0) + 1, 0)
    return salts, np.where(salts > 0, write_share + (1 - write_share) * salts, 0)


def rounds(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """Rounds to the nearest whole number."""
    room = capacity - 4.6 / objective - rest_rate - hot_rate * (1 - write_share)
    salts = np.maximum(np.round(hot_rate * write_share / np.where(room > 0, room, 1e-9)), 1)
    salts = np.where((room > 0) & (salts <= partitions), salts, 0)
    return salts, np.where(salts > 0, write_share + (1 - write_share) * salts, 0)


def constants_of_the_visible_seed(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """What is right at home, copied."""
    return (
        np.resize([3, 9, 0, 9, 12, 7, 0, 0], np.shape(hot_rate)),
        np.resize([1.05, 1.43, 0, 1.56, 1.76, 1.26, 0, 0], np.shape(hot_rate)),
    )


def constants_tuned_on_other_seeds(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    """The median of what is right on seven other seeds, copied."""
    return (
        np.resize([5, 7, 5, 5, 9, 7, 3], np.shape(hot_rate)),
        np.resize([1.18, 1.27, 1.18, 1.17, 1.42, 1.26, 1.07], np.shape(hot_rate)),
    )
