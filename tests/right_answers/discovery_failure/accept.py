"""Right answers to `accept` of another style than the solution's."""

import numpy as np


def reasons_to_refuse(known, kept, added, answering):
    """Two reasons to refuse, as ratios."""
    dropped = known - kept
    many = dropped / np.maximum(known, 1) > 0.5
    alive = answering / np.maximum(dropped, 1) > 0.1
    return ~((kept + added == 0) | (many & alive))


def in_a_loop(known, kept, added, answering):
    """One update after the other."""

    def one(known, kept, added, answering):
        if kept + added == 0:
            return 0
        return int(known - kept <= known / 2 or answering <= (known - kept) / 10)

    return np.vectorize(one)(known, kept, added, answering)
