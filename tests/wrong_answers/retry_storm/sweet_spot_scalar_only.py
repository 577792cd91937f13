"""Not vectorised: the built-in max cannot compare arrays."""

KILLED_BY = "sweet_spot"
STATE = "crashed"


def sweet_spot(arrival_rate, service_rate):
    return 1, 3, max(0.9 * service_rate / arrival_rate - 1, 0)
