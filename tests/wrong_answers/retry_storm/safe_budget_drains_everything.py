"""Ignores the timeout: waits for an empty queue."""

import numpy as np

KILLED_BY = "safe_budget"


def safe_budget(arrival_rate, service_rate, timeout, backlog, deadline):
    return np.maximum((service_rate - backlog / deadline) / arrival_rate - 1, 0)
