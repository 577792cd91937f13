"""One retry in each of three layers: a factor of eight."""

KILLED_BY = "sweet_spot"


def sweet_spot(arrival_rate, service_rate):
    return 3, 1, 10.0 + 0 * arrival_rate
