"""Not clipped: a negative ratio where nothing helps."""

KILLED_BY = "safe_budget"


def safe_budget(arrival_rate, service_rate, timeout, backlog, deadline):
    drain = (backlog - service_rate * timeout) / deadline
    return (service_rate - drain) / arrival_rate - 1
