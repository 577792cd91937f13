"""Plausible mistakes in `amplification`, one a function."""

import numpy as np


def adds_up(failure_probability, max_retries, layers):
    """Adds the layers' retries instead of multiplying their calls."""
    p, factors = failure_probability, []
    for _ in range(layers):
        factors.append(sum(p**n for n in range(max_retries + 1)))
        p = p ** (max_retries + 1)
    return 1 + np.cumsum(np.stack(factors[::-1]) - 1, axis=0)


def ceiling_always(failure_probability, max_retries, layers):
    """The ceiling (1 + r)**k at any failure probability."""
    depth = np.arange(1, layers + 1)[:, None]
    return (1.0 + max_retries) ** depth + 0 * failure_probability


def constants(failure_probability, max_retries, layers):
    """The lab's own numbers, copied."""
    table = np.array([[1.0, 1.0, 4.0], [1.0, 1.067, 16.0], [1.0, 2.0, 64.0]])
    place = np.searchsorted([0.25, 0.75], failure_probability)
    return np.resize(table[:, place], (layers, len(failure_probability)))


def divides_by_zero(failure_probability, max_retries, layers):
    """(1 - p**n) / (1 - p) without the case p = 1."""
    p, factors = failure_probability, []
    for _ in range(layers):
        factors.append((1 - p ** (max_retries + 1)) / (1 - p))
        p = p ** (max_retries + 1)
    return np.cumprod(factors[::-1], axis=0)


def off_by_one(failure_probability, max_retries, layers):
    """Off by one: r tries in all instead of r retries after the first."""
    p, factors = failure_probability, []
    for _ in range(layers):
        factors.append(sum(p**n for n in range(max_retries)))
        p = p**max_retries
    return np.cumprod(factors[::-1], axis=0)


def one_layer_up(failure_probability, max_retries, layers):
    """The layer above sees p**r, as if its callee had tried r times."""
    p, factors = failure_probability, []
    for _ in range(layers):
        factors.append(sum(p**n for n in range(max_retries + 1)))
        p = p**max_retries
    return np.cumprod(factors[::-1], axis=0)


def per_layer_only(failure_probability, max_retries, layers):
    """Each layer's own factor, not multiplied down the chain."""
    p, factors = failure_probability, []
    for _ in range(layers):
        factors.append(sum(p**n for n in range(max_retries + 1)))
        p = p ** (max_retries + 1)
    return np.stack(factors[::-1])


def same_p_at_each_layer(failure_probability, max_retries, layers):
    """Every layer is given the bottom's failure probability."""
    factor = sum(failure_probability**n for n in range(max_retries + 1))
    return np.cumprod([factor] * layers, axis=0)


def upside_down(failure_probability, max_retries, layers):
    """Bottom first: the layers in the wrong order."""
    p, factors = failure_probability, []
    for _ in range(layers):
        factors.append(sum(p**n for n in range(max_retries + 1)))
        p = p ** (max_retries + 1)
    return np.cumprod(factors, axis=0)


def constants_of_the_visible_seed(failure_probability, max_retries, layers):
    """What is right at home, copied."""
    return np.resize([1.0, 1.0, 1.0, 1.0, 1.08, 1.0, 4, 1.0], (layers, len(failure_probability)))


def constants_tuned_on_other_seeds(failure_probability, max_retries, layers):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([1.02, 1.0, 1.03, 1.0, 1.0, 1.0, 1.0, 1.0], (layers, len(failure_probability)))
