"""Left blank."""

KILLED_BY = "retry_budget"
STATE = "not attempted"


def retry_budget(tokens, first_attempts, wanted, ratio, burst):
    raise NotImplementedError("Task 3: earn, cap, spend")
