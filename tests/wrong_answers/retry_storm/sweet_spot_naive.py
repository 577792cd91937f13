"""Three retries in three layers, and no budget to speak of."""

KILLED_BY = "sweet_spot"


def sweet_spot(arrival_rate, service_rate):
    return 3, 3, 10.0 + 0 * arrival_rate
