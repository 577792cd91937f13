"""Plausible mistakes in `reconcile`, one a function."""

import numpy as np


def far_wins(base, near, far, near_wrote, far_wrote, counts, least):
    """The newest leader's side wins, in silence."""
    return np.where(far_wrote, far, np.where(near_wrote, near, base)), np.zeros(np.shape(base), bool)


def near_wins(base, near, far, near_wrote, far_wrote, counts, least):
    """The larger side wins, in silence."""
    return np.where(near_wrote, near, np.where(far_wrote, far, base)), np.zeros(np.shape(base), bool)


def all_written_twice(base, near, far, near_wrote, far_wrote, counts, least):
    """Over-fixed: whatever both sides wrote is a conflict."""
    both = near_wrote & far_wrote
    return np.where(both, base, np.where(near_wrote, near, np.where(far_wrote, far, base))), both


def never_spent_twice(base, near, far, near_wrote, far_wrote, counts, least):
    """Adds counts up without a look at the least."""
    both = near_wrote & far_wrote
    value = np.where(near_wrote, near, np.where(far_wrote, far, base))
    clash = both & ~counts & (near != far)
    return np.where(clash, base, np.where(both & counts, near + far - base, value)), clash


def adds_totals(base, near, far, near_wrote, far_wrote, counts, least):
    """Adds the two counts, not the two changes."""
    both = near_wrote & far_wrote
    value = np.where(near_wrote, near, np.where(far_wrote, far, base))
    clash = both & np.where(counts, near + far - base < least, near != far)
    return np.where(clash, base, np.where(both & counts, near + far, value)), clash


def changed_is_written(base, near, far, near_wrote, far_wrote, counts, least):
    """Takes only a changed value for a write."""
    near_wrote, far_wrote = near != base, far != base
    both = near_wrote & far_wrote
    value = np.where(near_wrote, near, np.where(far_wrote, far, base))
    clash = both & np.where(counts, near + far - base < least, near != far)
    return np.where(clash, base, np.where(both & counts, near + far - base, value)), clash


def stops_at_the_least(base, near, far, near_wrote, far_wrote, counts, least):
    """Cuts a count off at the least: somebody bought what was not there, and nobody says so."""
    both = near_wrote & far_wrote
    value = np.where(near_wrote, near, np.where(far_wrote, far, base))
    clash = both & ~counts & (near != far)
    total = np.maximum(near + far - base, least)
    return np.where(clash, base, np.where(both & counts, total, value)), clash


def everything_adds_up(base, near, far, near_wrote, far_wrote, counts, least):
    """Merges addresses as if they were counts."""
    both = near_wrote & far_wrote
    total = near + far - base
    value = np.where(near_wrote, near, np.where(far_wrote, far, base))
    clash = both & (total < least)
    return np.where(clash, base, np.where(both, total, value)), clash


def conflict_keeps_far(base, near, far, near_wrote, far_wrote, counts, least):
    """Reports a conflict, and writes one side's value all the same."""
    both = near_wrote & far_wrote
    value = np.where(far_wrote, far, np.where(near_wrote, near, base))
    clash = both & np.where(counts, near + far - base < least, near != far)
    return np.where(both & counts & ~clash, near + far - base, value), clash


def whole_numbers(base, near, far, near_wrote, far_wrote, counts, least):
    """Keeps whole numbers only: a price loses its pence."""
    both = near_wrote & far_wrote
    value = np.where(near_wrote, near, np.where(far_wrote, far, base))
    clash = both & np.where(counts, near + far - base < least, near != far)
    return np.where(clash, base, np.where(both & counts, near + far - base, value)).astype(int), clash


def least_is_nothing(base, near, far, near_wrote, far_wrote, counts, least):
    """Lets a count fall to 0, whatever the least may be."""
    both = near_wrote & far_wrote
    value = np.where(near_wrote, near, np.where(far_wrote, far, base))
    clash = both & np.where(counts, near + far - base < 0, near != far)
    return np.where(clash, base, np.where(both & counts, near + far - base, value)), clash


def constants_of_the_visible_seed(base, near, far, near_wrote, far_wrote, counts, least):
    """What is right at home, copied."""
    return np.resize([15, 87.5, 57, 43, 61, 60.75, 87, 16, 56.75, 83, 116.8, 92, 56, 68], np.shape(base)), np.resize(
        [0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0], np.shape(base)
    )


def constants_tuned_on_other_seeds(base, near, far, near_wrote, far_wrote, counts, least):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([71, 81, 54, 52.5, 80, 74, 54, 55, 69, 67, 75.75, 80.5, 51.25, 72.75], np.shape(base)), np.resize(
        [0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], np.shape(base)
    )
