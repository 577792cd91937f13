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


def _above(canary, canary_errors, control, control_errors, part=None, spread=None):
    """The z of each region, with another part or another spread."""
    part = canary / np.maximum(canary + control, 1) if part is None else part
    both = canary_errors + control_errors
    spread = np.sqrt(both * part * (1 - part)) if spread is None else spread
    return np.where(spread > 0, (canary_errors - both * part) / np.where(spread > 0, spread, 1), 0)


def _limit(chance):
    return np.vectorize(NormalDist().inv_cdf)(1 - chance)


def among_those_that_speak(canary, canary_errors, control, control_errors, false_alarm):
    """Divides the false alarms among the regions that say something."""
    speak = ((canary > 0) & (canary_errors + control_errors > 0)).sum(axis=0)
    return (_above(canary, canary_errors, control, control_errors) > _limit(false_alarm / speak)).any(axis=0)


def half_for_each_side(canary, canary_errors, control, control_errors, false_alarm):
    """Keeps half of the false alarms for canaries that are better."""
    return (_above(canary, canary_errors, control, control_errors) > _limit(false_alarm / len(canary) / 2)).any(axis=0)


def spread_of_a_count(canary, canary_errors, control, control_errors, false_alarm):
    """Takes the root of the expected errors for their spread."""
    part = canary / (canary + control)
    spread = np.sqrt((canary_errors + control_errors) * part)
    above = _above(canary, canary_errors, control, control_errors, spread=spread)
    return (above > _limit(false_alarm / len(canary))).any(axis=0)


def control_taken_for_known(canary, canary_errors, control, control_errors, false_alarm):
    """Takes the control's errors for what is usual, without chance of their own."""
    usual = control_errors / control
    spread = np.sqrt(canary * usual * (1 - usual))
    above = np.where(spread > 0, (canary_errors - canary * usual) / np.where(spread > 0, spread, 1), 0)
    return (above > _limit(false_alarm / len(canary))).any(axis=0)


def part_of_the_whole(canary, canary_errors, control, control_errors, false_alarm):
    """Expects the canary's part of all requests in each region."""
    part = np.broadcast_to(canary.sum(axis=0) / (canary + control).sum(axis=0), canary.shape)
    above = _above(canary, canary_errors, control, control_errors, part=part)
    return (above > _limit(false_alarm / len(canary))).any(axis=0)


def part_of_the_control(canary, canary_errors, control, control_errors, false_alarm):
    """Divides the canary's requests by the control's, not by those of both."""
    above = _above(canary, canary_errors, control, control_errors, part=canary / control)
    return (above > _limit(false_alarm / len(canary))).any(axis=0)


def regions_added_up(canary, canary_errors, control, control_errors, false_alarm):
    """Adds up what all regions have above their part, and their variances."""
    part, both = canary / (canary + control), canary_errors + control_errors
    above = (canary_errors - both * part).sum(axis=0) / np.sqrt((both * part * (1 - part)).sum(axis=0))
    return above > _limit(false_alarm)


def in_two_regions(canary, canary_errors, control, control_errors, false_alarm):
    """Stops also what is above the whole chance's limit in two regions."""
    above = _above(canary, canary_errors, control, control_errors)
    twice = (above > _limit(false_alarm)).sum(axis=0) > 1
    return twice | (above > _limit(false_alarm / len(canary))).any(axis=0)


def the_largest_region(canary, canary_errors, control, control_errors, false_alarm):
    """Looks where most requests are."""
    above = np.take_along_axis(
        _above(canary, canary_errors, control, control_errors), (canary + control).argmax(axis=0)[None], axis=0
    )
    return above[0] > _limit(false_alarm / len(canary))


def three_sigma(canary, canary_errors, control, control_errors, false_alarm):
    """A limit of three, whatever is promised."""
    return (_above(canary, canary_errors, control, control_errors) > 3).any(axis=0)


def silence_is_bad(canary, canary_errors, control, control_errors, false_alarm):
    """Asks whether all regions are within the limit: 0 / 0 is not."""
    part, both = canary / (canary + control), canary_errors + control_errors
    with np.errstate(invalid="ignore"):
        above = (canary_errors - both * part) / np.sqrt(both * part * (1 - part))
    return ~(above <= _limit(false_alarm / len(canary))).all(axis=0)


def arms_swapped(canary, canary_errors, control, control_errors, false_alarm):
    """Takes the control for the canary."""
    return (_above(control, control_errors, canary, canary_errors) > _limit(false_alarm / len(canary))).any(axis=0)


def never(canary, canary_errors, control, control_errors, false_alarm):
    """Stops nothing."""
    return np.zeros(canary.shape[1], dtype=bool)


def always(canary, canary_errors, control, control_errors, false_alarm):
    """Stops everything."""
    return np.ones(canary.shape[1], dtype=bool)


def constants_of_the_visible_seed(canary, canary_errors, control, control_errors, false_alarm):
    """What is right at home, copied."""
    told = "100000000101001000010011000011100110001001"
    return np.resize(np.array(list(told)) == "1", canary.shape[1])


def constants_tuned_on_other_seeds(canary, canary_errors, control, control_errors, false_alarm):
    """The median of what is right on seven other seeds, copied."""
    told = "00000100000000000000010010000000000"
    return np.resize(np.array(list(told)) == "1", canary.shape[1])
