"""Plausible mistakes in `sequential`, one a function."""

from statistics import NormalDist

import numpy as np


def canary_only(canary, control, worse_by, false_alarm):
    """Looks at the canary alone."""
    own = np.log(2 * worse_by / (1 + worse_by))
    said = canary * own >= np.log(1 / false_alarm)
    return np.where(said.any(axis=0), said.argmax(axis=0), -1)


def last_look(canary, control, worse_by, false_alarm):
    """Says only at the end whether to stop."""
    own, other = np.log(2 * worse_by / (1 + worse_by)), np.log(2 / (1 + worse_by))
    said = canary * own + control * other >= np.log(1 / false_alarm)
    return np.where(said[-1], len(said) - 1, -1)


def only_if_it_still_shows(canary, control, worse_by, false_alarm):
    """Forgives what later looks no longer show."""
    own, other = np.log(2 * worse_by / (1 + worse_by)), np.log(2 / (1 + worse_by))
    said = canary * own + control * other >= np.log(1 / false_alarm)
    return np.where(said[-1], said.argmax(axis=0), -1)


def peeks(canary, control, worse_by, false_alarm):
    """A fixed test at every look."""
    limit = np.vectorize(NormalDist().inv_cdf)(1 - false_alarm)
    said = (canary - control) / np.sqrt(np.maximum(canary + control, 1)) > limit
    return np.where(said.any(axis=0), said.argmax(axis=0), -1)


def counts_looks_from_one(canary, control, worse_by, false_alarm):
    """The first look is number one."""
    own, other = np.log(2 * worse_by / (1 + worse_by)), np.log(2 / (1 + worse_by))
    said = canary * own + control * other >= np.log(1 / false_alarm)
    return np.where(said.any(axis=0), said.argmax(axis=0) + 1, -1)


def zero_for_never(canary, control, worse_by, false_alarm):
    """Cannot tell the first look from never."""
    own, other = np.log(2 * worse_by / (1 + worse_by)), np.log(2 / (1 + worse_by))
    said = canary * own + control * other >= np.log(1 / false_alarm)
    return said.argmax(axis=0)


def sums_again(canary, control, worse_by, false_alarm):
    """Adds up counts that were added up already."""
    own, other = np.log(2 * worse_by / (1 + worse_by)), np.log(2 / (1 + worse_by))
    said = np.cumsum(canary * own + control * other, axis=0) >= np.log(1 / false_alarm)
    return np.where(said.any(axis=0), said.argmax(axis=0), -1)


def bound_of_one(canary, control, worse_by, false_alarm):
    """Stops as soon as worse is likelier than not."""
    own, other = np.log(2 * worse_by / (1 + worse_by)), np.log(2 / (1 + worse_by))
    said = (canary * own + control * other > 0) & (canary > 0)
    return np.where(said.any(axis=0), said.argmax(axis=0), -1)


def ten_times_surer(canary, control, worse_by, false_alarm):
    """A bound so high that little is ever stopped."""
    own, other = np.log(2 * worse_by / (1 + worse_by)), np.log(2 / (1 + worse_by))
    said = canary * own + control * other >= 10 * np.log(1 / false_alarm)
    return np.where(said.any(axis=0), said.argmax(axis=0), -1)


def built_for_twice(canary, control, worse_by, false_alarm):
    """Always built to find twice the errors."""
    said = canary * np.log(4 / 3) + control * np.log(2 / 3) >= np.log(1 / false_alarm)
    return np.where(said.any(axis=0), said.argmax(axis=0), -1)


def never(canary, control, worse_by, false_alarm):
    """Lets everything pass."""
    return np.full(canary.shape[1], -1)


def _says(canary, control, worse_by):
    """The logarithm of the factor by which "worse" is likelier."""
    return canary * np.log(2 * worse_by / (1 + worse_by)) + control * np.log(2 / (1 + worse_by))


def _first(said):
    return np.where(said.any(axis=0), said.argmax(axis=0), -1)


def not_at_the_first_look(canary, control, worse_by, false_alarm):
    """Needs a look to compare with."""
    said = _says(canary, control, worse_by) >= np.log(1 / false_alarm)
    said[0] = False
    return _first(said)


def not_at_the_last_look(canary, control, worse_by, false_alarm):
    """Leaves out the last row."""
    return _first((_says(canary, control, worse_by) >= np.log(1 / false_alarm))[:-1])


def begins_anew(canary, control, worse_by, false_alarm):
    """Forgets what spoke for the canary, and begins anew at 0."""
    steps = np.diff(_says(canary, control, worse_by), axis=0, prepend=0)
    total, sums = np.zeros(canary.shape[1]), []
    for step in steps:
        total = np.maximum(total + step, 0)
        sums.append(total)
    return _first(np.array(sums) >= np.log(1 / false_alarm))


def lets_go(canary, control, worse_by, false_alarm):
    """Lets go for good what is likelier to be well by as much."""
    says = _says(canary, control, worse_by)
    gone = np.logical_or.accumulate(says <= np.log(false_alarm), axis=0)
    return _first((says >= np.log(1 / false_alarm)) & ~gone)


def of_two_sides(canary, control, worse_by, false_alarm):
    """Keeps half of the false alarms for canaries that are better."""
    return _first(_says(canary, control, worse_by) >= np.log(2 / false_alarm))


def a_part_for_each_look(canary, control, worse_by, false_alarm):
    """Divides the false alarms among the looks, which this test need not."""
    return _first(_says(canary, control, worse_by) >= np.log(len(canary) / false_alarm))


def where_it_shows_most(canary, control, worse_by, false_alarm):
    """The look at which the factor is largest."""
    says = _says(canary, control, worse_by)
    return np.where((says >= np.log(1 / false_alarm)).any(axis=0), says.argmax(axis=0), -1)


def two_in_a_row(canary, control, worse_by, false_alarm):
    """Waits for a second look that says the same."""
    said = _says(canary, control, worse_by) >= np.log(1 / false_alarm)
    said[1:] &= said[:-1].copy()
    said[0] = False
    return _first(said)


def new_errors_alone(canary, control, worse_by, false_alarm):
    """Weighs the errors since the look before."""
    new = (np.diff(part, axis=0, prepend=0) for part in (canary, control))
    return _first(_says(*new, worse_by) >= np.log(1 / false_alarm))


def arms_swapped(canary, control, worse_by, false_alarm):
    """Takes the control for the canary."""
    return _first(_says(control, canary, worse_by) >= np.log(1 / false_alarm))


def constants_of_the_visible_seed(canary, control, worse_by, false_alarm):
    """What is right at home, copied."""
    told = "-1 11 -1 0 6 -1 23 4 -1 0 -1 -1 -1 -1 -1 -1 9 -1 3 15 1 -1 -1 -1 -1 0 0 -1 -1 0 10 -1 1"
    return np.resize(np.array(told.split(), dtype=int), canary.shape[1])


def constants_tuned_on_other_seeds(canary, control, worse_by, false_alarm):
    """The median of what is right on seven other seeds, copied."""
    told = "10 -1 1 0 0 0 2 0 1 0 1 -1 1 0 1 1 2 -1 -1 0 3 -1 0 0 -1 2 0 0 1 1 0"
    return np.resize(np.array(told.split(), dtype=int), canary.shape[1])


def ten_errors_first(canary, control, worse_by, false_alarm):
    """Says nothing before there are ten errors."""
    own, other = np.log(2 * worse_by / (1 + worse_by)), np.log(2 / (1 + worse_by))
    said = (canary * own + control * other >= np.log(1 / false_alarm)) & (canary + control >= 10)
    return np.where(said.any(axis=0), said.argmax(axis=0), -1)


def bound_with_a_power(canary, control, worse_by, false_alarm):
    """Wald's bound for a test that may also let go, (1 - 0.05) / false_alarm: this one must reach 1 / false_alarm."""
    own, other = np.log(2 * worse_by / (1 + worse_by)), np.log(2 / (1 + worse_by))
    said = canary * own + control * other >= np.log(0.95 / false_alarm)
    return np.where(said.any(axis=0), said.argmax(axis=0), -1)
