"""Over-fixed: a budget of nothing."""

KILLED_BY = "sweet_spot"


def sweet_spot(arrival_rate, service_rate):
    return 1, 3, 0 * arrival_rate
