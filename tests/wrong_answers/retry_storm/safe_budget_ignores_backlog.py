"""Fits the capacity exactly: nothing is left to work off the backlog."""

import numpy as np

KILLED_BY = "safe_budget"


def safe_budget(arrival_rate, service_rate, timeout, backlog, deadline):
    return np.maximum(service_rate / arrival_rate - 1, 0)
