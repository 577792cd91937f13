"""Numbers sub-keys key * salts + i: all move when salts changes."""

import numpy as np

KILLED_BY = "salt"


def write_key(key, hot, salts, draw):
    return (key * salts + np.where(hot, np.floor(draw * salts), 0)).astype(int)


def read_keys(key, hot, salts):
    return key * salts + np.arange(salts if hot else 1)
