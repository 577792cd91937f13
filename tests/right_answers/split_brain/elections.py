"""Right answers to `elections` of another style than the solution's."""

import numpy as np


def a_loop(placement, part, needed):
    """One case after the other."""
    can, twice = [], []
    for voters, where, least in zip(placement, part, needed, strict=True):
        held = [int(voters[where == one].sum()) for one in (0, 1, 2)]
        able = sum(votes >= least for votes in held)
        can.append(able > 0)
        twice.append(able > 1)
    return np.array(can), np.array(twice)


def one_product(placement, part, needed):
    """Masks and voters multiplied."""
    votes = np.einsum("ns,nsp->np", placement, part[:, :, None] == np.arange(3))
    able = votes >= needed[:, None]
    return able.any(axis=1), able.sum(axis=1) > 1


def one_array(placement, part, needed):
    """Both results as the rows of one array."""
    able = sum((np.where(part == one, placement, 0).sum(axis=1) >= needed).astype(int) for one in range(3))
    return np.array([able > 0, able > 1])
