"""Plausible mistakes in `restart`, one a function."""

import numpy as np


def all_at_once(replicas, utilisation, cold, warmup, age):
    """The whole load as soon as replicas are up."""
    return np.ones_like(age), np.floor(replicas * (1 - utilisation) + 1e-9)


def over_fixed(replicas, utilisation, cold, warmup, age):
    """Nothing until all are warm."""
    return (age >= warmup) * 1.0, np.floor(replicas * (1 - utilisation) + 1e-9)


def a_tenth(replicas, utilisation, cold, warmup, age):
    """A tenth of the load until all are warm."""
    return np.where(age >= warmup, 1.0, 0.1), np.floor(replicas * (1 - utilisation) + 1e-9)


def capacity_not_load(replicas, utilisation, cold, warmup, age):
    """The warm share itself, as if the load were the whole capacity."""
    warm = np.minimum(1, cold + (1 - cold) * age / warmup)
    return warm, np.floor(replicas * (1 - utilisation) + 1e-9)


def as_if_from_nothing(replicas, utilisation, cold, warmup, age):
    """A ramp that begins at nothing."""
    return np.minimum(1, age / warmup / utilisation), np.floor(replicas * (1 - utilisation) + 1e-9)


def cold_plus_ramp(replicas, utilisation, cold, warmup, age):
    """A ramp that rises by the whole capacity."""
    warm = np.minimum(1, cold + age / warmup)
    return np.minimum(1, warm / utilisation), np.floor(replicas * (1 - utilisation) + 1e-9)


def rounded_up(replicas, utilisation, cold, warmup, age):
    """One replica more than the others can stand in for."""
    warm = np.minimum(1, cold + (1 - cold) * age / warmup)
    return np.minimum(1, warm / utilisation), np.ceil(replicas * (1 - utilisation))


def one_by_one(replicas, utilisation, cold, warmup, age):
    """One replica at a time."""
    warm = np.minimum(1, cold + (1 - cold) * age / warmup)
    return np.minimum(1, warm / utilisation), np.ones_like(age)


def half_the_fleet(replicas, utilisation, cold, warmup, age):
    """Half of the fleet at a time."""
    warm = np.minimum(1, cold + (1 - cold) * age / warmup)
    return np.minimum(1, warm / utilisation), np.floor(replicas / 2)


def more_than_all(replicas, utilisation, cold, warmup, age):
    """Admits more than there is."""
    warm = np.minimum(1, cold + (1 - cold) * age / warmup)
    return warm / utilisation, np.floor(replicas * (1 - utilisation) + 1e-9)


def constants_of_the_visible_seed(replicas, utilisation, cold, warmup, age):
    """What is right at home, copied."""
    return np.resize(
        [0.281, 0.365, 0.449, 0.534, 0.618, 0.702, 0.787, 0.871, 0.955, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        np.shape(age),
    ), np.resize([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2], np.shape(age))


def constants_tuned_on_other_seeds(replicas, utilisation, cold, warmup, age):
    """The median of what is right on seven other seeds, copied."""
    return np.resize(
        [0.328, 0.393, 0.488, 0.583, 0.678, 0.773, 0.868, 0.963, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        np.shape(age),
    ), np.resize([6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6], np.shape(age))
