"""Right answers to `patience` of another style than the solution's."""

import numpy as np


def a_longer_lease(loss, heartbeat, clock_error, promotion, objective, quiet):
    """The longest lease that fits, where it is long enough."""
    m = np.arange(1.0, 31.0)[:, None]
    misses = 1.0 + (heartbeat * (loss**-m - 1) / (1 - loss) < quiet).sum(axis=0)
    longest = (objective - promotion) * (1 - clock_error) / (1 + clock_error)
    fits = longest >= misses * heartbeat
    return np.where(fits, misses, 0.0), np.where(fits, longest * (1 - 1e-12), 0.0)


def logarithms(loss, heartbeat, clock_error, promotion, objective, quiet):
    """Solved for the number of misses."""
    misses = np.ceil(np.log1p(quiet * (1 - loss) / heartbeat) / -np.log(loss))
    lease = misses * heartbeat
    ok = lease * (1 + clock_error) / (1 - clock_error) + promotion <= objective
    return misses * ok, lease * ok
