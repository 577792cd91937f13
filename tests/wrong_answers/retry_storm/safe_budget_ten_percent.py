"""The cautious 10 %, whatever the service."""

import numpy as np

KILLED_BY = "safe_budget"


def safe_budget(arrival_rate, service_rate, timeout, backlog, deadline):
    return 0.1 + 0 * np.asarray(arrival_rate)
