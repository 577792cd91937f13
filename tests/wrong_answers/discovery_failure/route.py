"""Plausible mistakes in `route`, one a function."""

import numpy as np

_even = lambda used: used / np.maximum(used.sum(axis=1, keepdims=True), 1)  # noqa: E731


def believes(known, healthy, threshold):
    """Never panics: the healthy few take all of it."""
    return _even(known & healthy)


def always_all(known, healthy, threshold):
    """Ignores health altogether."""
    return _even(known)


def over_fixed(known, healthy, threshold):
    """A threshold of 100 %."""
    good = known & healthy
    panic = good.sum(axis=1) < known.sum(axis=1)
    return _even(np.where(panic[:, None], known, good))


def of_all_hosts(known, healthy, threshold):
    """Counts hosts that the client does not know."""
    good = known & healthy
    panic = healthy.sum(axis=1) < threshold * known.shape[1]
    return _even(np.where(panic[:, None], known, good))


def to_everybody(known, healthy, threshold):
    """In panic sends to every host there is."""
    good = known & healthy
    panic = good.sum(axis=1) < threshold * known.sum(axis=1)
    return _even(np.where(panic[:, None], True, good))


def healthy_strangers(known, healthy, threshold):
    """Uses healthy hosts that it does not know."""
    good = known & healthy
    panic = good.sum(axis=1) < threshold * known.sum(axis=1)
    return _even(np.where(panic[:, None], known, healthy))


def at_the_threshold(known, healthy, threshold):
    """Panics one host too early."""
    good = known & healthy
    panic = good.sum(axis=1) <= threshold * known.sum(axis=1) + 1e-9
    return _even(np.where(panic[:, None], known, good))


def the_sick_alone(known, healthy, threshold):
    """In panic tries those that look sick, and spares the rest."""
    good = known & healthy
    panic = good.sum(axis=1) < threshold * known.sum(axis=1)
    return _even(np.where(panic[:, None], known & ~healthy, good))


def fixed_half(known, healthy, threshold):
    """The proxy's default in place of the threshold."""
    good = known & healthy
    panic = good.sum(axis=1) < 0.5 * known.sum(axis=1)
    return _even(np.where(panic[:, None], known, good))


def not_shared_out(known, healthy, threshold):
    """Says whom to use and not how much."""
    good = known & healthy
    panic = good.sum(axis=1) < threshold * known.sum(axis=1)
    return np.where(panic[:, None], known, good).astype(float)


def divides_by_nothing(known, healthy, threshold):
    """A client that knows nobody gets no number."""
    good = known & healthy
    panic = good.sum(axis=1) < threshold * known.sum(axis=1)
    used = np.where(panic[:, None], known, good)
    with np.errstate(invalid="ignore"):
        return used / used.sum(axis=1, keepdims=True)


def threshold_rounded_down(known, healthy, threshold):
    """Takes five of eleven for half."""
    good = known & healthy
    panic = (good.sum(1) < np.floor(threshold * known.sum(1))) | ~good.any(1)
    used = np.where(panic[:, None], known, good)
    return used / np.maximum(used.sum(1, keepdims=True), 1)


def none_is_enough_for_zero(known, healthy, threshold):
    """At a threshold of 0 sends nothing where nobody is healthy."""
    good = known & healthy
    used = np.where((good.sum(1) < threshold * known.sum(1))[:, None], known, good)
    return used / np.maximum(used.sum(1, keepdims=True), 1)


def constants_of_the_visible_seed(known, healthy, threshold):
    """The rows that are right at home, copied: even over the first ten hosts."""
    return np.resize(np.r_[np.full(10, 0.1), np.zeros(known.shape[1] - 10)], known.shape)


def constants_tuned_on_other_seeds(known, healthy, threshold):
    """What is right on average on other seeds, copied: even over all hosts."""
    return np.full(known.shape, 1 / known.shape[1])
