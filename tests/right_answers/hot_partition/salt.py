"""Right answers to `salt` of another style than the solution's."""

import numpy as np


class numbered_by_thousands:
    """Sub-keys above ten digits."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return key + 10**10 * np.where(hot, (draw * salts).astype(np.int64), 0)

    @staticmethod
    def read_keys(key, hot, salts):
        return [key + 10**10 * i for i in range(salts)] if hot else key


class shifted:
    """Key and sub-key in the halves of one long number."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return key << 32 | np.where(hot, (draw * salts).astype(np.int64), 0)

    @staticmethod
    def read_keys(key, hot, salts):
        return [key << 32 | i for i in range(salts if hot else 1)]
