"""Right answers to `blame` of another style than the solution's."""

import numpy as np


def from_the_bottom(used, took):
    """Walks up from the last tier and stops at the first whose own time grew."""
    full_at = np.where((used >= 0.95).any(axis=0), (used >= 0.95).argmax(axis=0), 10**6)
    first = np.where(full_at.min(axis=0) < 10**6, full_at.argmin(axis=0), -1)
    before, after = took[:10].mean(axis=0), took[-10:].mean(axis=0)
    guilty = np.full(took.shape[2], -1)
    for tier in range(5):
        below = (before[tier + 1], after[tier + 1]) if tier < 4 else (0.0, 0.0)
        guilty = np.where(after[tier] - below[1] > 2 * (before[tier] - below[0]), tier, guilty)
    return first, guilty
