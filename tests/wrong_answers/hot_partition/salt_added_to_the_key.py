"""Adds the salt to the key: sub-keys of one are its neighbours."""

import numpy as np

KILLED_BY = "salt"


def write_key(key, hot, salts, draw):
    return (key + np.where(hot, np.floor(draw * salts), 0)).astype(int)


def read_keys(key, hot, salts):
    return key + np.arange(salts if hot else 1)
