"""Plausible mistakes in `refresh_early`, one a function."""

import numpy as np

#: The rest are wrong; these stop with an error.
CRASHES = ("scalar_only",)
CHANCE = np.random.default_rng(0)


def always(left, recompute_time, beta, uniform):
    """Over-fixed: everybody recomputes, always."""
    return left < np.inf


def divides_by_beta(left, recompute_time, beta, uniform):
    """Larger beta, later: the wrong way round."""
    return left <= -recompute_time / np.maximum(beta, 1e-12) * np.log1p(-uniform)


def fixed_lead(left, recompute_time, beta, uniform):
    """Everyone recomputes one recompute time ahead: the stampede, earlier."""
    return left <= beta * recompute_time


def forgets_beta(left, recompute_time, beta, uniform):
    """Without beta."""
    return left <= -recompute_time * np.log1p(-uniform)


def forgets_delta(left, recompute_time, beta, uniform):
    """Without the recompute time: right for 1 s only."""
    return left <= -beta * np.log1p(-uniform)


def log10(left, recompute_time, beta, uniform):
    """A logarithm to base 10."""
    return left <= -beta * recompute_time * np.log10(1 - uniform)


def log_of_zero(left, recompute_time, beta, uniform):
    """log(0) at beta = 0 is no number, and the entry never refreshed."""
    return left <= -beta * recompute_time * np.log(uniform)


def never(left, recompute_time, beta, uniform):
    """A plain TTL."""
    return left <= 0


def one_draw_for_all(left, recompute_time, beta, uniform):
    """One draw for all readers."""
    return left <= -beta * recompute_time * np.log1p(-np.ravel(uniform)[0]) + 0 * uniform


def only_before(left, recompute_time, beta, uniform):
    """Early readers, and nobody once it has expired."""
    return (left > 0) & (left <= -beta * recompute_time * np.log1p(-uniform))


def own_generator(left, recompute_time, beta, uniform):
    """Draws its own chance."""
    own = CHANCE.random(np.shape(left))
    return left <= -beta * recompute_time * np.log1p(-own)


def scalar_only(left, recompute_time, beta, uniform):
    """An if on an array."""
    if left <= 0:
        return True
    return left <= -beta * recompute_time * np.log1p(-uniform)


def seconds_not_left(left, recompute_time, beta, uniform):
    """Compares with the time that has passed, as if left counted up."""
    return -left <= -beta * recompute_time * np.log1p(-uniform)


def uniform_lead(left, recompute_time, beta, uniform):
    """A lead uniform up to beta recompute times, not exponential."""
    return left <= beta * recompute_time * uniform


def wrong_sign(left, recompute_time, beta, uniform):
    """The logarithm is negative; the minus is missing."""
    return left <= beta * recompute_time * np.log(1 - uniform)


def constants_of_the_visible_seed(left, recompute_time, beta, uniform):
    """What is right at home, copied."""
    return np.resize([True, True, True, True, True, True, True, True], np.shape(left))


def constants_tuned_on_other_seeds(left, recompute_time, beta, uniform):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([True, True, True, True, True, True, True, True], np.shape(left))
