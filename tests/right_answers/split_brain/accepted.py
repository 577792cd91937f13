"""Right answers to `accepted` of another style than the solution's."""

import numpy as np


def a_loop(token, store, path):
    """One write after the other, and a dictionary."""
    newest, ok = {}, []
    for one, kept in zip(token.tolist(), store.tolist(), strict=True):
        ok.append(one >= newest.get(kept, one))
        newest[kept] = max(one, newest.get(kept, one))
    return np.array(ok)


def a_table(token, store, path):
    """The running maximum of each store's column."""
    table = np.where(store[:, None] == np.arange(store.max() + 1), token[:, None], -1)
    newest = np.maximum.accumulate(table, axis=0)
    return token >= newest[np.arange(len(token)), store]
