"""An if on an array."""

KILLED_BY = "serve"
STATE = "crashed"


def serve(age, ttl, stale_while_revalidate, stale_if_error, failed):
    if age < ttl:
        return 0
    return 1 if age < ttl + stale_while_revalidate else 2
