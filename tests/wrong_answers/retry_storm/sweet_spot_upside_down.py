"""Arrival rate over service rate: the fuller, the more retries."""

KILLED_BY = "sweet_spot"


def sweet_spot(arrival_rate, service_rate):
    return 1, 3, arrival_rate / service_rate
