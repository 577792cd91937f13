"""Over-fixed: half of what is safe, to be on the safe side."""

import numpy as np

KILLED_BY = "safe_budget"


def safe_budget(arrival_rate, service_rate, timeout, backlog, deadline):
    drain = (backlog - service_rate * timeout) / deadline
    return 0.5 * np.maximum((service_rate - drain) / arrival_rate - 1, 0)
