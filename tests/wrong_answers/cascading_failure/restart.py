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


def strictly_below(replicas, utilisation, cold, warmup, age):
    """Over-fixed: leaves the others a replica more than the load needs."""
    warm = np.minimum(1, cold + (1 - cold) * age / warmup)
    return np.minimum(1, warm / utilisation), np.ceil(replicas * (1 - utilisation) - 1e-9) - 1


def one_at_least(replicas, utilisation, cold, warmup, age):
    """One at a time, even where the others cannot stand in for it."""
    warm = np.minimum(1, cold + (1 - cold) * age / warmup)
    return np.minimum(1, warm / utilisation), np.maximum(1, np.floor(replicas * (1 - utilisation) + 1e-9))


def rounded_to_the_nearest(replicas, utilisation, cold, warmup, age):
    """Most of a replica for a whole one."""
    warm = np.minimum(1, cold + (1 - cold) * age / warmup)
    return np.minimum(1, warm / utilisation), np.round(replicas * (1 - utilisation))


def constants_of_the_visible_seed(replicas, utilisation, cold, warmup, age):
    """What is right at home, copied."""
    return np.resize(
        [0.281, 0.365, 0.449, 0.534, 0.618, 0.702, 0.786, 0.871, 0.955, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        np.shape(age),
    ), np.resize([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2], np.shape(age))


def constants_tuned_on_other_seeds(replicas, utilisation, cold, warmup, age):
    """The median of what is right on seven other seeds, copied."""
    return np.resize(
        [0.266, 0.345, 0.449, 0.554, 0.63, 0.697, 0.764, 0.831, 0.898, 0.965, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        np.shape(age),
    ), np.resize([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2], np.shape(age))
