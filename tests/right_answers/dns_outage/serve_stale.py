"""Right answers to `serve_stale` of another style than the solution's."""

import numpy as np


def by_refusals(expired_for, heard, waited, limit, withdrawn):
    """All but those that must not."""
    serves = np.ones(np.shape(heard), dtype=bool)
    serves[np.isin(heard, (2, 3))] = False
    serves[(heard == 0) & (waited < 1.8)] = False
    serves[expired_for >= limit] = False
    serves[withdrawn] = False
    return serves


def in_numbers(expired_for, heard, waited, limit, withdrawn):
    """A number from 0 to 1."""
    patience = np.array([1.8, 0.0, np.inf, np.inf])[heard]
    return np.where(withdrawn, 0, (waited >= patience) * (limit > expired_for)).astype(int)
