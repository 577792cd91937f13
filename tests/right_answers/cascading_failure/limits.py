"""Right answers to `limits` of another style than the solution's."""

import numpy as np


def half_of_what_is_in_time(arrival_rate, healthy_time, slow_rate, query_time, timeout, workers):
    """Half of what can be answered in time, and two retries."""
    limit = np.maximum(0.5 * slow_rate * (timeout - query_time), 1.7 * arrival_rate * healthy_time)
    return np.minimum(limit / workers, 0.95), np.full(np.shape(workers), 2)


def six_deviations_above_a_good_day(arrival_rate, healthy_time, slow_rate, query_time, timeout, workers):
    """What a good day holds and six times its scatter, as of a Poisson count; one retry, as a plain number."""
    held = arrival_rate * healthy_time
    return (held + 6 * np.sqrt(held)) / workers, 1
