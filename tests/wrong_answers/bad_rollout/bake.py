"""Plausible mistakes in `bake`, one a function."""

from statistics import NormalDist

import numpy as np

z = np.vectorize(NormalDist().inv_cdf)


def ignores_looks(rate, share, usual, worse, false_alarm, power, looks, level):
    """Tests at the full chance at every look."""
    n = np.ceil(
        (z(1 - false_alarm) + z(power)) ** 2 * (usual * (1 - usual) + worse * (1 - worse)) / (worse - usual) ** 2
    )
    return n, n / (share * rate), looks * level > false_alarm


def spoiled_at_the_promise(rate, share, usual, worse, false_alarm, power, looks, level):
    """Takes looks that add up to just the promise for spoiled."""
    noise = usual * (1 - usual) + worse * (1 - worse)
    n = np.ceil((z(1 - false_alarm / looks) + z(power)) ** 2 * noise / (worse - usual) ** 2)
    return n, n / (share * rate), looks * level >= false_alarm


def three_over_p(rate, share, usual, worse, false_alarm, power, looks, level):
    """Waits until one error has been seen, nineteen times in twenty."""
    n = np.ceil(3 / worse)
    return n, n / (share * rate), looks * level > false_alarm


def known_rate(rate, share, usual, worse, false_alarm, power, looks, level):
    """Takes the usual errors for known, and needs no control."""
    n = np.ceil((z(1 - false_alarm / looks) + z(power)) ** 2 * (worse * (1 - worse)) / (worse - usual) ** 2)
    return n, n / (share * rate), looks * level > false_alarm


def both_sides(rate, share, usual, worse, false_alarm, power, looks, level):
    """Splits the false alarms over two sides, though a better canary needs no stop."""
    n = np.ceil(
        (z(1 - false_alarm / looks / 2) + z(power)) ** 2
        * (usual * (1 - usual) + worse * (1 - worse))
        / (worse - usual) ** 2
    )
    return n, n / (share * rate), looks * level > false_alarm


def no_power(rate, share, usual, worse, false_alarm, power, looks, level):
    """Sizes the arm so that the difference is just significant: found half the time."""
    n = np.ceil(z(1 - false_alarm / looks) ** 2 * (usual * (1 - usual) + worse * (1 - worse)) / (worse - usual) ** 2)
    return n, n / (share * rate), looks * level > false_alarm


def of_all_traffic(rate, share, usual, worse, false_alarm, power, looks, level):
    """Counts the whole fleet's requests as the canary's."""
    n = np.ceil(
        (z(1 - false_alarm / looks) + z(power)) ** 2
        * (usual * (1 - usual) + worse * (1 - worse))
        / (worse - usual) ** 2
    )
    return n, n / rate, looks * level > false_alarm


def looks_make_it_longer(rate, share, usual, worse, false_alarm, power, looks, level):
    """Takes each look for a sample of its own."""
    n = np.ceil(
        (z(1 - false_alarm) + z(power)) ** 2 * (usual * (1 - usual) + worse * (1 - worse)) / (worse - usual) ** 2
    )
    return n * looks, n * looks / (share * rate), looks * level > false_alarm


def both_arms(rate, share, usual, worse, false_alarm, power, looks, level):
    """Counts canary and control together."""
    n = np.ceil(
        (z(1 - false_alarm / looks) + z(power)) ** 2
        * (usual * (1 - usual) + worse * (1 - worse))
        / (worse - usual) ** 2
    )
    return 2 * n, 2 * n / (share * rate), looks * level > false_alarm


def a_week(rate, share, usual, worse, false_alarm, power, looks, level):
    """Bakes for a week, whatever is asked."""
    seconds = np.full(np.shape(rate), 604_800.0)
    return seconds * share * rate, seconds, looks * level > false_alarm


def not_squared(rate, share, usual, worse, false_alarm, power, looks, level):
    """Forgets to square the difference."""
    n = np.ceil(
        (z(1 - false_alarm / looks) + z(power)) ** 2 * (usual * (1 - usual) + worse * (1 - worse)) / (worse - usual)
    )
    return n, n / (share * rate), looks * level > false_alarm


def _sized(rate, share, usual, worse, alarm, power, shares=1.0):
    """Requests and seconds of a test at this chance, in a canary of so many shares."""
    noise = usual * (1 - usual) + worse * (1 - worse)
    n = np.ceil((z(1 - alarm) + z(power)) ** 2 * noise / (worse - usual) ** 2)
    return n, n / (shares * share * rate)


def one_look_fewer(rate, share, usual, worse, false_alarm, power, looks, level):
    """Divides among the looks after the first."""
    alarm = false_alarm / np.maximum(looks - 1, 1)
    return *_sized(rate, share, usual, worse, alarm, power), looks * level > false_alarm


def one_look_more(rate, share, usual, worse, false_alarm, power, looks, level):
    """Divides among the looks and one in the end."""
    return *_sized(rate, share, usual, worse, false_alarm / (looks + 1), power), looks * level > false_alarm


def at_today_s_level(rate, share, usual, worse, false_alarm, power, looks, level):
    """Sizes the arm for the chance at which each look is made today."""
    return *_sized(rate, share, usual, worse, level, power), looks * level > false_alarm


def root_of_the_looks(rate, share, usual, worse, false_alarm, power, looks, level):
    """Takes chances for errors that add up by their squares."""
    return *_sized(rate, share, usual, worse, false_alarm / looks, power), np.sqrt(looks) * level > false_alarm


def forgets_the_last_look(rate, share, usual, worse, false_alarm, power, looks, level):
    """Adds up all looks but the one at the end."""
    return *_sized(rate, share, usual, worse, false_alarm / looks, power), (looks - 1) * level > false_alarm


def half_of_the_share(rate, share, usual, worse, false_alarm, power, looks, level):
    """Takes the share for that of canary and control together."""
    return *_sized(rate, share, usual, worse, false_alarm / looks, power, 0.5), looks * level > false_alarm


def both_arms_bring(rate, share, usual, worse, false_alarm, power, looks, level):
    """Waits half as long, since the control brings as many."""
    return *_sized(rate, share, usual, worse, false_alarm / looks, power, 2.0), looks * level > false_alarm


def constants_of_the_visible_seed(rate, share, usual, worse, false_alarm, power, looks, level):
    """What is right at home, copied."""
    return (
        np.resize([1448, 1486, 664, 20221, 9145, 13886, 354, 4941], np.shape(rate)),
        np.resize([60.2079, 911.656, 99.7746, 225.681, 310, 655, 25.1957, 4941], np.shape(rate)),
        looks * level > false_alarm,
    )


def constants_tuned_on_other_seeds(rate, share, usual, worse, false_alarm, power, looks, level):
    """The median of what is right on seven other seeds, copied."""
    return (
        np.resize([6425, 2138, 2177, 7454, 2174, 2529, 6456], np.shape(rate)),
        np.resize([1019.84, 227.447, 118.877, 959.286, 140.693, 120.909, 118.924], np.shape(rate)),
        looks * level > false_alarm,
    )


def every_look_spoils(rate, share, usual, worse, false_alarm, power, looks, level):
    """Takes every gate that is looked at more than once for spoiled."""
    n = np.ceil(
        (z(1 - false_alarm / looks) + z(power)) ** 2
        * (usual * (1 - usual) + worse * (1 - worse))
        / (worse - usual) ** 2
    )
    return n, n / (share * rate), looks > 1


def one_look_at_a_time(rate, share, usual, worse, false_alarm, power, looks, level):
    """Holds the chance of a single look against what is promised for all of them."""
    n = np.ceil(
        (z(1 - false_alarm / looks) + z(power)) ** 2
        * (usual * (1 - usual) + worse * (1 - worse))
        / (worse - usual) ** 2
    )
    return n, n / (share * rate), level > false_alarm


def only_the_full_chance(rate, share, usual, worse, false_alarm, power, looks, level):
    """Sees the looks at the full chance, and none of those at a part of it that is too large."""
    n = np.ceil(
        (z(1 - false_alarm / looks) + z(power)) ** 2
        * (usual * (1 - usual) + worse * (1 - worse))
        / (worse - usual) ** 2
    )
    return n, n / (share * rate), (looks > 1) & (level >= false_alarm)
