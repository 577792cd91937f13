"""Plausible mistakes in `scale`, one a function."""

import numpy as np

limits = lambda mu, partitions, database: np.maximum(np.minimum(partitions, np.ceil(database / mu)), 10)  # noqa: E731


def by_cpu(backlog, cpu, service_rate, deadline, partitions, database_rate):
    """Scales on CPU, which falls while consumers wait for the database, and is high on a calm busy day."""
    return np.where(cpu > 0.8, limits(service_rate, partitions, database_rate), 10.0)


def one_a_message(backlog, cpu, service_rate, deadline, partitions, database_rate):
    """Over-fixed: a consumer for each message that waits."""
    return np.maximum(backlog, 10)


def all_once_anything_waits(backlog, cpu, service_rate, deadline, partitions, database_rate):
    """As many as there is work for at the first message that waits: paid all day, for a burst that ten would do."""
    ceiling = np.maximum(np.minimum(partitions, np.ceil(database_rate / service_rate)), 10)
    return np.where(backlog > 0, ceiling, 10.0)


def blind_to_the_database(backlog, cpu, service_rate, deadline, partitions, database_rate):
    """Forty consumers that queue for the same database."""
    return np.clip(np.ceil(backlog / (service_rate * deadline / 2)), 10, np.maximum(partitions, 10))


def blind_to_the_partitions(backlog, cpu, service_rate, deadline, partitions, database_rate):
    """Consumers without a partition."""
    useful = np.maximum(np.ceil(database_rate / service_rate), 10)
    return np.clip(np.ceil(backlog / (service_rate * deadline / 2)), 10, useful)


def never(backlog, cpu, service_rate, deadline, partitions, database_rate):
    """Ten are enough."""
    return 10.0 + 0.0 * backlog


def always_all(backlog, cpu, service_rate, deadline, partitions, database_rate):
    """Over-fixed: all that there is room for, all day."""
    return limits(service_rate, partitions, database_rate) + 0.0 * backlog


def four_deadlines(backlog, cpu, service_rate, deadline, partitions, database_rate):
    """Takes four deadlines to work a backlog off: everything in it is late by then."""
    wanted = np.ceil(backlog / (service_rate * deadline * 4))
    return np.clip(wanted, 10, limits(service_rate, partitions, database_rate))


def at_a_hundred_thousand(backlog, cpu, service_rate, deadline, partitions, database_rate):
    """Waits for a length that means nothing."""
    return np.where(backlog > 100000, limits(service_rate, partitions, database_rate), 10.0)


def to_the_nearest(backlog, cpu, service_rate, deadline, partitions, database_rate):
    """Rounds down where that is nearer: the backlog takes a little more than a deadline."""
    ceiling = np.minimum(partitions, np.ceil(database_rate / service_rate))
    return np.clip(np.round(backlog / (service_rate * deadline)), 10, ceiling)


def one_more_for_the_database(backlog, cpu, service_rate, deadline, partitions, database_rate):
    """Rounds up what is whole already: one more, which only waits."""
    wanted = np.ceil(backlog / (service_rate * deadline / 2))
    return np.clip(wanted, 10, np.minimum(partitions, database_rate // service_rate + 1))


def parts_of_consumers(backlog, cpu, service_rate, deadline, partitions, database_rate):
    """Asks for half a consumer."""
    wanted = backlog / (service_rate * deadline / 2)
    return np.clip(wanted, 10, np.minimum(partitions, np.ceil(database_rate / service_rate)))


def constants_of_the_visible_seed(backlog, cpu, service_rate, deadline, partitions, database_rate):
    """What is right at home, copied."""
    return np.resize([10, 25, 19, 10, 18, 10, 12, 18, 12], np.shape(backlog))


def constants_tuned_on_other_seeds(backlog, cpu, service_rate, deadline, partitions, database_rate):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([16, 14, 19, 13, 16, 10, 12], np.shape(backlog))
