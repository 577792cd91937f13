"""Says whether it may be served, not how."""

KILLED_BY = "serve"


def serve(age, ttl, stale_while_revalidate, stale_if_error, failed):
    return age < ttl + stale_while_revalidate
