"""Right answers to `safe_load` of another style than the solution's."""

import numpy as np


def station_by_station(kick, service_rate, max_retries, deadline):
    """A loop over stations, its loop of retries run from the kicked state."""

    def one(kick, mu, retries, deadline):
        def load(x):
            f = np.exp(-np.maximum(mu - x, 0) * deadline)
            return x / sum(f**k for k in range(int(retries) + 1))

        x = np.arange(0.0, mu, mu / 3000)
        returns = (x + kick < mu) & (load(x + kick) > load(x))
        best = load(x[returns]).max() if returns.any() else 0.0
        return max(best, mu / (retries + 1))

    return np.vectorize(one, otypes=[float])(kick, service_rate, max_retries, deadline)


def by_the_closed_sum(kick, service_rate, max_retries, deadline):
    """The geometric sum in one fraction."""
    x = np.linspace(0, 1, 4001)[:-1, None] * service_rate

    def load(x):
        f = np.exp(-np.clip(service_rate - x, 1e-9, None) * deadline)
        return x * (1 - f) / (1 - f ** (max_retries + 1))

    stands = (x + kick < service_rate) & (load(x + kick) > load(x))
    return np.maximum(np.max(load(x) * stands, axis=0), service_rate / (max_retries + 1))


def by_halving(kick, service_rate, max_retries, deadline):
    """Halves for the attempts that make as much as the kicked ones; a list."""

    def load(x, mu, retries, late_after):
        f = np.exp(-max(mu - x, 0.0) * late_after)
        return x / sum(f**k for k in range(int(retries) + 1))

    loads = []
    for push, *rest in zip(kick, service_rate, max_retries, deadline, strict=True):
        low, high = 0.0, max(rest[0] - push, 0.0)
        for _ in range(40):
            x = (low + high) / 2
            low, high = (x, high) if load(x + push, *rest) > load(x, *rest) else (low, x)
        loads.append(max(load(low, *rest), rest[0] / (rest[1] + 1)))
    return loads
