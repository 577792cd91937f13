"""Left blank."""

KILLED_BY = "serve"
STATE = "not attempted"


def serve(age, ttl, stale_while_revalidate, stale_if_error, failed):
    raise NotImplementedError("Task 3: FRESH, STALE or WAIT")
