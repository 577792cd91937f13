"""Plausible mistakes in `price`, one a function."""

import numpy as np


def all_stale(rate, ttl, recompute_time, beta):
    """Counts every answer after the first expiry as stale."""
    crowd = 1 + rate * recompute_time
    lead = beta * recompute_time * (np.log(rate * beta * recompute_time) + 0.5772)
    return crowd, np.exp(1 / beta) / (ttl + recompute_time - lead), 1 + 0 * rate


def constants(rate, ttl, recompute_time, beta):
    """The lab's own numbers, copied."""
    return 1001.0, 0.116, 0.0323


def cycle_without_recompute(rate, ttl, recompute_time, beta):
    """A cycle that ends when the entry is asked for, not when it is filled."""
    crowd = 1 + rate * recompute_time
    lead = beta * recompute_time * (np.log(rate * beta * recompute_time) + 0.5772)
    return crowd, np.exp(1 / beta) / (ttl - lead), crowd / (crowd + rate * ttl)


def everybody_waits_half(rate, ttl, recompute_time, beta):
    """Mixes up how many wait with how long: the mean wait is half a recompute, the crowd is not."""
    crowd = rate * recompute_time / 2
    lead = beta * recompute_time * (np.log(rate * beta * recompute_time) + 0.5772)
    return crowd, np.exp(1 / beta) / (ttl + recompute_time - lead), crowd / (crowd + rate * ttl)


def exp_beta(rate, ttl, recompute_time, beta):
    """exp(beta), the wrong way round."""
    crowd = 1 + rate * recompute_time
    lead = beta * recompute_time * (np.log(rate * beta * recompute_time) + 0.5772)
    return crowd, np.exp(beta) / (ttl + recompute_time - lead), crowd / (crowd + rate * ttl)


def forgets_the_lead(rate, ttl, recompute_time, beta):
    """A full TTL per cycle, as if nobody came early."""
    crowd = 1 + rate * recompute_time
    return crowd, np.exp(1 / beta) / (ttl + recompute_time), crowd / (crowd + rate * ttl)


def one_recompute(rate, ttl, recompute_time, beta):
    """One recompute a cycle with XFetch."""
    crowd = 1 + rate * recompute_time
    lead = beta * recompute_time * (np.log(rate * beta * recompute_time) + 0.5772)
    return crowd, 1 / (ttl + recompute_time - lead), crowd / (crowd + rate * ttl)


def per_cycle(rate, ttl, recompute_time, beta):
    """Recomputes per cycle, not per second."""
    crowd = 1 + rate * recompute_time
    return crowd, np.exp(1 / beta), crowd / (crowd + rate * ttl)


def stale_number(rate, ttl, recompute_time, beta):
    """How many are stale, not which share."""
    crowd = 1 + rate * recompute_time
    lead = beta * recompute_time * (np.log(rate * beta * recompute_time) + 0.5772)
    return crowd, np.exp(1 / beta) / (ttl + recompute_time - lead), crowd


def two_results(rate, ttl, recompute_time, beta):
    """Forgets the stale share."""
    return 1 + rate * recompute_time, np.exp(1 / beta) / (ttl + recompute_time)


def forgets_the_constant(rate, ttl, recompute_time, beta):
    """A lead without the 0.5772."""
    crowd = 1 + rate * recompute_time
    lead = beta * recompute_time * np.log(rate * beta * recompute_time)
    return crowd, np.exp(1 / beta) / (ttl + recompute_time - lead), crowd / (crowd + rate * ttl)


def constant_outside(rate, ttl, recompute_time, beta):
    """The lead's bracket closed before the 0.5772."""
    crowd = 1 + rate * recompute_time
    lead = beta * recompute_time * np.log(rate * beta * recompute_time) + 0.5772
    return crowd, np.exp(1 / beta) / (ttl + recompute_time - lead), crowd / (crowd + rate * ttl)


def logarithm_without_beta(rate, ttl, recompute_time, beta):
    """A lead with the crowd of one recompute in its logarithm."""
    crowd = 1 + rate * recompute_time
    lead = beta * recompute_time * (np.log(rate * recompute_time) + 0.5772)
    return crowd, np.exp(1 / beta) / (ttl + recompute_time - lead), crowd / (crowd + rate * ttl)


def constants_of_the_visible_seed(rate, ttl, recompute_time, beta):
    """What is right at home, copied."""
    return (
        np.resize([856.0, 800.0, 873.0, 935.0, 2490.0, 546.0, 427.0, 3150.0], np.shape(rate)),
        np.resize([0.0585, 0.0257, 0.0802, 0.0248, 0.108, 0.0784, 0.104, 0.0503], np.shape(rate)),
        np.resize([0.0126, 0.0185, 0.0248, 0.0102, 0.0476, 0.0209, 0.00827, 0.0269], np.shape(rate)),
    )


def constants_tuned_on_other_seeds(rate, ttl, recompute_time, beta):
    """The median of what is right on seven other seeds, copied."""
    return (
        np.resize([1300.0, 1370.0, 1720.0, 1020.0, 799.0, 1580.0], np.shape(rate)),
        np.resize([0.0525, 0.103, 0.108, 0.0488, 0.05, 0.0526], np.shape(rate)),
        np.resize([0.018, 0.0289, 0.0376, 0.019, 0.0156, 0.0227], np.shape(rate)),
    )
