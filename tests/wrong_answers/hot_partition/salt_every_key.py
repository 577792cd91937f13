"""Over-fixed: salts every key, so every read of any key asks all."""

import numpy as np

KILLED_BY = "salt"


def write_key(key, hot, salts, draw):
    return (key * 512 + np.floor(draw * salts)).astype(int)


def read_keys(key, hot, salts):
    return key * 512 + np.arange(salts)
