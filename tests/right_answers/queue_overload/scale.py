"""Right answers to `scale` of another style than the solution's."""

import numpy as np


def step_by_step(backlog, cpu, service_rate, deadline, partitions, database_rate):
    """What the backlog needs, then each limit in turn."""
    wanted = np.ceil(2.0 * backlog / service_rate / deadline)
    wanted = np.where(wanted > partitions, partitions, wanted)
    useful = np.ceil(database_rate / service_rate)
    wanted = np.where(wanted > useful, useful, wanted)
    return np.where(wanted < 10, 10.0, wanted)


def all_at_once(backlog, cpu, service_rate, deadline, partitions, database_rate):
    """As many as there is work for, as soon as there is a backlog of half a deadline for the ten."""
    ceiling = np.maximum(np.minimum(partitions, np.floor(database_rate / service_rate)), 10)
    need = backlog / (service_rate * deadline * 0.5)
    return np.clip(np.round(need + 0.5), 10, np.maximum(ceiling, 10))
