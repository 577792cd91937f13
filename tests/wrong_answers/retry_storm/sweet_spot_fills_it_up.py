"""No room left: retries fill inventory to the last call."""

import numpy as np

KILLED_BY = "sweet_spot"


def sweet_spot(arrival_rate, service_rate):
    return 1, 3, np.maximum(service_rate / arrival_rate - 1, 0)
