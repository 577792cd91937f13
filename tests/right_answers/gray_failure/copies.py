"""Right answers to `copies` of another style than the solution's."""

import numpy as np


def client_by_client(age, copied, tokens, delay):
    """Sorts the late calls of one client after the other."""
    sends = np.zeros(age.shape, dtype=bool)
    for n in range(len(age)):
        late = np.flatnonzero((age[n] >= delay[n]) & ~copied[n])
        sends[n, late[np.argsort(age[n, late])[::-1]][: int(tokens[n])]] = True
    return sends


def token_by_token(age, copied, tokens, delay):
    """Spends one token after the other, in floats of 32 bits."""
    sends, left = np.zeros(age.shape, dtype=np.float32), tokens.copy()
    for n in range(len(age)):
        for call in np.argsort(-age[n]):
            if age[n, call] >= delay[n] and not copied[n, call] and left[n] >= 1:
                sends[n, call], left[n] = 1, left[n] - 1
    return sends
