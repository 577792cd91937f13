"""Right answers to `fill_times` of another style than the solution's."""

import numpy as np


def by_parts(workers, held, arrival_rate, capacity, patience):
    """Starts from never, and fills in the pools that do fill."""
    seconds = np.full(np.shape(workers), np.inf)
    fills = np.logical_and(arrival_rate > capacity, workers / arrival_rate <= patience)
    seconds[fills] = ((workers - held) / np.abs(arrival_rate - capacity))[fills]
    return seconds
