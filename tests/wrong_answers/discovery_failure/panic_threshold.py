"""Plausible mistakes in `panic_threshold`, one a function."""

import numpy as np

#: The rest are wrong; these stop with an error.
CRASHES = ("scalar_only",)


def fifty_per_cent(arrival_rate, hosts, capacity, collapse):
    """The proxy's default, whatever the load."""
    return np.full(np.shape(arrival_rate), 0.5)


def never(arrival_rate, hosts, capacity, collapse):
    """Believes every health check."""
    return np.zeros(np.shape(arrival_rate))


def over_fixed(arrival_rate, hosts, capacity, collapse):
    """Panics at the first sick host."""
    return np.ones(np.shape(arrival_rate))


def shedding_too(arrival_rate, hosts, capacity, collapse):
    """The utilisation for every fleet, also for hosts that shed."""
    return np.minimum(arrival_rate / (hosts * capacity), 1)


def the_other_way_round(arrival_rate, hosts, capacity, collapse):
    """Protects the hosts that shed."""
    return np.where(collapse, 0, np.minimum(arrival_rate / (hosts * capacity), 1))


def what_is_free(arrival_rate, hosts, capacity, collapse):
    """The free capacity instead of the used one."""
    return np.where(collapse, np.maximum(1 - arrival_rate / (hosts * capacity), 0), 0)


def headroom_of_a_quarter(arrival_rate, hosts, capacity, collapse):
    """A quarter more, to be on the safe side: traffic goes to failing hosts for nothing."""
    return np.where(collapse, np.minimum(1.25 * arrival_rate / (hosts * capacity), 1), 0)


def above_one(arrival_rate, hosts, capacity, collapse):
    """No end at 1 where the load is above all there is."""
    return np.where(collapse, arrival_rate / (hosts * capacity), 0)


def scalar_only(arrival_rate, hosts, capacity, collapse):
    """One fleet at a time."""
    return min(arrival_rate / (hosts * capacity), 1.0) if collapse else 0.0


def constants_of_the_visible_seed(arrival_rate, hosts, capacity, collapse):
    """What is right at home, copied."""
    return np.resize([1.0, 0.868, 0.0, 0.6, 0.239, 1.0, 0.0, 0.0, 0.0], np.shape(arrival_rate))


def constants_tuned_on_other_seeds(arrival_rate, hosts, capacity, collapse):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([0.252, 0.641, 0.252, 0.253, 0.824, 0.0, 0.828], np.shape(arrival_rate))
