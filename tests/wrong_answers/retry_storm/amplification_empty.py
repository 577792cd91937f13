"""Left blank."""

KILLED_BY = "amplification"
STATE = "not attempted"


def amplification(failure_probability, max_retries, layers):
    raise NotImplementedError("Task 1: calls per request at each layer")
