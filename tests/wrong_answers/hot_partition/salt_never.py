"""Does nothing: every key stays whole."""

import numpy as np

KILLED_BY = "salt"


def write_key(key, hot, salts, draw):
    return key * 512 + 0


def read_keys(key, hot, salts):
    return np.array([key * 512])
