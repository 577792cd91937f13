"""Over-fixed: jitter up to the cap from the first retry on."""

KILLED_BY = "full_jitter"


def full_jitter(retry, base, cap, uniform):
    return uniform * cap + 0.0 * retry
