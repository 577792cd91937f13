"""Sub-keys 1 to N: what was written before is not among them."""

import numpy as np

KILLED_BY = "salt"


def write_key(key, hot, salts, draw):
    return (key * 512 + np.where(hot, 1 + np.floor(draw * salts), 0)).astype(int)


def read_keys(key, hot, salts):
    return key * 512 + (np.arange(1, salts + 1) if hot else np.zeros(1, dtype=int))
