"""Left blank."""

KILLED_BY = "safe_budget"
STATE = "not attempted"


def safe_budget(arrival_rate, service_rate, timeout, backlog, deadline):
    raise NotImplementedError("Graded cell: the largest ratio that recovers in time")
