"""Right answers to `plan_queue` of another style than the solution's."""

import math

import numpy as np


def all_numbers_at_once(arrival_rate, service_rate, wait, quantile, deadline, partitions):
    """Erlang's B from its definition, one row a number of consumers."""
    n = np.arange(1, 65).reshape(-1, *[1] * np.ndim(arrival_rate))
    load = arrival_rate / service_rate
    terms = np.cumprod(load / n, axis=0)
    blocked = terms / (1 + np.cumsum(terms, axis=0))
    busy = blocked / np.maximum(1 - load / n * (1 - blocked), 1e-12)
    fits = (busy * np.exp(-np.maximum(n * service_rate - arrival_rate, 0) * wait) <= 1 - quantile) & (n > load)
    fits = fits & (n <= partitions)
    count = np.where(fits.any(axis=0), fits.argmax(axis=0) + 1, 0)
    return count, np.floor(0.9 * count * service_rate * deadline)


def queue_by_queue(arrival_rate, service_rate, wait, quantile, deadline, partitions):
    """A loop over queues, and for each over consumers, until the wait fits."""

    def fewest(rate, mu, t, q, most):
        b, c = 1.0, 0
        while c < min(most, 64):
            c += 1
            b = rate / mu * b / (c + rate / mu * b)
            spare = c - rate / mu
            if spare > 0 and c * b / (spare + rate / mu * b) * math.exp(-spare * mu * t) <= 1 - q:
                return float(c)
        return 0.0

    told = np.broadcast_arrays(arrival_rate, service_rate, wait, quantile, partitions)
    count = np.vectorize(fewest)(*told)
    return count, 0.9 * count * service_rate * deadline
