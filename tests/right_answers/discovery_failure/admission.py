"""Right answers to `admission` of another style than the solution's."""

import numpy as np


def a_little_slower(clients, list_rate, poll_rate, timeout):
    """Two per cent below the room."""
    rate = np.clip(list_rate - poll_rate, 0, None) * 0.98
    return rate, np.divide(clients, rate, out=np.zeros(np.shape(clients)), where=rate > 0)
