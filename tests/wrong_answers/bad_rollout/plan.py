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


def _planned(told, cells=np.ceil, minutes=np.ceil, wait=120, part=1.0, alarm=None, test=None, power=None, noise=None):
    """The rule, with another number somewhere."""
    rate, usual, worse, onset, exposure, _, metrics, spurious, stated = told
    alarm = 1 - (1 - spurious) ** (1 / metrics) if alarm is None else alarm
    reach = z(1 - (alarm if test is None else test)) + z(stated if power is None else power)
    noise = usual * (1 - usual) + worse * (1 - worse) if noise is None else noise
    n = part * reach**2 * noise / (worse - usual) ** 2
    return cells(1 / exposure), 60 * minutes(np.maximum(n * cells(1 / exposure) / rate, onset + wait) / 60), alarm


def cells_to_the_nearest(*told):
    """Rounds cells down where that is nearer: the first is larger than the exposure."""
    return _planned(told, cells=np.round)


def one_cell_more(*told):
    """Counts a cell more where the exposure is a whole part: the bake takes too long."""
    return _planned(told, cells=lambda number: np.floor(number) + 1)


def minutes_down(*told):
    """Rounds the bake down: a minute of requests is missing."""
    return _planned(told, minutes=np.floor)


def minutes_to_the_nearest(*told):
    """Rounds the bake down where that is nearer."""
    return _planned(told, minutes=np.round)


def a_minute_of_the_leak(*told):
    """Gives a slow fault one minute to be seen."""
    return _planned(told, wait=60)


def nine_tenths_of_the_requests(*told):
    """Bakes for nine tenths of what the test needs."""
    return _planned(told, part=0.9)


def one_metric_fewer(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """Divides among the metrics but one."""
    told = rate, usual, worse, onset, exposure, delivery, metrics, spurious, power
    return _planned(told, alarm=spurious / (metrics - 1))


def root_of_the_metrics(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """Takes chances for errors that add up by their squares."""
    told = rate, usual, worse, onset, exposure, delivery, metrics, spurious, power
    return _planned(told, alarm=spurious / np.sqrt(metrics))


def a_stricter_test_than_it_was_sized_for(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """Tests at half of the chance for which the bake was reckoned."""
    told = rate, usual, worse, onset, exposure, delivery, metrics, spurious, power
    alarm = 1 - (1 - spurious) ** (1 / metrics)
    return _planned(told, alarm=alarm / 2, test=alarm)


def always_four_in_five(*told):
    """A power of 80 %, whatever is asked."""
    return _planned(told, power=0.8)


def always_nine_in_ten(*told):
    """Over-careful: a power of 90 %, whatever is asked, and late for it."""
    return _planned(told, power=0.9)


def usual_taken_for_known(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """Forgets that the second cell has chance errors, too."""
    told = rate, usual, worse, onset, exposure, delivery, metrics, spurious, power
    return _planned(told, noise=worse * (1 - worse))


def both_arms_usual(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """Takes the canary's errors for as steady as the usual ones."""
    told = rate, usual, worse, onset, exposure, delivery, metrics, spurious, power
    return _planned(told, noise=2 * usual * (1 - usual))


def for_two_sides(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """Bakes for a test of two sides, and is late."""
    told = rate, usual, worse, onset, exposure, delivery, metrics, spurious, power
    return _planned(told, test=spurious / metrics / 2)


def constants_of_the_visible_seed(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """What is right at home, copied."""
    return (
        np.resize([10, 24, 14, 8, 5], np.shape(rate)),
        np.resize([1620, 3300, 660, 4260, 2760], np.shape(rate)),
        np.resize([0.0065634, 0.0065634, 0.0065634, 0.0065634, 0.0259963], np.shape(rate)),
    )


def constants_tuned_on_other_seeds(rate, usual, worse, onset, exposure, delivery, metrics, spurious, power):
    """The median of what is right on seven other seeds, copied."""
    return (
        np.resize([16, 23, 7, 10, 10], np.shape(rate)),
        np.resize([3360, 3720, 3300, 1500, 1620], np.shape(rate)),
        np.resize([0.00639115, 0.0201099, 0.0201099, 0.0127415, 0.0127415], np.shape(rate)),
    )
