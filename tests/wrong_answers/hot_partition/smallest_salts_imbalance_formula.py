"""Writes alone, against the capacity: forgets reads and the objective."""

import numpy as np

KILLED_BY = "smallest_salts"


def smallest_salts(hot_rate, rest_rate, write_share, partitions, capacity, objective):
    salts = np.ceil(hot_rate / (capacity - rest_rate))
    return salts, write_share + (1 - write_share) * salts
