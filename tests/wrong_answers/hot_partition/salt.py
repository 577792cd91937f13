"""Plausible mistakes in `salt`, one a class."""

import numpy as np

CHANCE = np.random.default_rng(0)


class added_to_the_key:
    """Adds the salt to the key: sub-keys of one are its neighbours."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return (key + np.where(hot, np.floor(draw * salts), 0)).astype(int)

    @staticmethod
    def read_keys(key, hot, salts):
        return key + np.arange(salts if hot else 1)


class counts_from_one:
    """Sub-keys 1 to N: what was written before is not among them."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return (key * 512 + np.where(hot, 1 + np.floor(draw * salts), 0)).astype(int)

    @staticmethod
    def read_keys(key, hot, salts):
        return key * 512 + (np.arange(1, salts + 1) if hot else np.zeros(1, dtype=int))


class every_key:
    """Over-fixed: salts every key, so every read of any key asks all."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return (key * 512 + np.floor(draw * salts)).astype(int)

    @staticmethod
    def read_keys(key, hot, salts):
        return key * 512 + np.arange(salts)


class modulus:
    """Hashes key and salt into a small range: sub-keys of different keys meet."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return ((key * 31 + np.where(hot, np.floor(draw * salts), 0)) % 1000).astype(int)

    @staticmethod
    def read_keys(key, hot, salts):
        return (key * 31 + np.arange(salts if hot else 1)) % 1000


class multiplies_by_salts:
    """Numbers sub-keys key * salts + i: all move when salts changes."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return (key * salts + np.where(hot, np.floor(draw * salts), 0)).astype(int)

    @staticmethod
    def read_keys(key, hot, salts):
        return key * salts + np.arange(salts if hot else 1)


class never:
    """Does nothing: every key stays whole."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return key * 512 + 0

    @staticmethod
    def read_keys(key, hot, salts):
        return np.array([key * 512])


class one_for_all:
    """One sub-key for all writes of a call."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return key * 512 + np.where(hot, int(draw[0] * salts), 0)

    @staticmethod
    def read_keys(key, hot, salts):
        return key * 512 + np.arange(salts if hot else 1)


class own_generator:
    """Draws its own chance instead of the one it is given: uneven."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        part = CHANCE.integers(salts, size=len(key))
        return key * 512 + np.where(hot, part, 0)

    @staticmethod
    def read_keys(key, hot, salts):
        return key * 512 + np.arange(salts if hot else 1)


class reads_as_if_cold:
    """Forgets that the reader must know, too: hot keys are read as ordinary ones."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return (key * 512 + np.where(hot, np.floor(draw * salts), 0)).astype(int)

    @staticmethod
    def read_keys(key, hot, salts):
        return key * 512 + np.arange(1 if hot else salts)


class reads_everything:
    """Asks 512 sub-keys, to be safe."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return (key * 512 + np.where(hot, np.floor(draw * salts), 0)).astype(int)

    @staticmethod
    def read_keys(key, hot, salts):
        return key * 512 + np.arange(512)


class reads_one:
    """Reads one sub-key: a part of the writes."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return (key * 512 + np.where(hot, np.floor(draw * salts), 0)).astype(int)

    @staticmethod
    def read_keys(key, hot, salts):
        return np.array([key * 512])


class reads_without_the_last:
    """Off by one: the last sub-key is never read."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return (key * 512 + np.where(hot, np.floor(draw * salts), 0)).astype(int)

    @staticmethod
    def read_keys(key, hot, salts):
        return key * 512 + np.arange(salts - 1 if hot else 1)


class rounds:
    """Rounds the draw: one sub-key too many, and the ends half empty."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return (key * 512 + np.where(hot, np.round(draw * salts), 0)).astype(int)

    @staticmethod
    def read_keys(key, hot, salts):
        return key * 512 + np.arange(salts if hot else 1)


class salt_from_the_key:
    """Derives the salt from the key: every write lands on the same sub-key."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return key * 512 + np.where(hot, key % salts, 0)

    @staticmethod
    def read_keys(key, hot, salts):
        return key * 512 + np.arange(salts if hot else 1)


class uneven:
    """Squares the draw: the first sub-key is a hot key again."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return (key * 512 + np.where(hot, np.floor(draw**2 * salts), 0)).astype(int)

    @staticmethod
    def read_keys(key, hot, salts):
        return key * 512 + np.arange(salts if hot else 1)


class a_hundred_apart:
    """Sub-keys a hundred apart: with more salts than that they are a neighbour's."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return (key * 100 + np.where(hot, np.floor(draw * salts), 0)).astype(int)

    @staticmethod
    def read_keys(key, hot, salts):
        return key * 100 + np.arange(salts if hot else 1)


class ordinary_numbers_kept:
    """Leaves ordinary keys their numbers, among which a small key's sub-keys lie."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        part = np.where(hot, np.floor(draw * salts), 0)
        return np.where(part > 0, key * 512 + part, key).astype(int)

    @staticmethod
    def read_keys(key, hot, salts):
        return np.array([key, *(key * 512 + np.arange(1, salts))]) if hot else np.array([key])


class rounded_up:
    """Rounds up and takes one off: a draw of 0 lands below the first sub-key."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return (key * 512 + np.where(hot, np.ceil(draw * salts) - 1, 0)).astype(int)

    @staticmethod
    def read_keys(key, hot, salts):
        return key * 512 + np.arange(salts if hot else 1)


class rounded_to_the_last:
    """Rounds the draw times salts - 1: the first and last sub-key get half."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return (key * 512 + np.where(hot, np.round(draw * (salts - 1)), 0)).astype(int)

    @staticmethod
    def read_keys(key, hot, salts):
        return key * 512 + np.arange(salts if hot else 1)


class constants_of_the_visible_seed:
    """What is right at home, copied."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return np.resize([406916096000, 897081390080, 25432518144], np.shape(key))

    @staticmethod
    def read_keys(key, hot, salts):
        return np.resize([25432256000, 25432256001, 25432256002], salts if hot else 1)


class constants_tuned_on_other_seeds:
    """The median of what is right on seven other seeds, copied."""

    @staticmethod
    def write_key(key, hot, salts, draw):
        return np.resize([975477792768, 978664525824, 347529521678], np.shape(key))

    @staticmethod
    def read_keys(key, hot, salts):
        return np.resize([902177891840], salts if hot else 1)
