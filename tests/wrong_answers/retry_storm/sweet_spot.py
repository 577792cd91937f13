"""Plausible mistakes in `sweet_spot`, one a function."""

import numpy as np

#: The rest are wrong; these stop with an error.
CRASHES = ("scalar_only",)


def budget_in_three_layers(arrival_rate, service_rate):
    """The budget of one layer, in three."""
    return 3, 3, np.maximum(0.9 * service_rate / arrival_rate - 1, 0)


def copied_constant(arrival_rate, service_rate):
    """What fits the lab's own chain, copied."""
    return 1, 3, 0.35 + 0 * arrival_rate


def fills_it_up(arrival_rate, service_rate):
    """No room left: retries fill inventory to the last call."""
    return 1, 3, np.maximum(service_rate / arrival_rate - 1, 0)


def naive(arrival_rate, service_rate):
    """Three retries in three layers, and no budget to speak of."""
    return 3, 3, 10.0 + 0 * arrival_rate


def no_budget(arrival_rate, service_rate):
    """Over-fixed: a budget of nothing."""
    return 1, 3, 0 * arrival_rate


def no_retries(arrival_rate, service_rate):
    """Over-fixed: no retries, so nothing is multiplied and nothing is saved."""
    return 1, 0, 0 * arrival_rate


def one_retry_everywhere(arrival_rate, service_rate):
    """One retry in each of three layers: a factor of eight."""
    return 3, 1, 10.0 + 0 * arrival_rate


def one_retry_is_enough(arrival_rate, service_rate):
    """One retry in one layer, within the right budget: too few where there is room for more."""
    return 1, 1, np.maximum(0.9 * service_rate / arrival_rate - 1, 0)


def only_ratio(arrival_rate, service_rate):
    """Returns the ratio alone."""
    return np.maximum(0.9 * service_rate / arrival_rate - 1, 0)


def quarter_of_the_room(arrival_rate, service_rate):
    """Over-fixed: a quarter of the room that is there."""
    return 1, 3, 0.25 * np.maximum(service_rate / arrival_rate - 1, 0)


def scalar_only(arrival_rate, service_rate):
    """Not vectorised: the built-in max cannot compare arrays."""
    return 1, 3, max(0.9 * service_rate / arrival_rate - 1, 0)


def ten_percent(arrival_rate, service_rate):
    """The cautious 10 %, wherever there is room for more."""
    return 1, 3, 0.1 + 0 * arrival_rate


def upside_down(arrival_rate, service_rate):
    """Arrival rate over service rate: the fuller, the more retries."""
    return 1, 3, arrival_rate / service_rate


def constants_of_the_visible_seed(arrival_rate, service_rate):
    """What is right at home, copied."""
    return (1, 3, np.resize([0.612, 1.24, 0.269, 0.429, 0.103, 0.8], np.shape(arrival_rate)))


def constants_tuned_on_other_seeds(arrival_rate, service_rate):
    """The median of what is right on seven other seeds, copied."""
    return (1, 3, np.resize([0.277, 0.872, 0.617, 0.386, 0.75], np.shape(arrival_rate)))
