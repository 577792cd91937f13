"""Right answers to `weights` of another style than the solution's."""

import numpy as np


def calls_per_second_of_cost(latency, errors, calls, penalty):
    """Adds up what all calls of a host cost."""
    spent = (calls - errors) * latency + errors * penalty[:, None]
    rows = []
    for used, count in zip(spent, calls, strict=True):
        known = count > 0
        cost = np.full(len(used), (used[known] / count[known]).mean())
        cost[known] = used[known] / count[known]
        rows.append((1 / cost) / np.sum(1 / cost))
    return np.array(rows)
