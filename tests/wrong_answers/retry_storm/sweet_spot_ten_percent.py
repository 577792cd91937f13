"""The cautious 10 %, wherever there is room for more."""

KILLED_BY = "sweet_spot"


def sweet_spot(arrival_rate, service_rate):
    return 1, 3, 0.1 + 0 * arrival_rate
