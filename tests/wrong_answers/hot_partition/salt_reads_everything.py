"""Asks 512 sub-keys, to be safe."""

import numpy as np

KILLED_BY = "salt"


def write_key(key, hot, salts, draw):
    return (key * 512 + np.where(hot, np.floor(draw * salts), 0)).astype(int)


def read_keys(key, hot, salts):
    return key * 512 + np.arange(512)
