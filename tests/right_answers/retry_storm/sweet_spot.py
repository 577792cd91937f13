"""Right answers to `sweet_spot` of another style than the solution's."""

import numpy as np


def in_three_layers(arrival_rate, service_rate):
    """The budget's cube root in three layers."""
    ratio = np.cbrt(0.9 * service_rate / arrival_rate) - 1
    return np.full(len(ratio), 3), np.full(len(ratio), 3), np.maximum(ratio, 0)


def a_little_cautious(arrival_rate, service_rate):
    """A little cautious."""
    return 1, 2, np.maximum(0.85 * service_rate / arrival_rate - 1, 0)


def nearly_full(arrival_rate, service_rate):
    """Ninety-five per cent."""
    return 1, 4, np.maximum(0.95 * service_rate / arrival_rate - 1, 0)
