"""Right answers to `bulkheads` of another style than the solution's."""

import numpy as np


def what_is_left_over(rate, latency, workers):
    """All that the others do not need: the largest sizes that are safe."""
    need = np.ceil(2 * rate * latency - 1e-9)
    spare = np.floor(workers - need.sum(axis=0))
    return (need + spare) * (spare >= 0)
