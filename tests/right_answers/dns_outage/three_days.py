"""Right answers to `three_days` of another style than the solution's."""

import numpy as np


def patient_with_denials(outage, availability, failover, denial, takeover, caches, capacity):
    """The negative TTL as long as it may be; a list of three."""
    ttl = -np.floor(-2 * caches / (0.5 * capacity))
    return [ttl, np.floor(denial), np.maximum(takeover - ttl, 0)]


def a_little_less(outage, availability, failover, denial, takeover, caches, capacity):
    """Keeps a second in reserve wherever something must be over in time."""
    ttl = np.minimum(np.ceil(4 * caches / capacity), failover)
    return ttl, np.maximum(denial - 1, ttl), takeover - ttl - 1


def as_stale_as_it_must(outage, availability, failover, denial, takeover, caches, capacity):
    """The stale limit that the outage asks for, where that is less than the takeover allows."""
    ttl = np.ceil(caches * 2 / (capacity / 2))
    return ttl, ttl, np.minimum(np.ceil(availability * outage), takeover - ttl)
