"""Hashes key and salt into a small range: sub-keys of different keys meet."""

import numpy as np

KILLED_BY = "salt"


def write_key(key, hot, salts, draw):
    return ((key * 31 + np.where(hot, np.floor(draw * salts), 0)) % 1000).astype(int)


def read_keys(key, hot, salts):
    return (key * 31 + np.arange(salts if hot else 1)) % 1000
