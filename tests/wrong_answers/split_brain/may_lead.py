"""Plausible mistakes in `may_lead`, one a function."""

import numpy as np


def at_least_half(votes, old, new):
    """At least half: an even split elects two."""
    return (2 * (votes * old).sum(axis=1) >= old.sum()) & (2 * (votes * new).sum(axis=1) >= new.sum())


def heads(votes, old, new):
    """Counts nodes, not weights."""
    return 2 * votes.sum(axis=1) > votes.shape[1]


def either(votes, old, new):
    """A majority of one configuration is enough."""
    return (2 * (votes * old).sum(axis=1) > old.sum()) | (2 * (votes * new).sum(axis=1) > new.sum())


def old_alone(votes, old, new):
    """Never asks the new configuration."""
    return 2 * (votes * old).sum(axis=1) > old.sum()


def new_alone(votes, old, new):
    """Never asks the old configuration."""
    return 2 * (votes * new).sum(axis=1) > new.sum()


def together(votes, old, new):
    """Adds the two up: much of the one makes up for little of the other."""
    return 2 * (votes * (old + new)).sum(axis=1) > (old + new).sum()


def all_agree(votes, old, new):
    """Over-fixed: every voter must agree."""
    return ((votes * old).sum(axis=1) == old.sum()) & ((votes * new).sum(axis=1) == new.sum())


def two_thirds(votes, old, new):
    """Over-fixed: two thirds, where more than half is safe."""
    return (3 * (votes * old).sum(axis=1) > 2 * old.sum()) & (3 * (votes * new).sum(axis=1) > 2 * new.sum())


def half_and_one(votes, old, new):
    """Half and one more: of five votes it asks for four."""
    return (votes @ old >= old.sum() / 2 + 1) & (votes @ new >= new.sum() / 2 + 1)


def one_total_for_both(votes, old, new):
    """Half of the old total, for the new weights as well."""
    return (2 * (votes @ old) > old.sum()) & (2 * (votes @ new) > old.sum())


def constants_of_the_visible_seed(votes, old, new):
    """What is right at home, copied."""
    return np.resize([0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1], len(votes))


def constants_tuned_on_other_seeds(votes, old, new):
    """The median of what is right on seven other seeds, copied."""
    return np.resize([1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], len(votes))
