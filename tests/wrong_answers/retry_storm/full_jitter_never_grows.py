"""No backoff: always below the base."""

KILLED_BY = "full_jitter"


def full_jitter(retry, base, cap, uniform):
    return uniform * base + 0.0 * retry
