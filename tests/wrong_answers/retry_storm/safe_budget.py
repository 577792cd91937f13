"""Plausible mistakes in `safe_budget`, one a function."""

import numpy as np

#: The rest are wrong; these stop with an error.
CRASHES = ("scalar_only",)


def always_zero(arrival_rate, service_rate, timeout, backlog, deadline):
    """Over-fixed: no retries at all."""
    return np.zeros(np.shape(arrival_rate))


def constant(arrival_rate, service_rate, timeout, backlog, deadline):
    """The documented 20 %, whatever the service."""
    return np.full(np.shape(arrival_rate), 0.2)


def drains_everything(arrival_rate, service_rate, timeout, backlog, deadline):
    """Ignores the timeout: waits for an empty queue."""
    return np.maximum((service_rate - backlog / deadline) / arrival_rate - 1, 0)


def forgets_first_attempts(arrival_rate, service_rate, timeout, backlog, deadline):
    """Ignores the 1 in 1 + b: the first attempts are not counted."""
    drain = (backlog - service_rate * timeout) / deadline
    return np.maximum((service_rate - drain) / arrival_rate, 0)


def half(arrival_rate, service_rate, timeout, backlog, deadline):
    """Over-fixed: half of what is safe, to be on the safe side."""
    drain = (backlog - service_rate * timeout) / deadline
    return 0.5 * np.maximum((service_rate - drain) / arrival_rate - 1, 0)


def ignores_backlog(arrival_rate, service_rate, timeout, backlog, deadline):
    """Fits the capacity exactly: nothing is left to work off the backlog."""
    return np.maximum(service_rate / arrival_rate - 1, 0)


def negative(arrival_rate, service_rate, timeout, backlog, deadline):
    """Not clipped: a negative ratio where nothing helps."""
    drain = (backlog - service_rate * timeout) / deadline
    return (service_rate - drain) / arrival_rate - 1


def of_service_rate(arrival_rate, service_rate, timeout, backlog, deadline):
    """Wrong base: a share of what the service can do, not of what is asked."""
    drain = (backlog - service_rate * timeout) / deadline
    return np.maximum((service_rate - drain - arrival_rate) / service_rate, 0)


def scalar_only(arrival_rate, service_rate, timeout, backlog, deadline):
    """Not vectorised: the built-in max cannot compare arrays."""
    drain = (backlog - service_rate * timeout) / deadline
    return max((service_rate - drain) / arrival_rate - 1, 0)


def ten_percent(arrival_rate, service_rate, timeout, backlog, deadline):
    """The cautious 10 %, whatever the service."""
    return 0.1 + 0 * np.asarray(arrival_rate)


def at_most_one(arrival_rate, service_rate, timeout, backlog, deadline):
    """Takes a ratio for a share, and keeps it below 1."""
    drain = (backlog - service_rate * timeout) / deadline
    return np.clip((service_rate - drain) / arrival_rate - 1, 0, 1)


def constants_of_the_visible_seed(arrival_rate, service_rate, timeout, backlog, deadline):
    """What is right at home, copied."""
    return np.resize([0.226, 0.193, 0, 0.478, 0.202, 0.351, 0.249, 0.167], np.shape(arrival_rate))


def constants_tuned_on_other_seeds(arrival_rate, service_rate, timeout, backlog, deadline):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([0.141, 0.126, 0.278, 0.195, 0.136, 0.207], np.shape(arrival_rate))
