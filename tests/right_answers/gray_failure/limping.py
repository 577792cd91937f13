"""Right answers to `limping` of another style than the solution's."""

import numpy as np


def host_by_host(counts, edges):
    """Loops over fleets and hosts, and asks for the share of calls above three times the others' p99."""
    found = []
    for fleet in counts:
        accused = -1
        for host, own in enumerate(fleet):
            rest = np.delete(fleet, host, axis=0).sum(axis=0)
            limit = 3 * edges[np.searchsorted(np.cumsum(rest), 0.99 * rest.sum())]
            if own.sum() >= 1000 and own[edges > limit].sum() > 0.01 * own.sum():
                accused = host
        found.append(accused)
    return np.array(found)


def in_whole_numbers(counts, edges):
    """Python's integers, and a list."""

    def p99(row):
        reached = 0
        for count, edge in zip(row, edges, strict=True):
            reached += count
            if 100 * reached >= 99 * sum(row):
                return edge

    found = []
    for fleet in counts.astype(int).tolist():
        rest = [[sum(column) - own for column, own in zip(zip(*fleet), row)] for row in fleet]  # noqa: B905
        limps = [sum(row) >= 1000 and p99(row) / p99(others) > 3 for row, others in zip(fleet, rest, strict=True)]
        found.append(limps.index(True) if True in limps else -1)
    return found
