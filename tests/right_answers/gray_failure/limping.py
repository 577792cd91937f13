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
