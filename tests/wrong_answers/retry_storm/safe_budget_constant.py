"""The documented 20 %, whatever the service."""

import numpy as np

KILLED_BY = "safe_budget"


def safe_budget(arrival_rate, service_rate, timeout, backlog, deadline):
    return np.full(np.shape(arrival_rate), 0.2)
