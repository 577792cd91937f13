"""Plausible mistakes in `bake`, one a function."""

from statistics import NormalDist

import numpy as np

z = np.vectorize(NormalDist().inv_cdf)


def ignores_looks(rate, share, usual, worse, false_alarm, power, looks):
    """Tests at the full chance at every look."""
    n = np.ceil(
        (z(1 - false_alarm) + z(power)) ** 2 * (usual * (1 - usual) + worse * (1 - worse)) / (worse - usual) ** 2
    )
    return n, n / (share * rate)


def three_over_p(rate, share, usual, worse, false_alarm, power, looks):
    """Waits until one error has been seen, nineteen times in twenty."""
    n = np.ceil(3 / worse)
    return n, n / (share * rate)


def known_rate(rate, share, usual, worse, false_alarm, power, looks):
    """Takes the usual errors for known, and needs no control."""
    n = np.ceil((z(1 - false_alarm / looks) + z(power)) ** 2 * (worse * (1 - worse)) / (worse - usual) ** 2)
    return n, n / (share * rate)


def both_sides(rate, share, usual, worse, false_alarm, power, looks):
    """Splits the false alarms over two sides, though a better canary needs no stop."""
    n = np.ceil(
        (z(1 - false_alarm / looks / 2) + z(power)) ** 2
        * (usual * (1 - usual) + worse * (1 - worse))
        / (worse - usual) ** 2
    )
    return n, n / (share * rate)


def no_power(rate, share, usual, worse, false_alarm, power, looks):
    """Sizes the arm so that the difference is just significant: found half the time."""
    n = np.ceil(z(1 - false_alarm / looks) ** 2 * (usual * (1 - usual) + worse * (1 - worse)) / (worse - usual) ** 2)
    return n, n / (share * rate)


def of_all_traffic(rate, share, usual, worse, false_alarm, power, looks):
    """Counts the whole fleet's requests as the canary's."""
    n = np.ceil(
        (z(1 - false_alarm / looks) + z(power)) ** 2
        * (usual * (1 - usual) + worse * (1 - worse))
        / (worse - usual) ** 2
    )
    return n, n / rate


def looks_make_it_longer(rate, share, usual, worse, false_alarm, power, looks):
    """Takes each look for a sample of its own."""
    n = np.ceil(
        (z(1 - false_alarm) + z(power)) ** 2 * (usual * (1 - usual) + worse * (1 - worse)) / (worse - usual) ** 2
    )
    return n * looks, n * looks / (share * rate)


def both_arms(rate, share, usual, worse, false_alarm, power, looks):
    """Counts canary and control together."""
    n = np.ceil(
        (z(1 - false_alarm / looks) + z(power)) ** 2
        * (usual * (1 - usual) + worse * (1 - worse))
        / (worse - usual) ** 2
    )
    return 2 * n, 2 * n / (share * rate)


def a_week(rate, share, usual, worse, false_alarm, power, looks):
    """Bakes for a week, whatever is asked."""
    seconds = np.full(np.shape(rate), 604_800.0)
    return seconds * share * rate, seconds


def not_squared(rate, share, usual, worse, false_alarm, power, looks):
    """Forgets to square the difference."""
    n = np.ceil(
        (z(1 - false_alarm / looks) + z(power)) ** 2 * (usual * (1 - usual) + worse * (1 - worse)) / (worse - usual)
    )
    return n, n / (share * rate)


def constants_of_the_visible_seed(rate, share, usual, worse, false_alarm, power, looks):
    """What is right at home, copied."""
    return (
        np.resize([2746, 38988, 1906, 7551, 17720, 864, 3815], np.shape(rate)),
        np.resize([39.0057, 1736.66, 195.487, 91.694, 3683.99, 106.012, 28.6627], np.shape(rate)),
    )


def constants_tuned_on_other_seeds(rate, share, usual, worse, false_alarm, power, looks):
    """The median of what is right on seven other seeds, copied."""
    return (
        np.resize([2925, 1651, 4021, 7541, 5646, 567], np.shape(rate)),
        np.resize([1155.43, 620.87, 931.507, 768.755, 965.64, 100.227], np.shape(rate)),
    )
