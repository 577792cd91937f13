"""Over-fixed: no retries, so nothing is multiplied and nothing is saved."""

KILLED_BY = "sweet_spot"


def sweet_spot(arrival_rate, service_rate):
    return 1, 0, 0 * arrival_rate
