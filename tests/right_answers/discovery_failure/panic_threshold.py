"""Right answers to `panic_threshold` of another style than the solution's."""

import numpy as np


def hosts_needed(arrival_rate, hosts, capacity, collapse):
    """Counts the hosts that the load needs."""
    return np.clip(arrival_rate / capacity / hosts, 0, 1) * collapse


def one_by_one(arrival_rate, hosts, capacity, collapse):
    """A loop over fleets, with a hundredth to spare."""
    told = np.broadcast_arrays(arrival_rate, hosts, capacity, collapse)
    found = [
        min(rate / (n * c) + 0.005, 1.0) if bad else 0.0 for rate, n, c, bad in zip(*map(np.ravel, told), strict=True)
    ]
    return np.reshape(found, np.shape(told[0]))
