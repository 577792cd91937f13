"""Right answers to `precautions` of another style than the solution's."""

import numpy as np


def a_little_less(median, spread, hosts, limping, busiest):
    """Counts in hosts, and leaves a little of the budget."""
    left = 0.95 * (hosts - limping)
    room = left / (busiest * hosts) - 1
    fits = left > busiest * hosts
    budget = np.minimum(0.9 * room, 0.045)
    return np.where(fits, 1.03 * median * np.exp(1.645 * spread), 0), np.where(fits, budget, 0), fits * limping / hosts


def cap_in_per_cents(median, spread, hosts, limping, busiest):
    """Rounds the cap up to whole per cents where that leaves room for copies."""
    cap = np.ceil(100 * limping / hosts) / 100
    cap = np.where(0.95 * (1 - cap) > busiest, cap, limping / hosts)
    room = 0.95 * (1 - cap) / busiest - 1
    return tuple((room > 0) * one for one in (median * np.exp(1.645 * spread), np.minimum(room, 0.05), cap))
