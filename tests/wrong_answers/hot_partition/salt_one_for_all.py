"""One sub-key for all writes of a call."""

import numpy as np

KILLED_BY = "salt"


def write_key(key, hot, salts, draw):
    return key * 512 + np.where(hot, int(draw[0] * salts), 0)


def read_keys(key, hot, salts):
    return key * 512 + np.arange(salts if hot else 1)
