"""Right answers to `forecast` of another style than the solution's."""

import numpy as np


def by_a_fitted_line(depth, service_rate, deadline, bound):
    """Fits a straight line through the last half minute."""
    growth = np.polyfit(np.arange(30), depth[-30:], 1)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.stack([bound, service_rate * deadline]) - depth[-1]
        when = np.where(growth > 0, left / growth, np.inf)
    return tuple(np.where(left <= 0, 0.0, when))


def queue_by_queue(depth, service_rate, deadline, bound):
    """A loop over queues, and the mean step of the last 40 seconds."""

    def until(column, limit):
        step = np.diff(column[-41:]).mean()
        if column[-1] >= limit:
            return 0.0
        return (limit - column[-1]) / step if step > 0 else np.inf

    limits = bound, service_rate * deadline
    return tuple(np.array([until(depth[:, i], limit[i]) for i in range(depth.shape[1])]) for limit in limits)
