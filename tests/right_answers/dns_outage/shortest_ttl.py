"""Right answers to `shortest_ttl` of another style than the solution's."""

import numpy as np


def by_search(outage, availability, stale_limit, failover):
    """Doubles a TTL until it will do, then halves the step: no formula is turned round."""
    outage, availability, stale_limit, failover = np.broadcast_arrays(outage, availability, stale_limit, failover)

    def kept(ttl):
        left = np.maximum(outage - stale_limit, 0.0)
        lost = np.where(ttl < left, left - ttl / 2, left**2 / (2 * ttl))
        return 1 - lost / outage

    low, high = np.zeros(outage.shape), np.full(outage.shape, 2.0**40)
    for _ in range(41):
        middle = np.floor((low + high) / 2)
        enough = kept(np.maximum(middle, 1)) >= availability
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    ttl = np.maximum(high, 1)
    return ttl * (ttl <= failover)


def case_by_case(outage, availability, stale_limit, failover):
    """Three cases by mask."""
    left, budget = np.clip(outage - stale_limit, 0, None), outage - availability * outage
    long = left**2 / np.maximum(2 * budget, 1e-12)
    ttl = np.select([left <= budget, left / 2 <= budget], [1.0 + 0 * left, 2 * (left - budget)], long)
    return np.where(np.ceil(ttl) > failover, 0, np.fmax(np.ceil(ttl), 1))


def one_second_after_the_other(outage, availability, stale_limit, failover):
    """Tries TTLs in a loop; a list."""
    if np.ndim(outage) == 0:
        return one_second_after_the_other(*([x] for x in (outage, availability, stale_limit, failover)))[0]
    found = []
    for length, wanted, stale, most in zip(outage, availability, stale_limit, failover, strict=True):
        left = max(0, length - stale)
        lost = [left - ttl / 2 if ttl < left else left**2 / 2 / ttl for ttl in range(1, int(most) + 1)]
        found.append(next((1 + i for i, one in enumerate(lost) if one <= (1 - wanted) * length + 1e-9), 0))
    return found
