"""Wrong base: a share of what the service can do, not of what is asked."""

import numpy as np

KILLED_BY = "safe_budget"


def safe_budget(arrival_rate, service_rate, timeout, backlog, deadline):
    drain = (backlog - service_rate * timeout) / deadline
    return np.maximum((service_rate - drain - arrival_rate) / service_rate, 0)
