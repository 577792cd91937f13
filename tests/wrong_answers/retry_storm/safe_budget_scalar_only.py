"""Not vectorised: the built-in max cannot compare arrays."""

KILLED_BY = "safe_budget"
STATE = "crashed"


def safe_budget(arrival_rate, service_rate, timeout, backlog, deadline):
    drain = (backlog - service_rate * timeout) / deadline
    return max((service_rate - drain) / arrival_rate - 1, 0)
