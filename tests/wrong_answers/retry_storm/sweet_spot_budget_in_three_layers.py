"""The budget of one layer, in three."""

import numpy as np

KILLED_BY = "sweet_spot"


def sweet_spot(arrival_rate, service_rate):
    return 3, 3, np.maximum(0.9 * service_rate / arrival_rate - 1, 0)
