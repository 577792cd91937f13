"""Right answers to `items` of another style than the solution's."""

import numpy as np


def two_thirds(deadline, partitions, price, money, takes, chance):
    """Another bound between a busy day's need and the deadline; dates by base 2."""
    extra = money // price
    due = np.ceil(np.log2(1 / (1 - chance)) * np.log(2) * takes)
    return [deadline * 2 / 3, np.clip(10 + extra, 10, partitions), due]


def service_by_service(deadline, partitions, price, money, takes, chance):
    """A loop over services, and a search for the day."""
    told = np.broadcast_arrays(*np.atleast_1d(deadline, partitions, price, money, takes, chance))
    found = []
    for d, most, each, purse, mean, wanted in zip(*(part.tolist() for part in told), strict=True):
        workers = 10
        while workers < most and (workers + 1 - 10) * each <= purse:
            workers += 1
        day = 0
        while 1 - np.exp(-day / mean) < wanted - 1e-12:
            day += 1
        found.append((0.8 * d, workers, day))
    return tuple(np.array(found, dtype=float).T)
