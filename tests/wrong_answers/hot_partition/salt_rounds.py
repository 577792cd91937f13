"""Rounds the draw: one sub-key too many, and the ends half empty."""

import numpy as np

KILLED_BY = "salt"


def write_key(key, hot, salts, draw):
    return (key * 512 + np.where(hot, np.round(draw * salts), 0)).astype(int)


def read_keys(key, hot, salts):
    return key * 512 + np.arange(salts if hot else 1)
