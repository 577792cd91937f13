"""Plausible mistakes in `precautions`, one a function."""

import numpy as np

_room = lambda cap, busiest: 0.95 * (1 - cap) / busiest - 1  # noqa: E731
_p95 = lambda median, spread: median * np.exp(1.645 * spread)  # noqa: E731
_where = lambda fits, *found: tuple(np.where(fits, one, 0) for one in found)  # noqa: E731


def hedge_everything(median, spread, hosts, limping, busiest):
    """Over-fixed: a copy of every call."""
    cap = limping / hosts
    return _where(_room(cap, busiest) > 0, _p95(median, spread), 1.0 + 0 * median, cap)


def eject_half(median, spread, hosts, limping, busiest):
    """Over-fixed: half of the fleet may go."""
    return median * np.exp(1.645 * spread), 0.05 + 0 * median, 0.5 + 0 * median


def always_five_per_cent(median, spread, hosts, limping, busiest):
    """Forgets what copies add on the worst day."""
    cap = limping / hosts
    return _where(_room(cap, busiest) > 0, _p95(median, spread), 0.05 + 0 * median, cap)


def a_tenth_out(median, spread, hosts, limping, busiest):
    """The proxy's default cap."""
    cap = 0.1 + 0 * median
    room = _room(cap, busiest)
    return _where(room > 0, _p95(median, spread), np.minimum(room, 0.05), cap)


def never_nothing(median, spread, hosts, limping, busiest):
    """Finds settings where none do no harm."""
    cap = limping / hosts
    return median * np.exp(1.645 * spread), np.clip(0.95 * (1 - cap) / busiest - 1, 0.005, 0.05), cap


def at_the_median(median, spread, hosts, limping, busiest):
    """Half of all calls want a copy."""
    cap = limping / hosts
    room = _room(cap, busiest)
    return _where(room > 0, median, np.minimum(room, 0.05), cap)


def at_the_p99(median, spread, hosts, limping, busiest):
    """Later than the budget allows."""
    cap = limping / hosts
    room = _room(cap, busiest)
    return _where(room > 0, median * np.exp(2.326 * spread), np.minimum(room, 0.05), cap)


def no_spare(median, spread, hosts, limping, busiest):
    """Fills the worst day to the brim."""
    cap = limping / hosts
    room = (1 - cap) / busiest - 1
    return np.where(room > 0, median * np.exp(1.645 * spread), 0), np.clip(room, 0, 0.05), np.where(room > 0, cap, 0)


def nothing(median, spread, hosts, limping, busiest):
    """Does no harm, and no good."""
    return 0 * median, 0 * median, 0 * median


def constants_of_the_visible_seed(median, spread, hosts, limping, busiest):
    """What is right at home, copied."""
    delay = [0.0, 0.0126, 0.0372, 0.0266, 0.0, 0.032, 0.0377]
    budget = [0.0, 0.029, 0.0286, 0.05, 0.0, 0.05, 0.0188]
    cap = [0.0, 0.2034, 0.2093, 0.0909, 0.0, 0.1569, 0.1]
    return tuple(np.resize(one, np.shape(median)) for one in (delay, budget, cap))


def constants_tuned_on_other_seeds(median, spread, hosts, limping, busiest):
    """What does for most fleets."""
    return 0.03 + 0 * median, 0.02 + 0 * median, 0.2 + 0 * median
