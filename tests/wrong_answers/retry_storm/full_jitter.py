"""Plausible mistakes in `full_jitter`, one a function."""

import numpy as np

#: The rest are wrong; these stop with an error.
CRASHES = ("scalar_only",)
CHANCE = np.random.default_rng(0)


def cap_after_jitter(retry, base, cap, uniform):
    """Caps after the draw: late retries pile up at the cap."""
    return np.minimum(cap, uniform * base * 2.0**retry)


def cap_at_once(retry, base, cap, uniform):
    """Over-fixed: jitter up to the cap from the first retry on."""
    return uniform * cap + 0.0 * retry


def equal(retry, base, cap, uniform):
    """Equal jitter: never less than half the ceiling."""
    return (0.5 + 0.5 * uniform) * np.minimum(cap, base * 2.0**retry)


def half_without_chance(retry, base, cap, uniform):
    """The mean of full jitter, without the chance in it."""
    return 0.5 * np.minimum(cap, base * 2.0**retry)


def linear(retry, base, cap, uniform):
    """The ceiling grows by one base a retry instead of doubling."""
    return uniform * np.minimum(cap, base * (retry + 1.0))


def never_grows(retry, base, cap, uniform):
    """No backoff: always below the base."""
    return uniform * base + 0.0 * retry


def no_cap(retry, base, cap, uniform):
    """No cap: the ceiling doubles for ever."""
    return uniform * base * 2.0**retry


def no_jitter(retry, base, cap, uniform):
    """No jitter: every client comes back at once."""
    return np.minimum(cap, base * 2.0**retry)


def off_by_one(retry, base, cap, uniform):
    """Off by one: the first retry is counted as the second."""
    return uniform * np.minimum(cap, base * 2.0 ** (retry + 1))


def one_draw_for_all(retry, base, cap, uniform):
    """All clients share the first one's draw."""
    return uniform[0] * np.minimum(cap, base * 2.0**retry)


def own_generator(retry, base, cap, uniform):
    """Draws for itself: nobody can repeat the run."""
    return CHANCE.random(len(retry)) * np.minimum(cap, base * 2.0**retry)


def scalar_only(retry, base, cap, uniform):
    """Not vectorised: the built-in min cannot compare arrays."""
    return uniform * min(cap, base * 2.0**retry)


def small(retry, base, cap, uniform):
    """A little jitter: plus or minus 10 %."""
    return (0.9 + 0.2 * uniform) * np.minimum(cap, base * 2.0**retry)


def whole_numbers(retry, base, cap, uniform):
    """2**retry in whole numbers: it overflows at 63 retries."""
    return uniform * np.minimum(cap, base * np.int64(2) ** retry)


def exponent_held(retry, base, cap, uniform):
    """Stops doubling after ten retries, for fear of overflow: under a cap of a minute that is too early."""
    return uniform * np.minimum(cap, base * 2.0 ** np.minimum(retry, 10))


def never_below_base(retry, base, cap, uniform):
    """Lets a base above the cap pass the cap."""
    return uniform * np.maximum(base, np.minimum(cap, base * 2.0**retry))


def constants_of_the_visible_seed(retry, base, cap, uniform):
    """What is right at home, copied."""
    return np.resize([1.12, 5.64, 0.569, 6.76, 2.84, 2.65, 4.93, 2.58], np.shape(retry))


def constants_tuned_on_other_seeds(retry, base, cap, uniform):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([0.193, 0.564, 0.249, 1.26, 1.04, 0.184, 0.947, 1.14], np.shape(retry))
