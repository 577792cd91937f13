"""Right answers to `reconcile` of another style than the solution's."""

import numpy as np


def one_at_a_time(base, near, far, near_wrote, far_wrote, counts, least):
    """One key after the other."""

    def one(base, near, far, near_wrote, far_wrote, counts, least):
        if not (near_wrote and far_wrote):
            return (near if near_wrote else far if far_wrote else base), False
        if counts:
            total = base + (near - base) + (far - base)
            return (base, True) if total < least else (total, False)
        return (near, False) if near == far else (base, True)

    columns = np.broadcast_arrays(base, near, far, near_wrote, far_wrote, counts, least)
    pairs = [one(*row) for row in zip(*columns, strict=True)]
    return np.array([value for value, _ in pairs], float), np.array([clash for _, clash in pairs], bool)


def by_cases(base, near, far, near_wrote, far_wrote, counts, least):
    """A list of cases, the first that holds."""
    both, total = near_wrote & far_wrote, near + far - base
    clash = both & ((counts & (total < least)) | (~counts & (near != far)))
    return np.select([clash, both & counts, near_wrote, far_wrote], [base, total, near, far], base), clash
