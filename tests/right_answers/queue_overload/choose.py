"""Right answers to `choose` of another style than the solution's."""

import numpy as np


def solved_for(burst_rate, burst_duration, service_rate, partitions, objective, refused):
    """Solves the balance for the number of consumers."""
    work = burst_rate * burst_duration * (1 - refused)
    count = np.maximum(np.ceil(work / (service_rate * (burst_duration + 0.9 * objective))), 1)
    count = np.where(count > partitions, 0, count)
    return count, 0.9 * count * service_rate * objective


def one_after_the_other(burst_rate, burst_duration, service_rate, partitions, objective, refused):
    """Adds consumers until little enough is refused."""
    count = np.ones(len(burst_rate))
    for _ in range(300):
        over = (burst_rate - count * service_rate) * burst_duration - 0.9 * count * service_rate * objective
        count = count + (over > refused * burst_rate * burst_duration)
    count = count * (count <= partitions)
    return count, np.floor(0.9 * count * service_rate * objective)


def one_more_at_a_time(burst_rate, burst_duration, service_rate, partitions, objective, refused):
    """Adds consumers in a loop until enough is done; lists."""
    counts, bounds = [], []
    for x, d, mu, most, age, r in zip(
        burst_rate, burst_duration, service_rate, partitions, objective, refused, strict=True
    ):
        count = next((c for c in range(1, int(most) + 1) if x * d - c * mu * (d + 0.9 * age) <= r * x * d), 0)
        counts.append(count)
        bounds.append(0.9 * count * mu * age)
    return counts, bounds
