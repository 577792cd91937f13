"""Plausible mistakes in `accepted`, one a function."""

import numpy as np


def everything(token, store, path):
    """No check."""
    return np.ones(len(token), bool)


def by_path(token, store, path):
    """Each path remembers for itself."""
    ok = np.zeros(len(token), bool)
    for one in np.unique(store * 10 + path):
        mine = store * 10 + path == one
        ok[mine] = token[mine] >= np.maximum.accumulate(token[mine])
    return ok


def one_path_only(token, store, path):
    """Checks on one path of three."""
    ok = np.ones(len(token), bool)
    for one in np.unique(store):
        mine = store == one
        ok[mine] = token[mine] >= np.maximum.accumulate(token[mine])
    return ok | (path != 0)


def all_stores_alike(token, store, path):
    """One number for all stores."""
    return token >= np.maximum.accumulate(token)


def strictly_newer(token, store, path):
    """Over-fixed: takes each token once."""
    ok, seen = np.zeros(len(token), bool), {}
    for n, (one, kept) in enumerate(zip(token, store, strict=True)):
        ok[n] = one > seen.get(kept, -1)
        seen[kept] = max(one, seen.get(kept, -1))
    return ok


def newer_than_the_last(token, store, path):
    """Compares with the last write, taken or not: the second old one passes."""
    ok, last = np.zeros(len(token), bool), {}
    for n, (one, kept) in enumerate(zip(token, store, strict=True)):
        ok[n] = one >= last.get(kept, -1)
        last[kept] = one
    return ok


def knows_the_future(token, store, path):
    """Compares with the highest token that will ever come."""
    ok = np.zeros(len(token), bool)
    for one in np.unique(store):
        ok[store == one] = token[store == one] >= token[store == one].max()
    return ok


def first_leader_for_ever(token, store, path):
    """Over-fixed: only the first token of a store is ever taken."""
    ok = np.zeros(len(token), bool)
    for one in np.unique(store):
        ok[store == one] = token[store == one] == token[store == one][0]
    return ok


def one_late_is_fine(token, store, path):
    """Tolerates a token that is one behind."""
    ok = np.zeros(len(token), bool)
    for one in np.unique(store):
        mine = store == one
        ok[mine] = token[mine] >= np.maximum.accumulate(token[mine]) - 1
    return ok


def constants_of_the_visible_seed(token, store, path):
    """What is right at home, copied."""
    return np.resize([1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1], np.shape(token))


def constants_tuned_on_other_seeds(token, store, path):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 0, 1, 1, 1, 1], np.shape(token))
