"""Right answers to `may_lead` of another style than the solution's."""

import numpy as np


def products(votes, old, new):
    """Matrix products, and what is left over compared."""
    return np.all([votes @ weight > (~votes) @ weight for weight in (old, new)], axis=0)


def half_and_a_bit(votes, old, new):
    """Weights as shares."""
    return np.minimum(votes @ (old / old.sum()), votes @ (new / new.sum())) > 0.5 + 1e-9


def whole_votes(votes, old, new):
    """Half, rounded down, and one more; a set of votes at a time."""
    return [all(weight[row].sum() >= weight.sum() // 2 + 1 for weight in (old, new)) for row in votes]
