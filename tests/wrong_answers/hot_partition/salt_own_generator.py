"""Draws its own chance instead of the one it is given: uneven."""

import numpy as np

KILLED_BY = "salt"
CHANCE = np.random.default_rng(0)  # seeded here, so that docs/kill-table.md comes out the same each time


def write_key(key, hot, salts, draw):
    part = CHANCE.integers(salts, size=len(key))
    return key * 512 + np.where(hot, part, 0)


def read_keys(key, hot, salts):
    return key * 512 + np.arange(salts if hot else 1)
