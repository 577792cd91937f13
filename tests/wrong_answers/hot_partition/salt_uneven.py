"""Squares the draw: the first sub-key is a hot key again."""

import numpy as np

KILLED_BY = "salt"


def write_key(key, hot, salts, draw):
    return (key * 512 + np.where(hot, np.floor(draw**2 * salts), 0)).astype(int)


def read_keys(key, hot, salts):
    return key * 512 + np.arange(salts if hot else 1)
