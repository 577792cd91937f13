"""Over-fixed: no retries at all."""

import numpy as np

KILLED_BY = "safe_budget"


def safe_budget(arrival_rate, service_rate, timeout, backlog, deadline):
    return np.zeros(np.shape(arrival_rate))
