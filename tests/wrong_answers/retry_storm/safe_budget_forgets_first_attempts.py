"""Ignores the 1 in 1 + b: the first attempts are not counted."""

import numpy as np

KILLED_BY = "safe_budget"


def safe_budget(arrival_rate, service_rate, timeout, backlog, deadline):
    drain = (backlog - service_rate * timeout) / deadline
    return np.maximum((service_rate - drain) / arrival_rate, 0)
