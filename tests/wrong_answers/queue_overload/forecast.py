"""Plausible mistakes in `forecast`, one a function."""

import numpy as np

ahead = lambda depth, limit, growth: np.where(  # noqa: E731
    depth[-1] >= limit, 0.0, np.where(growth > 0, (limit - depth[-1]) / np.maximum(growth, 1e-9), np.inf)
)


def since_the_start(depth, service_rate, deadline, bound):
    """The growth of the whole record: a burst that began late looks slow."""
    growth = (depth[-1] - depth[0]) / (len(depth) - 1)
    return ahead(depth, bound, growth), ahead(depth, service_rate * deadline, growth)


def the_last_second(depth, service_rate, deadline, bound):
    """The growth of one second: the broker counts every other one."""
    growth = depth[-1] - depth[-2]
    return ahead(depth, bound, growth), ahead(depth, service_rate * deadline, growth)


def doomed_when_full(depth, service_rate, deadline, bound):
    """Takes the bound for what dooms: a queue is late long before it is full."""
    growth = (depth[-1] - depth[-31]) / 30
    return ahead(depth, bound, growth), ahead(depth, bound, growth)


def first_late_answer(depth, service_rate, deadline, bound):
    """When the first late answer comes, one deadline after the message that was doomed."""
    growth = (depth[-1] - depth[-31]) / 30
    return ahead(depth, bound, growth), ahead(depth, service_rate * deadline, growth) + deadline


def negative_times(depth, service_rate, deadline, bound):
    """Says when a shrinking queue was full: minus so many seconds."""
    growth = (depth[-1] - depth[-31]) / 30
    return (bound - depth[-1]) / growth, (service_rate * deadline - depth[-1]) / growth


def as_if_nothing_were_served(depth, service_rate, deadline, bound):
    """Room left over the service rate: how long the *work* takes, whatever arrives."""
    return ahead(depth, bound, service_rate), ahead(depth, service_rate * deadline, service_rate)


def a_fixed_depth(depth, service_rate, deadline, bound):
    """Half full is doomed."""
    growth = (depth[-1] - depth[-31]) / 30
    return ahead(depth, bound, growth), ahead(depth, bound / 2, growth)


def deadline_of_arrivals(depth, service_rate, deadline, bound):
    """Dooms a queue that holds what *arrives* within a deadline."""
    growth = (depth[-1] - depth[-31]) / 30
    return ahead(depth, bound, growth), ahead(depth, (service_rate + growth) * deadline, growth)


def only_beyond_the_bound(depth, service_rate, deadline, bound):
    """A queue that holds just its bound, and shrinks, is not full yet."""
    growth = (depth[-1] - depth[-31]) / 30
    full = np.where((depth[-1] == bound) & (growth <= 0), np.inf, ahead(depth, bound, growth))
    return full, ahead(depth, service_rate * deadline, growth)


def never_is_a_long_time(depth, service_rate, deadline, bound):
    """Divides by next to nothing where a queue stands still: some thousand years, not never."""
    growth = (depth[-1] - depth[-31]) / 30
    return tuple(
        np.where((growth == 0) & (depth[-1] < limit), (limit - depth[-1]) / 1e-9, ahead(depth, limit, growth))
        for limit in (bound, service_rate * deadline)
    )


def nine_tenths_of_a_deadline(depth, service_rate, deadline, bound):
    """Takes the advice for a bound, a tenth below the deadline, for what dooms."""
    growth = (depth[-1] - depth[-31]) / 30
    return ahead(depth, bound, growth), ahead(depth, 0.9 * service_rate * deadline, growth)


def constants_of_the_visible_seed(depth, service_rate, deadline, bound):
    """What is right at home, copied."""
    return np.resize([51.05, 0, 113.2, np.inf, 0, np.inf, 56.49, np.inf, 78.29, 0, 57.37], np.shape(bound)), np.resize(
        [170.2, 0, 0, np.inf, np.inf, np.inf, 19.76, np.inf, 39.16, 0, 20.08], np.shape(bound)
    )


def constants_tuned_on_other_seeds(depth, service_rate, deadline, bound):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([80.29, 0, 80.08, 49.81, 49.34, 51.84, 57.75, 52.06, 110.3], np.shape(bound)), np.resize(
        [40.13, 0, 40.05, 0, np.inf, 19.69, 20.82, 41.72, 19.96], np.shape(bound)
    )
