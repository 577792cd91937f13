"""Plausible mistakes in `by_region`, one a function."""

from statistics import NormalDist

import numpy as np


def pooled(canary, canary_errors, control, control_errors, false_alarm):
    """Compares all requests together."""

    def above(n, x, m, y):
        part = n / np.maximum(n + m, 1)
        spread = np.sqrt((x + y) * part * (1 - part))
        return np.where(spread > 0, (x - (x + y) * part) / np.where(spread > 0, spread, 1), 0)

    z = np.vectorize(NormalDist().inv_cdf)
    one = above(*(np.sum(part, axis=0) for part in (canary, canary_errors, control, control_errors)))
    return one > z(1 - false_alarm)


def mean_of_regions(canary, canary_errors, control, control_errors, false_alarm):
    """Averages over the regions."""

    def above(n, x, m, y):
        part = n / np.maximum(n + m, 1)
        spread = np.sqrt((x + y) * part * (1 - part))
        return np.where(spread > 0, (x - (x + y) * part) / np.where(spread > 0, spread, 1), 0)

    z = np.vectorize(NormalDist().inv_cdf)
    return above(canary, canary_errors, control, control_errors).mean(axis=0) > z(1 - false_alarm)


def most_of_them(canary, canary_errors, control, control_errors, false_alarm):
    """Stops what is worse in most regions."""

    def above(n, x, m, y):
        part = n / np.maximum(n + m, 1)
        spread = np.sqrt((x + y) * part * (1 - part))
        return np.where(spread > 0, (x - (x + y) * part) / np.where(spread > 0, spread, 1), 0)

    z = np.vectorize(NormalDist().inv_cdf)
    return (above(canary, canary_errors, control, control_errors) > z(1 - false_alarm / len(canary))).mean(axis=0) > 0.5


def every_region(canary, canary_errors, control, control_errors, false_alarm):
    """Stops only what is worse everywhere."""

    def above(n, x, m, y):
        part = n / np.maximum(n + m, 1)
        spread = np.sqrt((x + y) * part * (1 - part))
        return np.where(spread > 0, (x - (x + y) * part) / np.where(spread > 0, spread, 1), 0)

    z = np.vectorize(NormalDist().inv_cdf)
    return (above(canary, canary_errors, control, control_errors) > z(1 - false_alarm / len(canary))).all(axis=0)


def the_whole_chance_for_each(canary, canary_errors, control, control_errors, false_alarm):
    """Grants each region all of the false alarms, as if it were the only one."""
    part = canary / np.maximum(canary + control, 1)
    both = canary_errors + control_errors
    spread = np.sqrt(both * part * (1 - part))
    above = np.where(spread > 0, (canary_errors - both * part) / np.where(spread > 0, spread, 1), 0)
    return (above > np.vectorize(NormalDist().inv_cdf)(1 - false_alarm)).any(axis=0)


def both_sides(canary, canary_errors, control, control_errors, false_alarm):
    """Stops what differs, better or worse."""

    def above(n, x, m, y):
        part = n / np.maximum(n + m, 1)
        spread = np.sqrt((x + y) * part * (1 - part))
        return np.where(spread > 0, (x - (x + y) * part) / np.where(spread > 0, spread, 1), 0)

    z = np.vectorize(NormalDist().inv_cdf)
    return (np.abs(above(canary, canary_errors, control, control_errors)) > z(1 - false_alarm / len(canary))).any(
        axis=0
    )


def more_errors(canary, canary_errors, control, control_errors, false_alarm):
    """Compares counts, though arms differ in size."""
    return (canary_errors > control_errors).any(axis=0)


def higher_share(canary, canary_errors, control, control_errors, false_alarm):
    """Stops whatever has the higher share, by chance or not."""
    share = canary_errors / np.maximum(canary, 1)
    return (share > control_errors / np.maximum(control, 1)).any(axis=0)


def one_per_cent(canary, canary_errors, control, control_errors, false_alarm):
    """A fixed threshold, without a control."""
    return (canary_errors > 0.01 * canary).any(axis=0)


def pooled_or_double(canary, canary_errors, control, control_errors, false_alarm):
    """All together, or twice as bad in a region of any size."""

    def above(n, x, m, y):
        part = n / np.maximum(n + m, 1)
        spread = np.sqrt((x + y) * part * (1 - part))
        return np.where(spread > 0, (x - (x + y) * part) / np.where(spread > 0, spread, 1), 0)

    z = np.vectorize(NormalDist().inv_cdf)
    one = above(*(np.sum(part, axis=0) for part in (canary, canary_errors, control, control_errors)))
    share = canary_errors / np.maximum(canary, 1)
    double = (share > 2 * control_errors / np.maximum(control, 1)).any(axis=0)
    return (one > z(1 - false_alarm)) | double


def first_region_only(canary, canary_errors, control, control_errors, false_alarm):
    """Looks at one region."""

    def above(n, x, m, y):
        part = n / np.maximum(n + m, 1)
        spread = np.sqrt((x + y) * part * (1 - part))
        return np.where(spread > 0, (x - (x + y) * part) / np.where(spread > 0, spread, 1), 0)

    z = np.vectorize(NormalDist().inv_cdf)
    return above(canary, canary_errors, control, control_errors)[0] > z(1 - false_alarm / len(canary))


def never(canary, canary_errors, control, control_errors, false_alarm):
    """Stops nothing."""
    return np.zeros(canary.shape[1], dtype=bool)


def always(canary, canary_errors, control, control_errors, false_alarm):
    """Stops everything."""
    return np.ones(canary.shape[1], dtype=bool)


def constants_of_the_visible_seed(canary, canary_errors, control, control_errors, false_alarm):
    """What is right at home, copied."""
    return (
        np.resize(
            [1, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0],
            canary.shape[1],
        )
        > 0.5
    )


def constants_tuned_on_other_seeds(canary, canary_errors, control, control_errors, false_alarm):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1], canary.shape[1]) > 0.5
