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


def next_to_no_copies(median, spread, hosts, limping, busiest):
    """A budget of one copy in a million, which buys nothing."""
    cap = limping / hosts
    return _where(_room(cap, busiest) > 0, _p95(median, spread), 1e-6 + 0 * median, cap)


def half_of_what_is_left(median, spread, hosts, limping, busiest):
    """Over-careful: keeps half of the copies that there is room for."""
    cap = limping / hosts
    room = _room(cap, busiest)
    return _where(room > 0, _p95(median, spread), np.minimum(room / 2, 0.05), cap)


def share_of_the_capacity(median, spread, hosts, limping, busiest):
    """Takes what is free of the capacity for a share of the calls."""
    cap = limping / hosts
    free = 0.95 * (1 - cap) - busiest
    return _where(free > 0, _p95(median, spread), np.minimum(free, 0.05), cap)


def free_of_the_whole(median, spread, hosts, limping, busiest):
    """Over-careful: keeps 5 % of the whole capacity free, not of what is left."""
    cap = limping / hosts
    room = (0.95 - cap) / busiest - 1
    return _where(room > 0, _p95(median, spread), np.minimum(room, 0.05), cap)


def all_hosts_carry(median, spread, hosts, limping, busiest):
    """Forgets that ejected hosts carry nothing."""
    room = 0.95 / busiest - 1
    return _where(room > 0, _p95(median, spread), np.minimum(room, 0.05), limping / hosts)


def cap_in_whole_per_cents(median, spread, hosts, limping, busiest):
    """Rounds the cap: two of 32 hosts are not 6 %."""
    cap = np.round(limping / hosts, 2)
    room = _room(cap, busiest)
    return _where(room > 0, _p95(median, spread), np.minimum(room, 0.05), cap)


def one_host_fewer(median, spread, hosts, limping, busiest):
    """The cap has room for all that limp but one."""
    cap = (limping - 1) / hosts
    room = _room(cap, busiest)
    return _where(room > 0, _p95(median, spread), np.minimum(room, 0.05), cap)


def ejects_without_copies(median, spread, hosts, limping, busiest):
    """Where there is no room for copies, it goes on ejecting."""
    cap = limping / hosts
    room = _room(cap, busiest)
    return np.where(room > 0, _p95(median, spread), 0), np.clip(room, 0, 0.05), cap


def at_the_p97(median, spread, hosts, limping, busiest):
    """Takes 1.96, which leaves out 5 % on two sides."""
    cap = limping / hosts
    room = _room(cap, busiest)
    return _where(room > 0, median * np.exp(1.96 * spread), np.minimum(room, 0.05), cap)


def nothing(median, spread, hosts, limping, busiest):
    """Does no harm, and no good."""
    return 0 * median, 0 * median, 0 * median


def constants_of_the_visible_seed(median, spread, hosts, limping, busiest):
    """What is right at home, copied."""
    delay = [0.0, 0.0126, 0.0372, 0.0266, 0.0, 0.032, 0.0377]
    budget = [0.0, 0.029, 0.0286, 0.05, 0.0, 0.05, 0.0188]
    cap = [0.0, 0.2034, 0.2093, 0.0625, 0.0, 0.1569, 0.1]
    return tuple(np.resize(one, np.shape(median)) for one in (delay, budget, cap))


def constants_tuned_on_other_seeds(median, spread, hosts, limping, busiest):
    """What does for most fleets."""
    return 0.03 + 0 * median, 0.02 + 0 * median, 0.2 + 0 * median
