"""Left blank."""

KILLED_BY = "sweet_spot"
STATE = "not attempted"


def sweet_spot(arrival_rate, service_rate):
    raise NotImplementedError("Task 5: layers, max_retries, ratio")
