"""Right answers to `copies` of another style than the solution's."""

import numpy as np


def client_by_client(age, copied, tokens, delay):
    """Sorts the late calls of one client after the other."""
    sends = np.zeros(age.shape, dtype=bool)
    for n in range(len(age)):
        late = np.flatnonzero((age[n] >= delay[n]) & ~copied[n])
        sends[n, late[np.argsort(age[n, late])[::-1]][: int(tokens[n])]] = True
    return sends
