"""One retry in one layer, within the right budget: too few where there is room for more."""

import numpy as np

KILLED_BY = "sweet_spot"


def sweet_spot(arrival_rate, service_rate):
    return 1, 1, np.maximum(0.9 * service_rate / arrival_rate - 1, 0)
