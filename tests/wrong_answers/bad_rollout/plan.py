"""Plausible mistakes in `plan`, one a function."""

from statistics import NormalDist

import numpy as np

z = np.vectorize(NormalDist().inv_cdf)


def a_week(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """A canary of a week."""
    cells, alarm = np.ceil(1 / exposure), 1 - (1 - spurious) ** (1 / metrics)
    bake = 60 * np.ceil((604_800 + 0 * rate) / 60)
    return cells, bake, alarm


def a_minute(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """Ships at once."""
    cells, alarm = np.ceil(1 / exposure), 1 - (1 - spurious) ** (1 / metrics)
    bake = 60 * np.ceil((60 + 0 * rate) / 60)
    return cells, bake, alarm


def to_the_second(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """Not in whole minutes."""
    cells, alarm = np.ceil(1 / exposure), 1 - (1 - spurious) ** (1 / metrics)
    spread = usual * (1 - usual) + worse * (1 - worse)
    n = (z(1 - alarm) + z(power)) ** 2 * spread / (worse - usual) ** 2
    return cells, np.maximum(n * cells / rate, onset + 120), alarm


def one_cell(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """No cells: the first stage is everybody."""
    cells, alarm = 1 + 0 * rate, 1 - (1 - spurious) ** (1 / metrics)
    spread = usual * (1 - usual) + worse * (1 - worse)
    n = (z(1 - alarm) + z(power)) ** 2 * spread / (worse - usual) ** 2
    bake = 60 * np.ceil(np.maximum(n * cells / rate, onset + 120) / 60)
    return cells, bake, alarm


def a_thousand_cells(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """The smallest blast radius there is."""
    cells, alarm = 1000 + 0 * rate, 1 - (1 - spurious) ** (1 / metrics)
    spread = usual * (1 - usual) + worse * (1 - worse)
    n = (z(1 - alarm) + z(power)) ** 2 * spread / (worse - usual) ** 2
    bake = 60 * np.ceil(np.maximum(n * cells / rate, onset + 120) / 60)
    return cells, bake, alarm


def nothing_ships(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """A gate so tight that good changes are stopped."""
    cells, alarm = np.ceil(1 / exposure), 0.3 + 0 * rate
    spread = usual * (1 - usual) + worse * (1 - worse)
    n = (z(1 - alarm) + z(power)) ** 2 * spread / (worse - usual) ** 2
    bake = 60 * np.ceil(np.maximum(n * cells / rate, onset + 120) / 60)
    return cells, bake, alarm


def everything_ships(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """A gate that never says stop."""
    cells, alarm = np.ceil(1 / exposure), 1e-9 + 0 * rate
    spread = usual * (1 - usual) + worse * (1 - worse)
    n = (z(1 - spurious) + z(power)) ** 2 * spread / (worse - usual) ** 2
    bake = 60 * np.ceil(np.maximum(n * cells / rate, onset + 120) / 60)
    return cells, bake, alarm


def one_metric(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """Forgets that each metric may be wrong."""
    cells, alarm = np.ceil(1 / exposure), spurious
    spread = usual * (1 - usual) + worse * (1 - worse)
    n = (z(1 - alarm) + z(power)) ** 2 * spread / (worse - usual) ** 2
    bake = 60 * np.ceil(np.maximum(n * cells / rate, onset + 120) / 60)
    return cells, bake, alarm


def forgets_what_is_slow(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """Bakes for the requests alone."""
    cells, alarm = np.ceil(1 / exposure), 1 - (1 - spurious) ** (1 / metrics)
    spread = usual * (1 - usual) + worse * (1 - worse)
    n = (z(1 - alarm) + z(power)) ** 2 * spread / (worse - usual) ** 2
    bake = 60 * np.ceil(n * cells / rate / 60)
    return cells, bake, alarm


def forgets_what_is_small(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """Bakes for the slow fault alone."""
    cells, alarm = np.ceil(1 / exposure), 1 - (1 - spurious) ** (1 / metrics)
    bake = 60 * np.ceil((onset + 120) / 60)
    return cells, bake, alarm


def of_all_traffic(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """Counts the whole traffic as the canary's."""
    cells, alarm = np.ceil(1 / exposure), 1 - (1 - spurious) ** (1 / metrics)
    spread = usual * (1 - usual) + worse * (1 - worse)
    n = (z(1 - alarm) + z(power)) ** 2 * spread / (worse - usual) ** 2
    bake = 60 * np.ceil(np.maximum(n / rate, onset + 120) / 60)
    return cells, bake, alarm


def rounds_down(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """One cell too few."""
    cells, alarm = np.maximum(np.floor(1 / exposure) - 1, 1), 1 - (1 - spurious) ** (1 / metrics)
    spread = usual * (1 - usual) + worse * (1 - worse)
    n = (z(1 - alarm) + z(power)) ** 2 * spread / (worse - usual) ** 2
    bake = 60 * np.ceil(np.maximum(n * cells / rate, onset + 120) / 60)
    return cells, bake, alarm


def sums_of_both(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """Waits first for the requests, then for the slow fault."""
    cells, alarm = np.ceil(1 / exposure), 1 - (1 - spurious) ** (1 / metrics)
    spread = usual * (1 - usual) + worse * (1 - worse)
    n = (z(1 - alarm) + z(power)) ** 2 * spread / (worse - usual) ** 2
    bake = 60 * np.ceil((n * cells / rate + onset + 120) / 60)
    return cells, bake, alarm


def ends_with_the_leak(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """Looks at the moment at which a slow fault begins."""
    cells, alarm = np.ceil(1 / exposure), 1 - (1 - spurious) ** (1 / metrics)
    spread = usual * (1 - usual) + worse * (1 - worse)
    n = (z(1 - alarm) + z(power)) ** 2 * spread / (worse - usual) ** 2
    bake = 60 * np.ceil(np.maximum(n * cells / rate, onset) / 60)
    return cells, bake, alarm


def constants_of_the_visible_seed(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """What is right at home, copied."""
    return (
        np.resize([10, 24, 14, 8, 5], np.shape(rate)),
        np.resize([1740, 3360, 2580, 3540, 3960], np.shape(rate)),
        np.resize([0.0065634, 0.0065634, 0.0065634, 0.0065634, 0.0259963], np.shape(rate)),
    )


def constants_tuned_on_other_seeds(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """The median of what is right on seven other seeds, copied."""
    return (
        np.resize([14, 10, 11, 8, 10, 24], np.shape(rate)),
        np.resize([3300, 2340, 2280, 3960, 3000, 3660], np.shape(rate)),
        np.resize([0.0127415, 0.010106, 0.0127415, 0.0127415, 0.0130837, 0.0127415], np.shape(rate)),
    )
