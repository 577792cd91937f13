"""Right answers to `safe_budget` of another style than the solution's."""

import numpy as np


def nine_tenths(arrival_rate, service_rate, timeout, backlog, deadline):
    """A tenth below the largest."""
    drain = (backlog - service_rate * timeout) / deadline
    return 0.9 * np.maximum((service_rate - drain) / arrival_rate - 1, 0)
